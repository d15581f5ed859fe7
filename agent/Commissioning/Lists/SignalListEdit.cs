using System.Text;

namespace Sluice.Agent.Commissioning.Lists;

/// <summary>What an edit of a signal list came to.</summary>
/// <param name="Bytes">The file as it should be.</param>
/// <param name="Line">Line of the signal, from 1.</param>
/// <param name="LineText">The line itself.</param>
/// <param name="IsNew">The line was appended.</param>
/// <param name="AddedColumns">Columns that the header did not have and now has, at its end.</param>
internal sealed record EditedList(
    byte[] Bytes, int Line, string LineText, bool IsNew, IReadOnlyList<string> AddedColumns);

/// <summary>
/// Changes one line of a signal list, or appends it. A core.
/// <para>
/// Invariants: every other line, comments and line ends included, stays byte for byte; of the header only new columns
/// at its end; of the line itself only the cells that say something else now.
/// </para>
/// </summary>
internal static class SignalListEdit
{
    private const char Mark = '\uFEFF';

    /// <param name="utf8">A list that the configuration's reader took.</param>
    /// <param name="signal">The signal's name in the list.</param>
    /// <param name="cells">What its cells are to say, by column; columns that are not named stay as they are.</param>
    public static EditedList Put(
        ReadOnlySpan<byte> utf8, string signal, IReadOnlyList<KeyValuePair<string, string>> cells)
    {
        var lines = SplitLines(Encoding.UTF8.GetString(utf8));
        var headerAt = lines.FindIndex(IsRow);
        var header = new CsvLine(Bare(lines[headerAt]));
        var columns = Enumerable.Range(0, header.Count).Select(place => header[place].TrimStart(Mark)).ToList();
        var named = columns.IndexOf("signal");
        var at = lines.FindIndex(headerAt + 1, line => IsRow(line)
            && string.Equals(new CsvLine(Bare(line))[named], signal, StringComparison.OrdinalIgnoreCase));
        var isNew = at < 0;
        if (isNew)
        {
            at = Append(lines, EndOf(lines[headerAt]));
        }

        var row = new CsvLine(Bare(lines[at]));
        var added = new List<string>();
        foreach (var (column, text) in isNew ? [KeyValuePair.Create("signal", signal), .. cells] : cells)
        {
            if (!columns.Contains(column))
            {
                if (text.Length == 0)
                {
                    continue;
                }

                added.Add(column);
                columns.Add(column);
                header.Put(columns.Count - 1, column);
            }

            row.Put(columns.IndexOf(column), text);
        }

        lines[headerAt] = added.Count > 0 ? header + EndOf(lines[headerAt]) : lines[headerAt];
        lines[at] = row + EndOf(lines[at]);
        return new EditedList(Encoding.UTF8.GetBytes(string.Concat(lines)), at + 1, row.ToString(), isNew, added);
    }

    /// <summary>What the signal's line says now, by column; null where the list has no such signal.</summary>
    public static IReadOnlyDictionary<string, string>? Find(ReadOnlySpan<byte> utf8, string signal)
    {
        var lines = SplitLines(Encoding.UTF8.GetString(utf8))
            .FindAll(IsRow)
            .ConvertAll(line => new CsvLine(Bare(line)));
        var columns = Enumerable.Range(0, lines[0].Count).Select(place => lines[0][place].TrimStart(Mark)).ToList();
        var named = columns.IndexOf("signal");
        return lines.Skip(1)
            .Where(line => string.Equals(line[named], signal, StringComparison.OrdinalIgnoreCase))
            .Select(line => columns.Index().ToDictionary(each => each.Item, each => line[each.Index]))
            .FirstOrDefault();
    }

    /// <summary>An empty line at the end, after a last line that ends.</summary>
    private static int Append(List<string> lines, string end)
    {
        if (EndOf(lines[^1]).Length == 0)
        {
            lines[^1] += end.Length == 0 ? "\n" : end;
        }

        lines.Add(end.Length == 0 ? "\n" : end);
        return lines.Count - 1;
    }

    private static bool IsRow(string line)
    {
        var text = line.TrimStart(Mark).Trim();
        return text.Length > 0 && text[0] != '#' && text.Any(letter => letter != ',' && !char.IsWhiteSpace(letter));
    }

    /// <summary>Lines with their ends, whichever of the three they have.</summary>
    private static List<string> SplitLines(string text)
    {
        var lines = new List<string>();
        var start = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\n' || (text[at] == '\r' && (at + 1 == text.Length || text[at + 1] != '\n')))
            {
                lines.Add(text[start..(at + 1)]);
                start = at + 1;
            }
        }

        if (start < text.Length)
        {
            lines.Add(text[start..]);
        }

        return lines;
    }

    private static string Bare(string line) => line.TrimEnd('\r', '\n');

    private static string EndOf(string line) => line[Bare(line).Length..];
}
