namespace Sluice.Hal.Gpio.Counting;

/// <summary>
/// The time from one edge to the next of the same kind, in seconds, by the edges' own stamps. A core.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Each cycle that was completed between two reads is reported once, at the time of the edge that ended it; what
/// is kept between two reads is bounded (<see cref="PendingValues"/>).</item>
/// <item>A cycle over lost edges is the mean of the cycles it spans, and Uncertain/EdgesLost.</item>
/// <item>Before the first whole cycle there is no value: Bad/NotRead. The time nobody watched belongs to no cycle.
/// </item>
/// </list>
/// </summary>
internal sealed class CycleTime(EdgeKinds kinds) : LineQuantity
{
    private const double NanosecondsPerSecond = 1e9;

    private readonly PendingValues cycles = new();
    private TimedValue latest = new(SignalValue.None, Quality.Bad(QualityReason.NotRead), 0);
    private long? before;
    private long lost;
    private bool shaken;

    public override long Dropped => cycles.Dropped;

    public override void Away(long nowNanoseconds)
    {
        before = null;
        lost = 0;
        shaken = false;
    }

    public override void Lose(in EdgeGap gap)
    {
        lost += gap.Of(kinds);
        shaken |= gap.Touches(kinds);
    }

    public override void Observe(in LineEdge edge)
    {
        if ((edge.Kind & kinds) == 0)
        {
            return;
        }

        if (before is { } began)
        {
            var seconds = (edge.AtNanoseconds - began) / NanosecondsPerSecond / (lost + 1);
            latest = new TimedValue(
                SignalValue.FromDouble(Math.Round(seconds, 6)), shaken ? EdgesLost : Quality.Good, edge.AtNanoseconds);
            cycles.Add(latest);
        }

        before = edge.AtNanoseconds;
        lost = 0;
        shaken = false;
    }

    public override void Report(bool? level, long now, List<TimedValue> into)
    {
        if (cycles.Count == 0)
        {
            into.Add(latest with { AtNanoseconds = now });
            return;
        }

        cycles.MoveTo(into);
    }
}
