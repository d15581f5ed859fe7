namespace Sluice.Hal.Gpio.Counting;

/// <summary>
/// Counts edges. A core.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>The count is of edges that were seen; lost ones are never added to it (<see cref="EdgeLoss"/> has them), so
/// count plus loss is what the machine made.</item>
/// <item>It never goes down, over restarts too.</item>
/// <item>The first report after a loss, or after nobody watched, is Uncertain/EdgesLost: once, for each loss.</item>
/// </list>
/// </summary>
internal sealed class EdgeCount(EdgeKinds kinds) : LineQuantity
{
    private long count;
    private bool shaken;

    public override long? Total => count;

    public override void Resume(long total) => count = total;

    public override void Away(long nowNanoseconds) => shaken = true;

    public override void Lose(in EdgeGap gap) => shaken |= gap.Touches(kinds);

    public override void Observe(in LineEdge edge)
    {
        if ((edge.Kind & kinds) != 0)
        {
            count++;
        }
    }

    public override void Report(bool? level, long now, List<TimedValue> into)
    {
        into.Add(new TimedValue(SignalValue.From((ulong)count), shaken ? EdgesLost : Quality.Good, now));
        shaken = false;
    }
}

/// <summary>
/// Counts the edges that are known to be lost. A core. Uncertain where some were lost that nobody can count: the true
/// loss is then at least this.
/// </summary>
internal sealed class EdgeLoss(EdgeKinds kinds) : LineQuantity
{
    private long lost;
    private bool shaken;

    public override long? Total => lost;

    public override void Resume(long total) => lost = total;

    public override void Away(long nowNanoseconds) => shaken = true;

    public override void Lose(in EdgeGap gap)
    {
        lost += gap.Of(kinds);
        shaken |= gap.Unknown;
    }

    public override void Observe(in LineEdge edge)
    {
    }

    public override void Report(bool? level, long now, List<TimedValue> into)
    {
        into.Add(new TimedValue(SignalValue.From((ulong)lost), shaken ? EdgesLost : Quality.Good, now));
        shaken = false;
    }
}
