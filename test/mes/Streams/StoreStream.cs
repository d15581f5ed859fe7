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
            if (drop.Range.From >= 1 && drop.Range.To >= drop.Range.From)
            {
                explained.Add(drop.Range);
            }
        }
    }

    /// <summary>
    /// Positions below <c>next</c> that neither arrived nor were explained: on their way, or lost. A reading that was
    /// dropped long ago may stand in the ledger's count only; such a count explains the oldest holes.
    /// </summary>
    public IEnumerable<Positions> OpenGaps()
    {
        if (Account is not { } account)
        {
            yield break;
        }

        var unlisted = Math.Max(0, account.Dropped - explained.Count);
        foreach (var hole in received.Missing(new Positions(1, account.Next - 1)))
        {
            foreach (var gap in explained.Missing(hole))
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
