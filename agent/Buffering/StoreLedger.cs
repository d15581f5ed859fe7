namespace Sluice.Agent.Buffering;

/// <summary>
/// What was acknowledged in one store, what was dropped and why. A core: the stores write it down.
/// <para>
/// Invariants: a drop record never names an acknowledged position, unless it had to be folded
/// (<see cref="DropFolding"/>); <see cref="DroppedCount"/> never shrinks; both lists are bounded, and no drop ever
/// falls out of its list: a ledger that nobody heard, or that a broker lost, is made good by the next one.
/// </para>
/// </summary>
public sealed class StoreLedger
{
    /// <summary>Live and backlog need a handful; an MES that acknowledges out of order may need more.</summary>
    public const int AcknowledgedRangesMax = 1024;

    /// <summary>As many as a ledger message may carry (contract v1).</summary>
    public const int DropsMax = 1000;

    private readonly List<DropRecord> drops = [];

    public PositionRanges Acknowledged { get; } = new(AcknowledgedRangesMax);

    /// <summary>The latest to change is last.</summary>
    public IReadOnlyList<DropRecord> Drops => drops;

    public long DroppedCount { get; private set; }

    /// <summary>Ranges that were forgotten because there were too many: they are delivered a second time.</summary>
    public long UnacknowledgedRanges { get; private set; }

    public void Acknowledge(PositionRange range)
    {
        if (Acknowledged.Add(range) is not null)
        {
            UnacknowledgedRanges++;
        }
    }

    /// <summary>These are gone. What of them was acknowledged is no loss and is not named.</summary>
    public void Drop(PositionRange range, DropReason reason)
    {
        foreach (var lost in Acknowledged.MissingIn(range))
        {
            DroppedCount += lost.Count;
            DropFolding.Add(drops, new DropRecord(lost, lost.Count, reason));
        }

        DropFolding.Fold(drops, DropsMax);
    }

    /// <summary>Takes over what was written down earlier.</summary>
    public void Restore(IEnumerable<PositionRange> acknowledged, IEnumerable<DropRecord> dropped, long droppedCount)
    {
        foreach (var range in acknowledged)
        {
            Acknowledged.Add(range);
        }

        drops.AddRange(dropped);
        DroppedCount = droppedCount;
    }
}

/// <summary>
/// Keeps a list of drop records short without forgetting one. A core.
/// <para>
/// Records of one reason that touch are one: that loses nothing. Past the bound the neighbours of one reason with the
/// fewest positions between them become one record whose <see cref="DropRecord.Count"/> is less than its range is long:
/// so many of these are gone, and which of them is forgotten. Counts and reasons stay exact, every position that was
/// dropped stays in a record of its reason, and records of one reason never overlap.
/// </para>
/// </summary>
public static class DropFolding
{
    /// <summary>Adds a record behind all others, or to those that it touches.</summary>
    public static void Add(List<DropRecord> drops, DropRecord added)
    {
        for (var i = drops.Count - 1; i >= 0; i--)
        {
            var known = drops[i];
            var touches = known.Range.From <= added.Range.To + 1 && added.Range.From <= known.Range.To + 1;
            var overlaps = known.Range.From <= added.Range.To && added.Range.From <= known.Range.To;
            if (known.Reason == added.Reason && (overlaps || (touches && known.IsWhole && added.IsWhole)))
            {
                added = Join(known, added);
                drops.RemoveAt(i);

                // What it grew to may reach one that was passed already.
                i = drops.Count;
            }
        }

        drops.Add(added);
    }

    /// <summary>Folds until there are at most so many, or one for each reason.</summary>
    public static void Fold(List<DropRecord> drops, int recordsMax)
    {
        if (drops.Count <= recordsMax)
        {
            return;
        }

        // The gaps between neighbours do not depend on each other: the smallest ones are closed, as many as needed.
        var sorted = drops.Select((drop, index) => (Drop: drop, Age: index))
            .OrderBy(each => each.Drop.Reason).ThenBy(each => each.Drop.Range.From).ToArray();
        var closed = Enumerable.Range(1, sorted.Length - 1)
            .Where(i => sorted[i].Drop.Reason == sorted[i - 1].Drop.Reason)
            .OrderBy(i => sorted[i].Drop.Range.From - sorted[i - 1].Drop.Range.To)
            .ThenBy(i => i)
            .Take(drops.Count - recordsMax)
            .ToHashSet();

        // The place in the list is that of the youngest.
        var folded = new List<(DropRecord Drop, int Age)>();
        for (var i = 0; i < sorted.Length; i++)
        {
            var (drop, age) = sorted[i];
            if (closed.Contains(i))
            {
                (drop, age) = (Join(folded[^1].Drop, drop), Math.Max(folded[^1].Age, age));
                folded.RemoveAt(folded.Count - 1);
            }

            folded.Add((drop, age));
        }

        drops.Clear();
        drops.AddRange(folded.OrderBy(each => each.Age).Select(each => each.Drop));
    }

    /// <summary>What was named twice (a hole that was forgotten and found again) counts once where that is known.
    /// </summary>
    private static DropRecord Join(DropRecord one, DropRecord other)
    {
        var range = new PositionRange(
            Math.Min(one.Range.From, other.Range.From), Math.Max(one.Range.To, other.Range.To));
        return new DropRecord(range, Math.Min(range.Count, one.Count + other.Count), one.Reason);
    }
}
