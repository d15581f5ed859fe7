using System.Globalization;

namespace Sluice.Mes;

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

    public void Stored(string gateway, string store, long position)
    {
        lock (gate)
        {
            if (!stored.TryGetValue((gateway, store), out var set))
            {
                stored.Add((gateway, store), set = new PositionSet());
            }

            set.Add(position);
        }
    }

    /// <summary>The next ask: for which gateway, and its payload; null where everything was told.</summary>
    public (string Gateway, string Payload)? Next()
    {
        lock (gate)
        {
            foreach (var (key, set) in stored)
            {
                stored.Remove(key);
                var ranges = set.Ranges.Take(RangesMax).ToList();
                foreach (var rest in set.Ranges.Skip(RangesMax))
                {
                    Keep(key, rest);
                }

                var pairs = ranges.Select(
                    range => string.Create(CultureInfo.InvariantCulture, $"[{range.From},{range.To}]"));
                var text = string.Join(',', pairs);
                return (key.Gateway, $$"""{"v":1,"ask":"acknowledge","store":"{{key.Store}}","ranges":[{{text}}]}""");
            }

            return null;
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
