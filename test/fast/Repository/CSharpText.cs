namespace Sluice.Fast.Repository;

/// <summary>
/// C# source with comments, strings and character literals blanked out (line breaks stay), so that a rule that looks
/// for a word or counts braces is not fooled by prose. Understands verbatim, raw and interpolated strings; the code
/// inside an interpolation hole is blanked with its string, which keeps braces balanced.
/// </summary>
internal static class CSharpText
{
    public static string Mask(string source)
    {
        var kept = source.ToCharArray();
        for (var at = 0; at < source.Length;)
        {
            var end = LiteralEnd(source, at);
            for (var i = at; i < end; i++)
            {
                kept[i] = source[i] == '\n' ? '\n' : ' ';
            }

            at = end > at ? end : at + 1;
        }

        return new string(kept);
    }

    /// <summary>The end of the comment or literal that starts here; the same place when none does.</summary>
    private static int LiteralEnd(string source, int at)
    {
        if (Has(source, at, "//"))
        {
            return IndexOrEnd(source, "\n", at);
        }

        if (Has(source, at, "/*"))
        {
            return Math.Min(source.Length, IndexOrEnd(source, "*/", at + 2) + 2);
        }

        return source[at] switch
        {
            '\'' => CharacterEnd(source, at),
            '"' or '$' or '@' => StringEnd(source, at),
            _ => at,
        };
    }

    private static int CharacterEnd(string source, int at)
    {
        var i = at + 1;
        while (i < source.Length && source[i] != '\'' && source[i] != '\n')
        {
            i += source[i] == '\\' ? 2 : 1;
        }

        return Math.Min(source.Length, i + 1);
    }

    private static int StringEnd(string source, int at)
    {
        var i = at;
        var dollars = 0;
        var verbatim = false;
        for (; i < source.Length && source[i] is '$' or '@'; i++)
        {
            dollars += source[i] == '$' ? 1 : 0;
            verbatim |= source[i] == '@';
        }

        var quotes = CountOf(source, i, '"');
        if (quotes == 0)
        {
            return at;
        }

        if (quotes >= 3 && !verbatim)
        {
            var close = IndexOrEnd(source, new string('"', quotes), i + quotes);
            return Math.Min(source.Length, close + quotes);
        }

        return PlainStringEnd(source, i + 1, verbatim, interpolated: dollars > 0);
    }

    private static int PlainStringEnd(string source, int at, bool verbatim, bool interpolated)
    {
        for (var i = at; i < source.Length; i++)
        {
            if (source[i] == '"')
            {
                if (!verbatim || CountOf(source, i, '"') == 1 || source[i + 1] != '"')
                {
                    return i + 1;
                }

                i++;
            }
            else if (source[i] == '\\' && !verbatim)
            {
                i++;
            }
            else if (source[i] == '{' && interpolated)
            {
                i = Has(source, i, "{{") ? i + 1 : HoleEnd(source, i + 1);
            }
        }

        return source.Length;
    }

    private static int HoleEnd(string source, int at)
    {
        var depth = 1;
        for (var i = at; i < source.Length;)
        {
            var end = LiteralEnd(source, i);
            if (end > i)
            {
                i = end;
                continue;
            }

            depth += source[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                return i;
            }

            i++;
        }

        return source.Length;
    }

    private static bool Has(string source, int at, string text) =>
        string.CompareOrdinal(source, at, text, 0, text.Length) == 0;

    private static int CountOf(string source, int at, char wanted)
    {
        var i = at;
        while (i < source.Length && source[i] == wanted)
        {
            i++;
        }

        return i - at;
    }

    private static int IndexOrEnd(string source, string text, int at)
    {
        var found = at >= source.Length ? -1 : source.IndexOf(text, at, StringComparison.Ordinal);
        return found < 0 ? source.Length : found;
    }
}
