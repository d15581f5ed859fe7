using System.Globalization;
using System.Text;

namespace Sluice.Agent.Configuration;

/// <summary>A cell: its text without quotes and outer blanks, and the column of its first character.</summary>
internal readonly record struct CsvCell(string Text, int Column);

/// <summary>A row that is neither empty nor a comment.</summary>
internal sealed record CsvRow(int Line, IReadOnlyList<CsvCell> Cells);

/// <summary>
/// Comma-separated text as spreadsheets and machine builders write it: RFC 4180 with comment lines, any line ends, a
/// byte order mark, blanks around cells. A quote must close in its line: a forgotten one would swallow what follows.
/// </summary>
internal static class CsvFile
{
    public const int RowsMax = 10_001;

    /// <summary>The rows, header first; problems are reported, and a row that cannot be split is left out.</summary>
    public static IReadOnlyList<CsvRow> Read(ReadOnlySpan<byte> utf8, ProblemList problems)
    {
        var bytes = TextFile.WithoutMark(utf8);
        if (TextFile.Unreadable(bytes) is { } unreadable)
        {
            problems.Error(unreadable.Line, 0, "", unreadable.Sentence);
            return [];
        }

        var rows = new List<CsvRow>();
        var line = 0;
        foreach (var text in Lines(Encoding.UTF8.GetString(bytes)))
        {
            line++;
            var isEmpty = text.All(letter => letter is ',' || char.IsWhiteSpace(letter));
            if (isEmpty || text.AsSpan().TrimStart() is ['#', ..])
            {
                continue;
            }

            if (rows.Count == RowsMax)
            {
                problems.Error(line, 0, "", string.Create(
                    CultureInfo.InvariantCulture, $"has more than {RowsMax - 1} signals: split the list over several "
                        + $"sources."));
                return rows;
            }

            if (rows.Count == 0 && RefuseHeader(text) is { } refused)
            {
                problems.Error(line, 0, "", refused);
                return [];
            }

            if (Split(text, line, problems) is { } cells)
            {
                rows.Add(new CsvRow(line, cells));
            }
        }

        return rows;
    }

    private static string[] Lines(string text) =>
        text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');

    private static string? RefuseHeader(string header)
    {
        if (header.StartsWith("sep=", StringComparison.OrdinalIgnoreCase))
        {
            return $"\"{FileNode.Clip(header)}\" is a line that only Excel understands: delete it, and separate with "
                + "commas.";
        }

        if (header.Contains(',', StringComparison.Ordinal))
        {
            return null;
        }

        return header.Contains(';', StringComparison.Ordinal)
            ? "is separated with semicolons, as Excel does in German, Italian or French settings: separate with "
            + "commas, and "
                + "write decimals with a point (0.5). In LibreOffice: Save as, Edit filter settings, field delimiter "
                + "\",\"."
            : header.Contains('\t', StringComparison.Ordinal)
                ? "is separated with tabs: separate with commas."
                : null;
    }

    private static List<CsvCell>? Split(string line, int number, ProblemList problems)
    {
        var cells = new List<CsvCell>();
        var at = 0;
        while (true)
        {
            while (at < line.Length && line[at] is ' ' or '\t')
            {
                at++;
            }

            var start = at;
            if (at < line.Length && line[at] == '"')
            {
                if (!TryQuoted(line, ref at, out var text))
                {
                    problems.Error(number, start + 1, "", "opens a quote here that does not close in this line, or "
                        + "goes on after "
                        + "it closed: close it before the next comma; a quote inside is written twice (\"\").");
                    return null;
                }

                cells.Add(new CsvCell(text.Trim(), start + 1));
            }
            else
            {
                var end = line.IndexOf(',', at);
                end = end < 0 ? line.Length : end;
                cells.Add(new CsvCell(line[at..end].Trim(), start + 1));
                at = end;
            }

            if (at >= line.Length)
            {
                return cells;
            }

            at++;
        }
    }

    /// <summary>Reads a quoted cell and moves to the comma behind it or to the end of the line.</summary>
    private static bool TryQuoted(string line, ref int at, out string text)
    {
        var read = new StringBuilder();
        for (at++; at < line.Length; at++)
        {
            if (line[at] != '"')
            {
                read.Append(line[at]);
            }
            else if (at + 1 < line.Length && line[at + 1] == '"')
            {
                read.Append('"');
                at++;
            }
            else
            {
                break;
            }
        }

        text = read.ToString();
        if (at >= line.Length)
        {
            return false;
        }

        at++;
        while (at < line.Length && char.IsWhiteSpace(line[at]))
        {
            at++;
        }

        return at == line.Length || line[at] == ',';
    }
}
