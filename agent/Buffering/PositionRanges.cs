namespace Sluice.Agent.Buffering;

/// <summary>
/// A small set of positions, kept as ranges: what was acknowledged.
/// <para>
/// Invariants: ranges ascend, do not overlap and do not touch; never more than <c>rangesMax</c> of them. When one more
/// would be needed, the smallest is forgotten: its readings are delivered a second time (the MES knows them by their
/// key), where forgetting to forget would cost memory without bound, and acknowledging more than was asked would lose
/// readings.
/// </para>
/// </summary>
public sealed class PositionRanges(int rangesMax)
{
    private readonly List<PositionRange> ranges = [];

    public int Count => ranges.Count;

    public PositionRange this[int index] => ranges[index];

    public IReadOnlyList<PositionRange> ToList() => ranges.ToArray();

    /// <summary>Adds a range. Returns what had to be forgotten to keep the bound, or null.</summary>
    public PositionRange? Add(PositionRange range)
    {
        Insert(range);
        return ranges.Count > rangesMax ? ForgetSmallest() : null;
    }

    /// <summary>
    /// Adds a range and never forgets one: at the bound the smallest gap is taken in. For what must not be missed,
    /// where too much does no harm.
    /// </summary>
    public void Cover(PositionRange range)
    {
        Insert(range);
        if (ranges.Count > rangesMax)
        {
            CloseSmallestGap();
        }
    }

    private void Insert(PositionRange range)
    {
        if (range.From < 1 || range.To < range.From)
        {
            throw new ArgumentOutOfRangeException(nameof(range), range,
                "A range starts at 1 or later and is not empty.");
        }

        // The first range that overlaps or touches the new one, and behind the last that does.
        var first = FirstEndingAtOrAfter(range.From - 1);
        var behind = first;
        while (behind < ranges.Count && ranges[behind].From <= range.To + 1)
        {
            behind++;
        }

        if (behind > first)
        {
            range = new PositionRange(
                Math.Min(range.From, ranges[first].From), Math.Max(range.To, ranges[behind - 1].To));
            ranges.RemoveRange(first, behind - first);
        }

        ranges.Insert(first, range);
    }

    /// <summary>Forgets everything below a position: nothing below it is held any more.</summary>
    public void RemoveBelow(long position)
    {
        var keep = FirstEndingAtOrAfter(position);
        ranges.RemoveRange(0, keep);
        if (ranges.Count > 0 && ranges[0].From < position)
        {
            ranges[0] = ranges[0] with { From = position };
        }
    }

    /// <summary>Forgets everything at or above a position: it is not durable.</summary>
    public void RemoveFrom(long position)
    {
        while (ranges.Count > 0 && ranges[^1].To >= position)
        {
            var last = ranges[^1];
            if (last.From >= position)
            {
                ranges.RemoveAt(ranges.Count - 1);
            }
            else
            {
                ranges[^1] = last with { To = position - 1 };
            }
        }
    }

    public bool Contains(long position)
    {
        var index = FirstEndingAtOrAfter(position);
        return index < ranges.Count && ranges[index].From <= position;
    }

    public bool ContainsAll(PositionRange range)
    {
        var index = FirstEndingAtOrAfter(range.From);
        return index < ranges.Count && ranges[index].From <= range.From && ranges[index].To >= range.To;
    }

    /// <summary>How many positions of a range are in the set.</summary>
    public long CountIn(PositionRange range)
    {
        var count = 0L;
        for (var i = FirstEndingAtOrAfter(range.From); i < ranges.Count && ranges[i].From <= range.To; i++)
        {
            count += Math.Min(ranges[i].To, range.To) - Math.Max(ranges[i].From, range.From) + 1;
        }

        return count;
    }

    /// <summary>The parts of a range that are not in the set, ascending.</summary>
    public IEnumerable<PositionRange> MissingIn(PositionRange range)
    {
        var from = range.From;
        for (var i = FirstEndingAtOrAfter(range.From); i < ranges.Count && ranges[i].From <= range.To; i++)
        {
            if (ranges[i].From > from)
            {
                yield return new PositionRange(from, ranges[i].From - 1);
            }

            from = ranges[i].To + 1;
        }

        if (from <= range.To)
        {
            yield return new PositionRange(from, range.To);
        }
    }

    private int FirstEndingAtOrAfter(long position)
    {
        int low = 0, high = ranges.Count;
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

    private PositionRange ForgetSmallest()
    {
        var smallest = 0;
        for (var i = 1; i < ranges.Count; i++)
        {
            if (ranges[i].Count < ranges[smallest].Count)
            {
                smallest = i;
            }
        }

        var forgotten = ranges[smallest];
        ranges.RemoveAt(smallest);
        return forgotten;
    }

    private void CloseSmallestGap()
    {
        var smallest = 1;
        for (var i = 2; i < ranges.Count; i++)
        {
            if (ranges[i].From - ranges[i - 1].To < ranges[smallest].From - ranges[smallest - 1].To)
            {
                smallest = i;
            }
        }

        ranges[smallest - 1] = ranges[smallest - 1] with { To = ranges[smallest].To };
        ranges.RemoveAt(smallest);
    }
}
