using Sluice.Mes.Schemas;

namespace Sluice.Mes.Streams;

/// <summary>
/// One store of one gateway as the receiver sees it: which positions arrived, which the ledger explains, and which are
/// missing. Invariants: a position counts as arrived once, however often it comes; nothing is judged at or above the
/// ledger's <c>next</c>.
/// </summary>
public sealed class StoreStream(string store)
{
    private readonly PositionSet received = new();
    private readonly PositionSet explained = new();
    private readonly Dictionary<string, PositionSet> explainedBy = [];
    private readonly RecentDigests digests = new();
    private readonly PositionSet notSet = new();

    public string Store { get; } = store;

    /// <summary>The latest account that the gateway gave, or null before the first.</summary>
    public StoreAccount? Account { get; private set; }

    public long Received => received.Count;

    /// <summary>Positions that the ledger says were dropped, with a reason, whether they arrived or not.</summary>
    public long Explained => explained.Count;

    /// <summary>The highest position that arrived.</summary>
    public long Last => received.Ranges.Count == 0 ? 0 : received.Ranges[^1].To;

    /// <summary>Takes a reading in; false where this position had arrived before.</summary>
    public bool Receive(in MesReading reading, out bool? sameAsBefore)
    {
        sameAsBefore = null;
        if (!received.Add(reading.Position))
        {
            sameAsBefore = digests.IsSame(reading.Position, reading.Digest);
            return false;
        }

        if (reading.Reason == "ClockNotSet")
        {
            notSet.Add(reading.Position);
        }

        digests.Remember(reading.Position, reading.Digest);
        return true;
    }

    /// <summary>Takes readings in that are known to have arrived: from a database.</summary>
    public void Receive(Positions arrived) => received.Add(arrived);

    /// <summary>How many positions below <paramref name="next"/> arrived.</summary>
    public long ReceivedBelow(long next) =>
        received.Ranges.Sum(range => Math.Max(0, Math.Min(range.To, next - 1) - range.From + 1));

    /// <summary>Readings that arrived with the word that the clock was not set: they keep it for ever.</summary>
    public long ClockNotSet => notSet.Count;

    public void Judge(StoreAccount account, List<string> faults)
    {
        Account = account;
        foreach (var rule in account.Corrections)
        {
            if (notSet.Ranges.FirstOrDefault(sent => sent.From <= rule.Range.To && rule.Range.From <= sent.To) is
                { From: > 0 } sent)
            {
                faults.Add($"ledger: positions {sent} of store {Store} were sent before the clock was set and then "
                    + $"corrected ({rule.Range})");
            }
        }

        foreach (var drop in account.Drops)
        {
            if (drop.Range.From >= 1 && drop.Count == drop.Range.Count)
            {
                explained.Add(drop.Range);
                (explainedBy.TryGetValue(drop.Reason, out var by) ? by : explainedBy[drop.Reason] = new PositionSet())
                    .Add(drop.Range);
            }
        }
    }

    /// <summary>
    /// Of folded drops nobody says any more which of their positions are gone, only how many: those that no ledger ever
    /// listed. A later one takes in what the one before it had.
    /// </summary>
    private List<(Positions Range, long Count)> Folded(StoreAccount account)
    {
        var folded = account.Drops.Where(drop => drop.Count < drop.Range.Count).ToArray();
        return [.. folded
            .Where(drop => !folded.Any(other => other != drop && other.Reason == drop.Reason
                && other.Range.From <= drop.Range.From && other.Range.To >= drop.Range.To))
            .Select(drop => (drop.Range, drop.Count - (explainedBy.TryGetValue(drop.Reason, out var by)
                ? drop.Range.Count - by.Missing(drop.Range).Sum(left => left.Count) : 0)))];
    }

    /// <summary>
    /// Positions below <c>next</c> that neither arrived nor were explained: on their way, or lost. A reading that was
    /// dropped may stand in the count of a folded drop, which explains the oldest holes in its range, or, in ledgers of
    /// older agents, in the count of all, which explains the oldest holes.
    /// </summary>
    public IEnumerable<Positions> OpenGaps()
    {
        if (Account is not { } account)
        {
            yield break;
        }

        var folded = Folded(account);
        var unlisted = Math.Max(0, account.Dropped - explained.Count - folded.Sum(each => each.Count));
        foreach (var hole in received.Missing(new Positions(1, account.Next - 1)))
        {
            foreach (var gap in explained.Missing(hole).SelectMany(gap => Unfolded(gap, folded)))
            {
                var forgiven = Math.Min(unlisted, gap.Count);
                unlisted -= forgiven;
                if (forgiven < gap.Count)
                {
                    yield return gap with { From = gap.From + forgiven };
                }
            }
        }
    }

    /// <summary>What of a gap no folded drop explains. What explains is used up.</summary>
    private static List<Positions> Unfolded(Positions gap, List<(Positions Range, long Count)> folded)
    {
        List<Positions> left = [gap];
        for (var f = 0; f < folded.Count; f++)
        {
            var (range, count) = folded[f];
            for (var i = 0; i < left.Count && count > 0; i++)
            {
                var from = Math.Max(left[i].From, range.From);
                var to = Math.Min(Math.Min(left[i].To, range.To), from + count - 1);
                if (from > to)
                {
                    continue;
                }

                count -= to - from + 1;
                var whole = left[i];
                left.RemoveAt(i);
                left.InsertRange(i, new[] { whole with { To = from - 1 }, whole with { From = to + 1 } }
                    .Where(part => part.Count > 0));
                i--;
            }

            folded[f] = (range, count);
        }

        return left;
    }

    /// <summary>
    /// The open gaps that will not close by themselves: the gateway holds these for acknowledged, or does not hold them
    /// any more, and they never arrived.
    /// </summary>
    public IEnumerable<Positions> Lost()
    {
        if (Account is not { } account)
        {
            yield break;
        }

        foreach (var gap in OpenGaps())
        {
            if (gap.From < account.First)
            {
                yield return gap with { To = Math.Min(gap.To, account.First - 1) };
            }

            foreach (var range in account.Acknowledged)
            {
                var common = new Positions(
                    Math.Max(Math.Max(gap.From, range.From), account.First), Math.Min(gap.To, range.To));
                if (common.Count > 0)
                {
                    yield return common;
                }
            }
        }
    }
}
