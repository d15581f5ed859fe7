namespace Sluice.Hal.Gpio;

/// <summary>
/// Decides which edges of a bouncing contact are real, for drivers whose kernel does not do it. A core: told each raw
/// edge and the time, it answers with the settled edge, if there is one.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>A new level counts once it stood for the whole period; a shorter pulse leaves no trace.</item>
/// <item>The settled edge carries the time at which the level arrived to stay, not the time at which we were sure: run
/// times and cycle times are not longer by the period.</item>
/// <item>Settled edges alternate, and their times never go backwards.</item>
/// <item>The answer does not depend on how often <see cref="Settle"/> is asked.</item>
/// </list>
/// </summary>
public sealed class Debounce(TimeSpan period)
{
    private readonly long periodNanoseconds = period.Ticks * 100;
    private bool? settled;
    private LineEdge candidate;
    private bool waiting;

    /// <summary>The level that stands, or null before the first.</summary>
    public bool? Level => settled;

    /// <summary>The level at which the line was found: no edge is made of it.</summary>
    public void Start(bool level)
    {
        settled = level;
        waiting = false;
    }

    /// <summary>
    /// A raw edge. Returns true with the edge that had settled before this one came, if one had.
    /// </summary>
    public bool Observe(in LineEdge raw, out LineEdge edge)
    {
        var had = Settle(raw.AtNanoseconds, out edge);
        if (waiting && candidate.Rising == raw.Rising)
        {
            // The same direction again: the bounce between the two was too short to be told. The level is younger.
            candidate = raw;
        }
        else if (settled == raw.Rising)
        {
            waiting = false;
        }
        else
        {
            candidate = raw;
            waiting = true;
        }

        return had;
    }

    /// <summary>Whether an edge has settled by now.</summary>
    public bool Settle(long nowNanoseconds, out LineEdge edge)
    {
        edge = candidate;
        if (!waiting || nowNanoseconds - candidate.AtNanoseconds < periodNanoseconds)
        {
            return false;
        }

        waiting = false;
        settled = candidate.Rising;
        return true;
    }
}
