using Sluice.Hal;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Counting;

namespace Sluice.Agent.Configuration.Binding;

/// <summary>The words that the column type takes for a GPIO line, and what each makes of it.</summary>
internal static class GpioTypes
{
    /// <summary>Words that no other kind of source has.</summary>
    public static IReadOnlyList<string> Words { get; } = ["count", "lost", "run-time", "cycle-time"];

    public static bool TryParse(string word, out GpioQuantity quantity)
    {
        GpioQuantity? known = word switch
        {
            "bool" => GpioQuantity.Level,
            "count" => GpioQuantity.Count,
            "lost" => GpioQuantity.Lost,
            "run-time" => GpioQuantity.RunTime,
            "cycle-time" => GpioQuantity.CycleTime,
            _ => null,
        };
        quantity = known ?? default;
        return known is not null;
    }

    /// <summary>The type on the wire.</summary>
    public static SignalType TypeOf(GpioQuantity quantity) => new(quantity switch
    {
        GpioQuantity.Level => SignalKind.Bool,
        GpioQuantity.Count or GpioQuantity.Lost => SignalKind.Count,
        _ => SignalKind.Float64,
    });

    public static string UnitOf(GpioQuantity quantity) =>
        quantity is GpioQuantity.RunTime or GpioQuantity.CycleTime ? "s" : "";
}
