using System.Globalization;

namespace Sluice.Mes;

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
/// Which readings are stored and were not told to their gateway yet (<c>acknowledgedBy: mes</c>). A core, used from the
/// receiving loop and from the one that asks, one at a time. A range that was told and got lost is no harm: the gateway
/// delivers it again after its next start, and a duplicate is told like any other.
/// </summary>
public sealed class AcknowledgePlan
{
    /// <summary>The contract takes so many in one ask.</summary>
    private const int RangesMax = 100;

    private readonly Lock gate = new();
    private readonly Dictionary<(string Gateway, string Store), PositionSet> stored = [];

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
            Keep((gateway, store), range);
        }
    }

    /// <summary>The next to be told; null where everything was.</summary>
    public ToldRanges? Next()
    {
        lock (gate)
        {
            foreach (var (key, set) in stored)
            {
                stored.Remove(key);
                foreach (var rest in set.Ranges.Skip(RangesMax))
                {
                    Keep(key, rest);
                }

                return new ToldRanges(key.Gateway, key.Store, [.. set.Ranges.Take(RangesMax)]);
            }

            return null;
        }
    }

    /// <summary>It could not be told: the gateway was not there.</summary>
    public void NotTold(ToldRanges told)
    {
        foreach (var range in told.Ranges)
        {
            Stored(told.Gateway, told.Store, range);
        }
    }

    private void Keep((string Gateway, string Store) key, Positions range)
    {
        if (!stored.TryGetValue(key, out var set))
        {
            stored.Add(key, set = new PositionSet());
        }

        set.Add(range);
    }
}
