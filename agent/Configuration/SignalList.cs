using Sluice.Agent.Configuration.Schema;

namespace Sluice.Agent.Configuration;

/// <summary>A row of a signal list whose cells are each right in themselves, or empty.</summary>
internal sealed class SignalRow(int line, IReadOnlyDictionary<string, CsvCell> cells, ProblemList problems)
{
    public int Line => line;

    /// <summary>The signal's name, or what stands in its place.</summary>
    public string Name => this["signal"];

    private readonly HashSet<string> refused = new(StringComparer.Ordinal);

    /// <summary>True while nothing in this row was found wrong.</summary>
    public bool Right => refused.Count == 0;

    /// <summary>A cell's text; empty where the cell or the column is.</summary>
    public string this[string column] => cells.TryGetValue(column, out var cell) ? cell.Text : "";

    public bool Has(string column) => this[column].Length > 0;

    /// <summary>True where the cell holds something, and nothing was found wrong with it.</summary>
    public bool HasRight(string column) => Has(column) && !refused.Contains(column);

    public void Error(string column, string sentence)
    {
        refused.Add(column);
        problems.Error(line, ColumnOf(column), PathOf(column), sentence);
    }

    public void Warning(string column, string sentence) =>
        problems.Warning(line, ColumnOf(column), PathOf(column), sentence);

    private int ColumnOf(string column) => cells.TryGetValue(column, out var cell) ? cell.Column : 0;

    private string PathOf(string column) =>
        Name.Length == 0 || column == "signal" ? column : $"{FileNode.Clip(Name)}, {column}";
}

/// <summary>Reads a signal list for a kind of source: the header, and each cell by the shape of its column.</summary>
internal static class SignalList
{
    public static IReadOnlyList<SignalRow> Read(ReadOnlySpan<byte> utf8, string kind, ProblemList problems)
    {
        var rows = CsvFile.Read(utf8, problems);
        if (rows.Count == 0)
        {
            if (problems.ErrorCount == 0)
            {
                problems.Error(0, 0, "", "is empty: write a header such as signal,address,type and a row for each "
                    + "signal.");
            }

            return [];
        }

        var header = ReadHeader(rows[0], kind, problems);
        if (!header.ContainsValue("signal"))
        {
            return [];
        }

        if (rows.Count == 1)
        {
            problems.Error(rows[0].Line, 0, "", "has a header but no signal: write a row for each signal.");
        }

        return [.. rows.Skip(1).Select(row => ReadRow(row, header, kind, problems))];
    }

    /// <summary>Which column stands at which place.</summary>
    private static Dictionary<int, string> ReadHeader(CsvRow row, string kind, ProblemList problems)
    {
        var header = new Dictionary<int, string>();
        foreach (var (place, cell) in row.Cells.Index())
        {
            var known = SignalListSchema.Columns.Any(column => column.Name == cell.Text);
            if (cell.Text.Length == 0)
            {
                problems.Error(row.Line, cell.Column, "", "has a column without a name: name it, or take it out.");
            }
            else if (!known)
            {
                problems.Error(row.Line, cell.Column, FileNode.Clip(cell.Text), Unknown(cell.Text, kind));
            }
            else if (header.ContainsValue(cell.Text))
            {
                problems.Error(row.Line, cell.Column, cell.Text, "is a column for the second time: keep one.");
            }
            else
            {
                header.Add(place, cell.Text);
            }
        }

        // A slip of the finger is one mistake: the column that was meant is not said to be missing too.
        var names = Fitting(kind).Select(column => column.Name).ToList();
        var meant = row.Cells.Select(cell => Nearest.Of(cell.Text, names)).ToHashSet();
        foreach (var column in Fitting(kind).Where(column => column.Required && !meant.Contains(column.Name)))
        {
            problems.Error(row.Line, 0, column.Name, $"is missing in the header: add the column. {column.Sentence}");
        }

        return header;
    }

    private static SignalRow ReadRow(CsvRow row, Dictionary<int, string> header, string kind, ProblemList problems)
    {
        var cells = new Dictionary<string, CsvCell>(StringComparer.Ordinal);
        foreach (var (place, column) in header)
        {
            if (place < row.Cells.Count)
            {
                cells.Add(column, row.Cells[place]);
            }
        }

        var signal = new SignalRow(row.Line, cells, problems);
        foreach (var column in SignalListSchema.Columns.Where(column => header.ContainsValue(column.Name)))
        {
            CheckCell(signal, column, kind);
        }

        var places = header.Count == 0 ? 0 : header.Keys.Max() + 1;
        foreach (var cell in row.Cells.Skip(places).Where(cell => cell.Text.Length > 0))
        {
            problems.Error(row.Line, cell.Column, FileNode.Clip(signal.Name), "has a cell more than the header has "
                + "columns "
                + $"(\"{FileNode.Clip(cell.Text)}\"): a comma too many? Put a text that holds commas in quotes.");
        }

        return signal;
    }

    private static void CheckCell(SignalRow signal, SignalColumn column, string kind)
    {
        var text = signal[column.Name];
        if (!column.IsFor(kind))
        {
            if (text.Length > 0)
            {
                signal.Error(column.Name, $"belongs to sources of kind {string.Join(" or ", column.Kinds)}, this one "
                    + "is "
                    + $"{kind}: leave the cell empty.");
            }
        }
        else if (text.Length == 0)
        {
            if (column.Required)
            {
                signal.Error(column.Name, $"is empty: write {column.Shape.Wanted}.");
            }
        }
        else if (column.Shape.Refuse(text) is { } refused)
        {
            signal.Error(column.Name, refused);
        }
    }

    private static IEnumerable<SignalColumn> Fitting(string kind) =>
        SignalListSchema.Columns.Where(column => column.IsFor(kind));

    private static string Unknown(string name, string kind)
    {
        var names = Fitting(kind).Select(column => column.Name).ToList();
        var meant = Nearest.Of(name, names);
        return meant is not null
            ? $"is not a column{Nearest.Ask(meant)}."
            : $"is not a column: take it out, or write one of {string.Join(", ", names)}.";
    }
}
