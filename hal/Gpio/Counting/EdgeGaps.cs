namespace Sluice.Hal.Gpio.Counting;

/// <summary>
/// Finds the edges that were lost before an edge that arrived. A core: told each edge in order, it answers with the
/// gap.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>A number that is not one more than the last one is a gap of exactly the numbers in between.</item>
/// <item>Where both kinds are watched they must alternate. Two of the same kind in a row mean that at least one of the
/// other kind was lost before the kernel could number it (an interrupt that came again before the first was served).
/// </item>
/// <item>Seen plus lost equals made, for each kind, whenever the kernel numbered every edge.</item>
/// <item>A number that goes backwards is a driver that began anew: the gap is of unknown size, never zero.</item>
/// </list>
/// </summary>
public sealed class EdgeGaps(EdgeKinds watched)
{
    private uint last;
    private bool? high;

    /// <summary>
    /// The line was asked for anew: the kernel numbers its edges from 1 again, and its level is not known.
    /// </summary>
    public void Restart()
    {
        last = 0;
        high = null;
    }

    /// <summary>What was lost before this edge.</summary>
    public EdgeGap Observe(in LineEdge edge)
    {
        long missing = 0;
        if (edge.Number is { } number)
        {
            var step = unchecked((int)(number - last));
            last = number;
            if (step <= 0)
            {
                high = edge.Rising;
                return EdgeGap.Uncounted;
            }

            missing = step - 1;
        }

        var gap = Split(missing, edge.Rising);
        high = edge.Rising;
        return gap;
    }

    /// <summary>
    /// Tells the level that the line was found at although no edge says so: whoever calls this waited long enough to
    /// know that no edge is on its way any more. Returns the gap that explains it.
    /// </summary>
    public EdgeGap ObserveLevel(bool level)
    {
        if (watched != EdgeKinds.Both || high is not { } known || known == level)
        {
            return EdgeGap.None;
        }

        high = level;
        return level ? new EdgeGap(1, 0, Unknown: false) : new EdgeGap(0, 1, Unknown: false);
    }

    /// <summary>The level after the last edge, where both kinds are watched and one was seen.</summary>
    public bool? LevelByEdges => watched == EdgeKinds.Both ? high : null;

    private EdgeGap Split(long missing, bool rising)
    {
        if (watched == EdgeKinds.Rising)
        {
            return new EdgeGap(missing, 0, Unknown: false);
        }

        if (watched == EdgeKinds.Falling)
        {
            return new EdgeGap(0, missing, Unknown: false);
        }

        // Kinds alternate, so the missing ones, told backwards from this edge, are: the other kind, this kind, ...
        // Between two of the same kind their number is odd; a number that does not fit hides one more.
        if (high is { } before && (missing % 2 == 1) != (before == rising))
        {
            missing++;
        }

        var other = (missing + 1) / 2;
        var same = missing / 2;
        return rising ? new EdgeGap(same, other, Unknown: false) : new EdgeGap(other, same, Unknown: false);
    }
}
