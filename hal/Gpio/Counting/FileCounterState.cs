using System.Globalization;

namespace Sluice.Hal.Gpio.Counting;

/// <summary>
/// Totals in a <see cref="KeptText"/>, each with its epoch:
/// <code>
/// sluice counters 2
/// 1204 0199c6f1000070008000000000000001 line/press gpio:DI2 Count Rising high
/// check 9a0b33f1
/// </code>
/// Version 1 had no epochs; its totals are carried on.
/// </summary>
public sealed class FileCounterState(string path) : ICounterState
{
    // More than any gateway has counters for.
    private const int BytesMax = 1 << 20;

    private readonly KeptText kept = new(path, "sluice counters 2", BytesMax);
    private readonly KeptText older = new(path, "sluice counters 1", BytesMax);

    public CounterTotals Load()
    {
        var (lines, refused) = kept.Load();
        var hasEpochs = true;
        if (refused.Length > 0 && older.Load() is { Refused: "" } first)
        {
            (lines, refused, hasEpochs) = (first.Lines, "", false);
        }

        var totals = new Dictionary<string, KeptTotal>();
        foreach (var line in lines)
        {
            if (!TryParse(line, hasEpochs, totals))
            {
                refused = "has a line that is not a total";
                break;
            }
        }

        return refused.Length == 0
            ? new CounterTotals(totals, "")
            : CounterTotals.None with
            {
                Problem = $"The kept counters in {path} are not used: the file {refused}. Counters begin at 0.",
            };
    }

    public bool Save(IReadOnlyDictionary<string, KeptTotal> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return kept.Save(totals.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => string.Create(
                CultureInfo.InvariantCulture, $"{pair.Value.Total} {pair.Value.Epoch:N} {pair.Key}")));
    }

    private static bool TryParse(string line, bool hasEpoch, Dictionary<string, KeptTotal> totals)
    {
        var parts = line.Split(' ', hasEpoch ? 3 : 2);
        var epoch = Guid.Empty;
        if (!long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var total)
            || parts.Length != (hasEpoch ? 3 : 2)
            || (hasEpoch && !Guid.TryParseExact(parts[1], "N", out epoch)))
        {
            return false;
        }

        totals[parts[^1]] = new KeptTotal(total, epoch);
        return true;
    }
}
