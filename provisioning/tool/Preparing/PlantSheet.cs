using Sluice.Agent.Configuration;

namespace Sluice.Provision.Preparing;

/// <summary>A column of the sheet.</summary>
/// <param name="Path">The key of gateway.json that it fills: <c>sources.hmi1.address</c>.</param>
/// <param name="Place">From 0.</param>
/// <param name="Cell">The cell of the header.</param>
internal readonly record struct SheetColumn(string Path, int Place, CsvCell Cell);

/// <summary>
/// A sheet with one line for each gateway: the header names keys of gateway.json, and each cell holds what stands
/// there; an empty one leaves the key out. Read by the rules of a signal list. A core.
/// </summary>
/// <param name="Columns">In their order.</param>
/// <param name="HeaderLine">Line of the header, from 1.</param>
/// <param name="Rows">One for each gateway.</param>
internal sealed record PlantSheet(
    IReadOnlyList<SheetColumn> Columns, int HeaderLine, IReadOnlyList<CsvRow> Rows)
{
    public const string Id = "gateway.id";

    /// <summary>More gateways than a plant has: a bound.</summary>
    public const int GatewaysMax = 1000;

    /// <summary>Null where nothing can be made of it; every problem is told.</summary>
    public static PlantSheet? Read(ReadOnlySpan<byte> utf8, ProblemList problems)
    {
        var rows = CsvFile.Read(utf8, problems);
        if (rows.Count == 0)
        {
            if (problems.ErrorCount == 0)
            {
                problems.Error(0, 0, "", $"is empty: write a header such as {Id},gateway.site,sources.hmi1.address and "
                    + "a line for each gateway.");
            }

            return null;
        }

        var columns = ReadHeader(rows[0], problems);
        var gateways = rows.Skip(1).ToList();
        if (gateways.Count is 0 or > GatewaysMax)
        {
            problems.Error(rows[0].Line, 0, "", gateways.Count == 0
                ? "has a header but no gateway: write a line for each."
                : $"has {gateways.Count} gateways: {GatewaysMax} are the most. Split it.");
        }

        if (columns.All(column => column.Path != Id))
        {
            problems.Error(rows[0].Line, 0, Id, "is missing in the header: it is the name of each gateway.");
            return null;
        }

        foreach (var row in gateways)
        {
            foreach (var cell in row.Cells.Skip(rows[0].Cells.Count).Where(cell => cell.Text.Length > 0))
            {
                problems.Error(row.Line, cell.Column, "", "has a cell more than the header has columns "
                    + $"(\"{FileNode.Clip(cell.Text)}\"): a comma too many? Put a text that holds commas in quotes.");
            }
        }

        var sheet = new PlantSheet(columns, rows[0].Line, gateways);
        sheet.CheckNames(problems);
        return sheet;
    }

    /// <summary>The cell of a row, or an empty one.</summary>
    public static CsvCell CellOf(CsvRow row, SheetColumn column) =>
        column.Place < row.Cells.Count ? row.Cells[column.Place] : default;

    public string IdOf(CsvRow row) => CellOf(row, Columns.First(column => column.Path == Id)).Text ?? "";

    private static List<SheetColumn> ReadHeader(CsvRow header, ProblemList problems)
    {
        var columns = new List<SheetColumn>();
        foreach (var (place, cell) in header.Cells.Index())
        {
            if (cell.Text.Length == 0)
            {
                problems.Error(header.Line, cell.Column, "", "has a column without a name: name it, or take it out.");
            }
            else if (cell.Text.Split('.').Any(part => part.Trim().Length == 0))
            {
                problems.Error(header.Line, cell.Column, FileNode.Clip(cell.Text), "is no key of gateway.json: write "
                    + "its parts with points between them, such as sources.hmi1.address.");
            }
            else if (columns.Exists(column => column.Path == cell.Text))
            {
                problems.Error(header.Line, cell.Column, FileNode.Clip(cell.Text), "is a column for the second time: "
                    + "keep one.");
            }
            else if (columns.Exists(column => column.Path.StartsWith(cell.Text + ".", StringComparison.Ordinal)
                || cell.Text.StartsWith(column.Path + ".", StringComparison.Ordinal)))
            {
                problems.Error(header.Line, cell.Column, FileNode.Clip(cell.Text), "cannot hold a value, because "
                    + "another column fills something in it: keep one of the two.");
            }
            else
            {
                columns.Add(new SheetColumn(cell.Text, place, cell));
            }
        }

        return columns;
    }

    /// <summary>Each gateway has a folder of its name: also on a disk for which upper and lower case are the same.
    /// </summary>
    private void CheckNames(ProblemList problems)
    {
        var column = Columns.First(each => each.Path == Id);
        var seen = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        foreach (var row in Rows)
        {
            var cell = CellOf(row, column);
            if ((cell.Text ?? "").Length == 0)
            {
                problems.Error(row.Line, 0, Id, "is empty: each gateway has a name of its own.");
            }
            else if (!seen.TryAdd(cell.Text!, row.Line))
            {
                problems.Error(row.Line, cell.Column, Id, $"\"{FileNode.Clip(cell.Text!)}\" is the gateway of line "
                    + $"{seen[cell.Text!]} too (case does not count): each has a name of its own.");
            }
        }
    }
}
