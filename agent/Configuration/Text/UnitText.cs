using System.Globalization;

namespace Sluice.Agent.Configuration;

/// <summary>
/// Reads quantities that carry their unit: <c>500 ms</c>, <c>2 GiB</c>, <c>2 MiB/s</c>. A bare number is refused
/// because nobody can see whether 1000 was meant as milliseconds or seconds.
/// </summary>
internal static class UnitText
{
    private static readonly (string Unit, decimal Factor)[] Durations =
    [
        ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond), ("min", TimeSpan.TicksPerMinute),
        ("h", TimeSpan.TicksPerHour), ("d", TimeSpan.TicksPerDay),
    ];

    private static readonly (string Unit, decimal Factor)[] Sizes =
    [
        ("B", 1), ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1_000), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
    ];

    private static readonly System.Buffers.SearchValues<char> NumberCharacters =
        System.Buffers.SearchValues.Create("0123456789.,+-");

    private static readonly Dictionary<string, string> Slips = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sec"] = "s", ["secs"] = "s", ["second"] = "s", ["seconds"] = "s", ["m"] = "min", ["mins"] = "min",
        ["minute"] = "min", ["minutes"] = "min", ["msec"] = "ms", ["millisecond"] = "ms", ["milliseconds"] = "ms",
        ["hr"] = "h", ["hour"] = "h", ["hours"] = "h", ["day"] = "d", ["days"] = "d",
        ["k"] = "KiB", ["g"] = "GiB", ["t"] = "TiB", ["bytes"] = "B", ["byte"] = "B",
    };

    public static bool TryDuration(string text, out TimeSpan duration, out string problem)
    {
        var read = TryQuantity(text, Durations, "", "\"500 ms\" or \"15 s\"", out var ticks, out problem);
        duration = read ? TimeSpan.FromTicks(ticks) : default;
        return read;
    }

    public static bool TrySize(string text, out long bytes, out string problem) =>
        TryQuantity(text, Sizes, "", "\"64 KiB\" or \"2 GiB\"", out bytes, out problem);

    public static bool TryRate(string text, out long bytesPerSecond, out string problem) =>
        TryQuantity(text, Sizes, "/s", "\"2 MiB/s\"", out bytesPerSecond, out problem);

    /// <summary>The shortest way to write a duration: 90000 ms is <c>90 s</c>.</summary>
    public static string Format(TimeSpan duration) => Write(duration.Ticks, Durations);

    public static string FormatSize(long bytes) => Write(bytes, Sizes.AsSpan(0, 5));

    public static string FormatRate(long bytesPerSecond) => FormatSize(bytesPerSecond) + "/s";

    /// <summary>For people, with one decimal: <c>1.4 GiB</c>.</summary>
    public static string FormatRounded(long bytes)
    {
        var unit = Sizes.AsSpan(0, 5).ToArray().Last(each => each.Factor == 1 || bytes >= each.Factor);
        return string.Create(CultureInfo.InvariantCulture, $"{bytes / unit.Factor:0.#} {unit.Unit}");
    }

    private static string Write(long value, ReadOnlySpan<(string Unit, decimal Factor)> units)
    {
        var best = units[0];
        foreach (var unit in units)
        {
            if (value % unit.Factor == 0 && value >= unit.Factor)
            {
                best = unit;
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value / best.Factor:0.####} {best.Unit}");
    }

    private static bool TryQuantity(
        string text,
        (string Unit, decimal Factor)[] units,
        string per,
        string example,
        out long value,
        out string problem)
    {
        value = 0;
        var trimmed = text.Trim();
        var split = trimmed.AsSpan().IndexOfAnyExcept(NumberCharacters);
        var number = (split < 0 ? trimmed : trimmed[..split]).TrimEnd();
        var unit = split < 0 ? "" : trimmed[split..].Trim();
        var shown = FileNode.Clip(trimmed);
        if (number.Contains(',', StringComparison.Ordinal))
        {
            problem = $"\"{shown}\" has a comma: write the decimals with a point, as in {example}.";
            return false;
        }

        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
        {
            problem = number.StartsWith('-') ? $"\"{shown}\" is below zero: write {example}."
                : $"\"{shown}\" is not a number with a unit: write {example}.";
            return false;
        }

        var known = Array.Find(units, candidate => candidate.Unit + per == unit);
        if (known.Unit is null)
        {
            problem = unit.Length == 0
                ? $"{shown} has no unit: write \"{number} {units[0].Unit}{per}\" or \"{number} {Usual(units)}{per}\"."
                : $"\"{shown}\" has a unit that is not known{Known(unit, units, per)}: write {example}.";
            return false;
        }

        // Bounded before the product: decimal throws where it overflows.
        var whole = count > long.MaxValue / known.Factor ? decimal.MaxValue : decimal.Truncate(count * known.Factor);
        problem = whole > long.MaxValue ? $"\"{shown}\" is larger than can be counted: write {example}." : "";
        value = problem.Length == 0 ? (long)whole : 0;
        return problem.Length == 0;
    }

    private static string Usual((string Unit, decimal Factor)[] units) => units == Durations ? "s" : "MiB";

    private static string Known(string unit, (string Unit, decimal Factor)[] units, string per)
    {
        var bare = per.Length > 0 && unit.EndsWith(per, StringComparison.Ordinal) ? unit[..^per.Length] : unit;
        var meant = Array.Find(units, known => known.Unit.Equals(bare, StringComparison.OrdinalIgnoreCase)).Unit
            ?? units.FirstOrDefault(known => Slips.TryGetValue(bare, out var slip) && known.Unit == slip).Unit;
        var names = units.Where(known => known.Unit != "kB").Select(known => known.Unit + per);
        return meant is not null ? Nearest.Ask(meant + per) : $" (known: {string.Join(", ", names)})";
    }
}
