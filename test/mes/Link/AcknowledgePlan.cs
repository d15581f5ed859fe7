using System.Globalization;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;

namespace Sluice.Mes.Link;

/// <summary>One ask that acknowledges.</summary>
public sealed record ToldRanges(string Gateway, string Store, IReadOnlyList<Positions> Ranges)
{
    /// <summary>As the contract has it.</summary>
    public string Payload
    {
        get
        {
            var pairs = Ranges.Select(
                range => string.Create(CultureInfo.InvariantCulture, $"[{range.From},{range.To}]"));
            return $$"""{"v":1,"ask":"acknowledge","store":"{{Store}}","ranges":[{{string.Join(',', pairs)}}]}""";
        }
    }
}

/// <summary>
/// Which readings are stored and not acknowledged by their gateway's own word (<c>acknowledgedBy: mes</c>). A core,
/// used from the receiving loop and from the one that asks, one at a time.
/// <para>
/// An ask may be lost: its gateway may be away, and a receiver that subscribes to everything hears its own asks, so
/// that the broker never says that nobody listens. What counts is the ledger: what was told before the last one and
/// does not stand in this one is told again.
/// </para>
/// </summary>
public sealed class AcknowledgePlan
{
    /// <summary>The contract takes so many in one ask.</summary>
    private const int RangesMax = 100;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Gateway, string Store), StoreTold> stores = [];

    /// <summary>With what was stored before, by a receiver that was killed before it told.</summary>
    public static AcknowledgePlan After(IEnumerable<(string Gateway, string Store, Positions Range)> untold)
    {
        var plan = new AcknowledgePlan();
        foreach (var (gateway, store, range) in untold)
        {
            plan.Stored(gateway, store, range);
        }

        return plan;
    }

    public void Stored(string gateway, string store, Positions range)
    {
        lock (gate)
        {
            Of(gateway, store).Untold.Add(range);
        }
    }

    /// <summary>The next to be told; null where everything was.</summary>
    public ToldRanges? Next()
    {
        lock (gate)
        {
            foreach (var ((gateway, store), told) in stores)
            {
                if (told.Untold.Ranges.Count == 0)
                {
                    continue;
                }

                var (now, later) = (told.Untold.Ranges.Take(RangesMax).ToList(), told.Untold.Ranges.Skip(RangesMax));
                told.Untold = Of(later);
                now.ForEach(range => told.SinceLedger.Add(range));
                return new ToldRanges(gateway, store, now);
            }

            return null;
        }
    }

    /// <summary>
    /// What the gateway says that it knows. What it was told before its last ledger and does not know, it did not hear.
    /// </summary>
    public void Ledger(string gateway, StoreAccount account)
    {
        lock (gate)
        {
            var told = Of(gateway, account.Store);
            var known = Of(account.Acknowledged);
            if (account.First > 1)
            {
                known.Add(new Positions(1, account.First - 1));
            }

            foreach (var range in told.BeforeLedger.Ranges.SelectMany(known.Missing))
            {
                told.Untold.Add(range);
            }

            told.BeforeLedger = Of(told.SinceLedger.Ranges.SelectMany(known.Missing));
            told.SinceLedger = Whole();
        }
    }

    private static PositionSet Of(IEnumerable<Positions> ranges)
    {
        var set = Whole();
        foreach (var range in ranges)
        {
            set.Add(range);
        }

        return set;
    }

    /// <summary>
    /// Never folded: a hole that is closed to save room would acknowledge what nobody stored. It has as many ranges as
    /// the store has holes.
    /// </summary>
    private static PositionSet Whole() => new(int.MaxValue);

    private StoreTold Of(string gateway, string store)
    {
        if (!stores.TryGetValue((gateway, store), out var told))
        {
            stores.Add((gateway, store), told = new StoreTold());
        }

        return told;
    }

    private sealed class StoreTold
    {
        public PositionSet Untold { get; set; } = Whole();

        public PositionSet SinceLedger { get; set; } = Whole();

        public PositionSet BeforeLedger { get; set; } = Whole();
    }
}
