using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Sluice.Agent.Updating.Files;

/// <summary>
/// A version and which of two is newer, by Semantic Versioning 2.0.0, section 11: numbers as numbers, a pre-release
/// before its release. Build metadata counts for nothing there; here it is refused, because two files of one version
/// would be two things.
/// </summary>
internal sealed class SoftwareVersion : IComparable<SoftwareVersion>, IEquatable<SoftwareVersion>
{
    private const int Numbers = 3;
    private const int CharactersMax = 64;

    private readonly string text;
    private readonly int[] numbers;
    private readonly string[] before;

    private SoftwareVersion(string text, int[] numbers, string[] before)
    {
        this.text = text;
        this.numbers = numbers;
        this.before = before;
    }

    public static bool TryParse(string? text, [NotNullWhen(true)] out SoftwareVersion? version)
    {
        version = null;
        if (text is null || text.Length is 0 or > CharactersMax)
        {
            return false;
        }

        var dash = text.IndexOf('-', StringComparison.Ordinal);
        var parts = (dash < 0 ? text : text[..dash]).Split('.');
        var numbers = parts.Select(NumberOf).ToArray();
        var before = dash < 0 ? [] : text[(dash + 1)..].Split('.');
        if (numbers.Length != Numbers || numbers.Contains(null) || !before.All(IsIdentifier))
        {
            return false;
        }

        version = new SoftwareVersion(text, [.. numbers.Select(number => number!.Value)], before);
        return true;
    }

    public int CompareTo(SoftwareVersion? other)
    {
        if (other is null)
        {
            return 1;
        }

        for (var at = 0; at < Numbers; at++)
        {
            if (numbers[at] != other.numbers[at])
            {
                return numbers[at].CompareTo(other.numbers[at]);
            }
        }

        if (before.Length == 0 || other.before.Length == 0)
        {
            return other.before.Length - before.Length;
        }

        for (var at = 0; at < Math.Min(before.Length, other.before.Length); at++)
        {
            if (Compare(before[at], other.before[at]) is var order and not 0)
            {
                return order;
            }
        }

        return before.Length - other.before.Length;
    }

    public bool Equals(SoftwareVersion? other) => other is not null && text == other.text;

    public override bool Equals(object? obj) => Equals(obj as SoftwareVersion);

    public override int GetHashCode() => text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => text;

    private static int Compare(string one, string other) => (NumberOf(one), NumberOf(other)) switch
    {
        ({ } number, { } than) => number.CompareTo(than),
        ({ }, null) => -1,
        (null, { }) => 1,
        _ => string.CompareOrdinal(one, other),
    };

    /// <summary>Digits without a zero in front; null for anything else.</summary>
    private static int? NumberOf(string part) =>
        part.Length > 0 && part.All(char.IsAsciiDigit) && (part.Length == 1 || part[0] != '0')
        && int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static bool IsIdentifier(string part) => part.Length > 0
        && part.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')
        && (!part.All(char.IsAsciiDigit) || NumberOf(part) is not null);
}
