namespace Sluice.Mes.Streams;

/// <summary>
/// Positions <paramref name="From"/> to <paramref name="To"/>, both included, as the wire writes them.
/// </summary>
public readonly record struct Positions(long From, long To)
{
    public long Count => To - From + 1;

    public override string ToString() => From == To ? $"{From}" : $"{From}..{To}";
}

/// <summary>
/// A set of positions kept as ranges: ascending, disjoint, never touching. A stream without a hole is one range however
/// long it runs; holes cost one more each, up to <paramref name="rangesMax"/>. Past that the lowest hole is closed and
/// its positions are counted as <see cref="Folded"/>: the set says that it forgot, and never grows without end.
/// </summary>
public sealed class PositionSet(int rangesMax = 10_000)
{
    private readonly List<Positions> ranges = [];

    public IReadOnlyList<Positions> Ranges => ranges;

    /// <summary>Positions that were not in the set when their hole had to be closed.</summary>
    public long Folded { get; private set; }

    public long Count { get; private set; }

    public bool Contains(long position)
    {
        var at = FirstEndingAtOrAfter(position);
        return at < ranges.Count && ranges[at].From <= position;
    }

    /// <summary>Adds one; false where it was there.</summary>
    public bool Add(long position) => Add(new Positions(position, position)) == 1;

    /// <summary>Adds a range and returns how many of it were not there before.</summary>
    public long Add(Positions added)
    {
        // The common case, a stream without a hole: the next position after the last range.
        if (ranges.Count > 0 && added.From == ranges[^1].To + 1)
        {
            ranges[^1] = ranges[^1] with { To = added.To };
            Count += added.Count;
            return added.Count;
        }

        // Every range that overlaps or touches melts into one.
        var first = FirstEndingAtOrAfter(added.From - 1);
        var (from, to) = (added.From, added.To);
        var known = 0L;
        var next = first;
        for (; next < ranges.Count && ranges[next].From <= added.To + 1; next++)
        {
            var range = ranges[next];
            known += Math.Max(0, Math.Min(range.To, added.To) - Math.Max(range.From, added.From) + 1);
            from = Math.Min(from, range.From);
            to = Math.Max(to, range.To);
        }

        ranges.RemoveRange(first, next - first);
        ranges.Insert(first, new Positions(from, to));
        Count += added.Count - known;
        Fold();
        return added.Count - known;
    }

    /// <summary>The holes of this set inside <paramref name="within"/>, ascending.</summary>
    public IEnumerable<Positions> Missing(Positions within)
    {
        var from = within.From;
        for (var at = FirstEndingAtOrAfter(within.From); at < ranges.Count && ranges[at].From <= within.To; at++)
        {
            if (ranges[at].From > from)
            {
                yield return new Positions(from, ranges[at].From - 1);
            }

            from = ranges[at].To + 1;
        }

        if (from <= within.To)
        {
            yield return new Positions(from, within.To);
        }
    }

    private void Fold()
    {
        if (ranges.Count <= rangesMax)
        {
            return;
        }

        Folded += ranges[1].From - ranges[0].To - 1;
        ranges[0] = new Positions(ranges[0].From, ranges[1].To);
        ranges.RemoveAt(1);
    }

    private int FirstEndingAtOrAfter(long position)
    {
        var (low, high) = (0, ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (ranges[middle].To < position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
