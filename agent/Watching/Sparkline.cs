namespace Sluice.Agent.Watching;

/// <summary>A course of values in one line of eight heights. A core.</summary>
internal static class Sparkline
{
    private const string Heights = "▁▂▃▄▅▆▇█";

    /// <summary>Oldest first; what is missing is a blank, and what never moves lies in the middle.</summary>
    public static string Of(IReadOnlyList<double?> values, int width)
    {
        var shown = values.Skip(Math.Max(0, values.Count - width)).ToList();
        var known = shown.OfType<double>().ToList();
        if (known.Count == 0)
        {
            return "";
        }

        var (low, high) = (known.Min(), known.Max());
        return string.Concat(shown.Select(value => value is { } there ? Height(there, low, high) : ' '));
    }

    private static char Height(double value, double low, double high)
    {
        // Halved before they are subtracted: the difference of two doubles may be larger than a double.
        var range = (high / 2) - (low / 2);
        var share = range > 0 ? ((value / 2) - (low / 2)) / range : 0.5;
        return Heights[Math.Clamp((int)(share * Heights.Length), 0, Heights.Length - 1)];
    }
}
