namespace Sluice.Hal.Gpio;

/// <summary>
/// The level of a line, with every change between two reads at the time of its edge. A core.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>A pulse shorter than the time between two reads is still reported, both its edges.</item>
/// <item>The changes kept between two reads are bounded (<see cref="PendingValues"/>).</item>
/// <item>The last value of a report is the level as read, at the time of the read.</item>
/// </list>
/// </summary>
internal sealed class LevelChanges : LineQuantity
{
    private readonly PendingValues changes = new();
    private bool shaken;

    public override long Dropped => changes.Dropped;

    public override void Away(long nowNanoseconds)
    {
        // The level itself is read anew; what it did meanwhile is no part of it.
    }

    public override void Lose(in EdgeGap gap) => shaken |= gap.Any;

    public override void Observe(in LineEdge edge)
    {
        changes.Add(new TimedValue(
            SignalValue.From(edge.Rising), shaken ? EdgesLost : Quality.Good, edge.AtNanoseconds));
        shaken = false;
    }

    public override void Report(bool? level, long now, List<TimedValue> into)
    {
        changes.MoveTo(into);
        into.Add(level is { } read
            ? new TimedValue(SignalValue.From(read), shaken ? EdgesLost : Quality.Good, now)
            : new TimedValue(SignalValue.None, Quality.Bad(QualityReason.NotRead), now));
        shaken = false;
    }
}
