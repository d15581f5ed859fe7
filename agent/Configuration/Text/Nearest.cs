namespace Sluice.Agent.Configuration;

/// <summary>Finds the word that a slip of the finger was meant to be.</summary>
internal static class Nearest
{
    /// <summary>The closest of the known words, or null where none is close enough to be meant.</summary>
    public static string? Of(string written, IEnumerable<string> known)
    {
        // Longer is no slip of the finger, and the distance costs the product of both lengths.
        if (written.Length is 0 or > 64)
        {
            return null;
        }

        var words = known.ToList();
        var best = words.MinBy(word => Distance(Plain(written), Plain(word)));
        return best is not null
            && Distance(Plain(written), Plain(best)) <= Math.Max(1, Math.Min(written.Length, best.Length) / 3)
                ? best
                : words.Find(word => written.Length > 2
                    && Plain(word).StartsWith(Plain(written), StringComparison.Ordinal));
    }

    /// <summary>
    /// The question to ask about a word that was meant, with a blank before it; empty where there is none.
    /// </summary>
    public static string Ask(string? meant) => meant is null ? "" : $" (did you mean \"{meant}\"?)";

    private static string Plain(string word) => word.ToUpperInvariant();

    /// <summary>Optimal string alignment: inserts, deletes, changes and swaps of neighbours.</summary>
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                rows[i, j] = i == 0 || j == 0 ? i + j : Math.Min(
                    Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1),
                    rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[a.Length, b.Length];
    }
}
