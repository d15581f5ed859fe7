using System.Globalization;

namespace Sluice.Hal.Gpio.Counting;

/// <summary>
/// Totals in a <see cref="KeptText"/>:
/// <code>
/// sluice counters 1
/// 1204 line/press gpio:DI2 Count Rising high
/// check 9a0b33f1
/// </code>
/// </summary>
public sealed class FileCounterState(string path) : ICounterState
{
    // More than any gateway has counters for.
    private readonly KeptText kept = new(path, "sluice counters 1", 1 << 20);

    public CounterTotals Load()
    {
        var (lines, refused) = kept.Load();
        var totals = new Dictionary<string, long>();
        foreach (var line in lines)
        {
            var blank = line.IndexOf(' ', StringComparison.Ordinal);
            if (blank < 1
                || !long.TryParse(line.AsSpan(0, blank), NumberStyles.None, CultureInfo.InvariantCulture,
                    out var total))
            {
                refused = "has a line that is not a total";
                break;
            }

            totals[line[(blank + 1)..]] = total;
        }

        return refused.Length == 0
            ? new CounterTotals(totals, "")
            : CounterTotals.None with
            {
                Problem = $"The kept counters in {path} are not used: the file {refused}. Counters begin at 0.",
            };
    }

    public bool Save(IReadOnlyDictionary<string, long> totals)
    {
        ArgumentNullException.ThrowIfNull(totals);
        return kept.Save(totals.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Value} {pair.Key}")));
    }
}
