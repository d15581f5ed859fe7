using System.Globalization;
using Sluice.Hal;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Counting;

namespace Sluice.Agent.Configuration.Binding;

/// <summary>
/// What a row says about a GPIO line, checked as a whole: the signals of one line share it, so they agree on how it is
/// watched.
/// </summary>
internal sealed class GpioBinding
{
    private readonly Dictionary<GpioLine, (SignalRow Row, LineSettings Settings)> lines = [];

    /// <summary>The row's signal and line; false with its problems told.</summary>
    public bool TryBind(SignalRow row, string source, out GpioSignal bound)
    {
        bound = null!;
        if (!GpioTypes.TryParse(row["type"], out var quantity))
        {
            row.Error("type", $"{row["type"]} does not fit a line, which is on or off: write bool, "
                + $"{string.Join(", ", GpioTypes.Words)}.");
            return false;
        }

        if (!GpioLine.TryParse(row["address"], out var line, out var problem))
        {
            row.Error("address", $"\"{FileNode.Clip(row["address"])}\" {problem}.");
            return false;
        }

        CheckEdge(row, quantity);
        var settings = new LineSettings(row["activeLow"] == "true", BiasOf(row["bias"]), DebounceOf(row["debounce"]));
        CheckAgreed(row, line, settings);
        var type = GpioTypes.TypeOf(quantity);
        var texts = MeaningBinding.Texts(row, type);
        if (!row.Right)
        {
            return false;
        }

        bound = new GpioSignal
        {
            Signal = new Signal
            {
                Name = $"{source}/{row.Name}",
                Source = source,
                Type = type,
                CounterBits = quantity == GpioQuantity.Count ? 64 : 0,
                Texts = texts,
                EngineeringUnit = GpioTypes.UnitOf(quantity),
                Description = row["description"],
            },
            Line = line,
            Quantity = quantity,
            Edges = EdgesOf(row["edge"], quantity),
            Settings = settings,
        };
        return true;
    }

    private static void CheckEdge(SignalRow row, GpioQuantity quantity)
    {
        var edge = row["edge"];
        if (quantity == GpioQuantity.Level && edge is "rising" or "falling")
        {
            row.Error("edge", "a bool is told at both its edges: leave it empty, or write none for a chip without "
                + "interrupts. To count edges make the type count.");
        }
        else if (quantity == GpioQuantity.RunTime && edge is "rising" or "falling" or "none")
        {
            row.Error("edge", "a run-time lies between two edges: leave it empty.");
        }
        else if (quantity is not (GpioQuantity.Level or GpioQuantity.RunTime) && edge == "none")
        {
            row.Error("edge", $"{row["type"]} needs edges: write rising, falling or both.");
        }
    }

    private void CheckAgreed(SignalRow row, GpioLine line, LineSettings settings)
    {
        if (!lines.TryAdd(line, (row, settings)) && lines[line].Settings != settings)
        {
            var first = lines[line].Row;
            row.Error("address", string.Create(
                CultureInfo.InvariantCulture,
                $"{line} stands in line {first.Line} too, with another debounce, bias or activeLow: a line is watched "
                    + $"in one way, write the same in both."));
        }
    }

    private static EdgeKinds EdgesOf(string word, GpioQuantity quantity) => word switch
    {
        "rising" => EdgeKinds.Rising,
        "falling" => EdgeKinds.Falling,
        "both" => EdgeKinds.Both,
        "none" => EdgeKinds.None,
        _ => quantity is GpioQuantity.Level or GpioQuantity.RunTime ? EdgeKinds.Both : EdgeKinds.Rising,
    };

    private static LineBias BiasOf(string word) => word switch
    {
        "pull-up" => LineBias.PullUp,
        "pull-down" => LineBias.PullDown,
        "none" => LineBias.Disabled,
        _ => LineBias.AsIs,
    };

    private static TimeSpan DebounceOf(string text) =>
        UnitText.TryDuration(text, out var duration, out _) ? duration : TimeSpan.Zero;
}
