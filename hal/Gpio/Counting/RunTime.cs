namespace Sluice.Hal.Gpio.Counting;

/// <summary>
/// How long a line has been active, in all, in seconds: running hours of whatever it stands for. A core.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>It grows by the time between a rising edge and the falling edge after it, taken from the edges' own stamps:
/// how often it is read has no influence.</item>
/// <item>It never goes down, over restarts too, and never grows while nobody watches.</item>
/// <item>Over a lost edge the level before it is taken to have stood, and the next report is Uncertain/EdgesLost.
/// </item>
/// </list>
/// </summary>
internal sealed class RunTime : LineQuantity
{
    private const double NanosecondsPerSecond = 1e9;

    private long nanoseconds;
    private long told;
    private long since;
    private bool? active;
    private bool shaken;

    public override long? Total => nanoseconds;

    public override void Resume(long total) => nanoseconds = told = total;

    public override void Away(long nowNanoseconds)
    {
        active = null;
        shaken = true;
    }

    public override void Lose(in EdgeGap gap) => shaken |= gap.Any;

    public override void Observe(in LineEdge edge) => Turn(edge.Rising, edge.AtNanoseconds);

    public override void Report(bool? level, long now, List<TimedValue> into)
    {
        if (level is { } read && (active is null || (shaken && active != read)))
        {
            // Before the first edge, and where a lost edge left us with the wrong level, the line itself is asked.
            Turn(read, now);
        }
        else if (active is { } still)
        {
            Turn(still, now);
        }

        told = Math.Max(told, nanoseconds);
        into.Add(active is null && told == 0
            ? new TimedValue(SignalValue.None, Quality.Bad(QualityReason.NotRead), now)
            : new TimedValue(
                SignalValue.FromDouble(Math.Round(told / NanosecondsPerSecond, 3)),
                shaken ? EdgesLost : Quality.Good,
                now));
        shaken = false;
    }

    private void Turn(bool to, long at)
    {
        // An edge that is older than the last report (it was on its way meanwhile) takes back what was counted ahead;
        // what was told stands until the true time has caught up.
        if (active == true)
        {
            nanoseconds = Math.Max(0, nanoseconds + (at - since));
        }

        active = to;
        since = at;
    }
}
