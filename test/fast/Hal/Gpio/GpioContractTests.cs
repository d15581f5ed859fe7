using Sluice.Hal;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Counting;
using Sluice.Plant.Gpio;

namespace Sluice.Fast.Hal.Gpio;

/// <summary>The contract of every source, over a chip: what the chip is like is up to those who derive.</summary>
public abstract class GpioContract : SourceContract
{
    protected override bool IsWell => true;

    protected static SourceUnderTest Over(SimulatedChip chip) => new(
        new GpioSource(
            "line",
            [
                Of("lamp", 1, GpioQuantity.Level, EdgeKinds.Both, SignalKind.Bool),
                Of("stop", 2, GpioQuantity.Level, EdgeKinds.None, SignalKind.Bool),
                Of("press", 3, GpioQuantity.Count, EdgeKinds.Rising, SignalKind.Count),
                Of("lost", 3, GpioQuantity.Lost, EdgeKinds.Rising, SignalKind.Count),
                Of("hours", 4, GpioQuantity.RunTime, EdgeKinds.Both, SignalKind.Float64),
            ],
            chip.MakeDriver, new GpioOptions(), new MemoryCounterState(), TimeProvider.System),
        TimeSpan.FromSeconds(1));

    private static GpioSignal Of(
        string name, int line, GpioQuantity quantity, EdgeKinds edges, SignalKind kind) => new()
    {
        Signal = new Signal { Name = "line/" + name, Source = "line", Type = new SignalType(kind) },
        Line = new GpioLine(line, ""),
        Quantity = quantity,
        Edges = edges,
    };
}

public sealed class GpioNumberedContractTests : GpioContract
{
    protected override SourceUnderTest Make() => Over(new SimulatedChip(8, EdgeTelling.Numbered, TimeProvider.System));
}

public sealed class GpioPlainContractTests : GpioContract
{
    protected override SourceUnderTest Make() => Over(new SimulatedChip(8, EdgeTelling.Plain, TimeProvider.System));
}

public sealed class GpioUnpluggedContractTests : GpioContract
{
    protected override bool IsWell => false;

    protected override SourceUnderTest Make() =>
        Over(new SimulatedChip(8, EdgeTelling.Numbered, TimeProvider.System) { Unplugged = true });
}

public sealed class GpioBusyLineContractTests : GpioContract
{
    protected override bool IsWell => false;

    protected override SourceUnderTest Make()
    {
        var chip = new SimulatedChip(8, EdgeTelling.Numbered, TimeProvider.System);
        chip.Busy.Add(3);
        return Over(chip);
    }
}
