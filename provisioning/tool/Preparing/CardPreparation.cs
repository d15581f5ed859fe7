using Sluice.Agent.Configuration;

namespace Sluice.Provision.Preparing;

/// <summary>Reads a file: its bytes, or null and the sentence that says why not.</summary>
internal delegate (byte[]? Bytes, string Problem) FileRead(string path);

/// <summary>What goes onto one card.</summary>
/// <param name="Id">The gateway.</param>
/// <param name="Configuration">What its gateway.json says; null where that is refused.</param>
/// <param name="Files">Names below the card's folder, and what is in them.</param>
internal sealed record PreparedCard(
    string Id, GatewayConfiguration? Configuration, IReadOnlyList<KeyValuePair<string, byte[]>> Files);

/// <summary>
/// Makes each gateway's files from a sheet and, where one is given, a gateway.json that all of them have in common; and
/// judges them by the agent's own rules. A core, but for the reading of lists, which is handed in.
/// <para>
/// Invariants: every problem of every gateway is told, at the line and column where a person can mend it: in the sheet,
/// in the common file, or in the list; the same mistake that several gateways have is told once.
/// </para>
/// </summary>
internal sealed class CardPreparation
{
    public const string GatewayFile = "gateway.json";
    public const string NameFile = "hostname";

    private readonly string sheetPath;
    private readonly string? basePath;
    private readonly FileRead read;
    private readonly PlantSheet? sheet;
    private readonly FileNode? common;
    private readonly List<ConfigurationProblem> found = [];

    /// <param name="sheetPath">The sheet, as the person named it.</param>
    /// <param name="basePath">What all gateways have in common; null for nothing.</param>
    /// <param name="read">Reads files.</param>
    public CardPreparation(string sheetPath, string? basePath, FileRead read)
    {
        this.sheetPath = sheetPath;
        this.basePath = basePath;
        this.read = read;
        var inSheet = new ProblemList(sheetPath);
        sheet = Bytes(sheetPath, inSheet) is { } bytes ? PlantSheet.Read(bytes, inSheet) : null;
        found.AddRange(inSheet.All());
        if (basePath is not null)
        {
            var inBase = new ProblemList(basePath);
            common = Bytes(basePath, inBase) is { } text ? FileTree.Read(text, inBase) : null;
            found.AddRange(inBase.All());
        }
    }

    /// <summary>All cards, and everything that is wrong with any of them.</summary>
    public (IReadOnlyList<PreparedCard> Cards, IReadOnlyList<ConfigurationProblem> Problems) Prepare()
    {
        var cards = sheet is null || found.Exists(problem => problem.IsError)
            ? [] : sheet.Rows.Select(Prepare).ToList();
        return (cards, ConfigurationProblem.Sort(found));
    }

    private PreparedCard Prepare(CsvRow row)
    {
        var paper = PaperNode.Of(common);
        var filled = sheet!.Columns.Where(column => (PlantSheet.CellOf(row, column).Text ?? "").Length > 0).ToList();
        string KindOf(string source)
        {
            var path = $"sources.{source}.kind";
            var column = filled.Find(each => each.Path == path);
            return column.Path is null ? paper.RawAt(path)?.Trim('"') ?? "" : PlantSheet.CellOf(row, column).Text;
        }

        foreach (var column in filled)
        {
            paper.Set(column.Path, SheetValue.Json(column.Path, KindOf, PlantSheet.CellOf(row, column).Text));
        }

        var lists = TakeLists(paper, filled, row);
        var gateway = paper.Write();
        var origins = new Dictionary<string, string>(StringComparer.Ordinal);
        var contents = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        var loaded = ConfigurationReader.Read(new ProblemList(GatewayFile), gateway, name =>
        {
            var origin = lists.GetValueOrDefault(name, name);
            var (bytes, problem) = read(origin);
            origins[name] = origin;
            if (bytes is not null)
            {
                contents[name] = bytes;
            }

            return (bytes, problem);
        });
        found.AddRange(loaded.Problems.Select(problem => AtItsPlace(problem, row, filled, origins)));
        var id = sheet.IdOf(row);
        return new PreparedCard(id, loaded.Configuration,
        [
            KeyValuePair.Create(GatewayFile, gateway),
            KeyValuePair.Create(NameFile, System.Text.Encoding.UTF8.GetBytes(id + "\n")),
            .. contents,
        ]);
    }

    /// <summary>
    /// A cell names a list by where it lies beside the sheet; on the card it lies beside gateway.json. Returns where
    /// each comes from, by the name that it has there.
    /// </summary>
    private Dictionary<string, string> TakeLists(PaperNode paper, List<SheetColumn> filled, CsvRow row)
    {
        var lists = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var source in paper.NamesAt("sources").ToList())
        {
            var path = $"sources.{source}.signals";
            var column = filled.Find(each => each.Path == path);
            var written = column.Path is null
                ? common?.At("sources", source, "signals") is { Kind: FileNodeKind.Text } node ? node.Text : null
                : PlantSheet.CellOf(row, column).Text;
            if (written is null)
            {
                continue;
            }

            // A sheet that was written on Windows names folders its own way; Windows knows both.
            var folder = Path.GetDirectoryName(column.Path is null ? basePath! : sheetPath) ?? "";
            var origin = Path.Combine(folder, written.Replace('\\', '/'));
            var name = Path.GetFileName(origin);
            if (lists.TryGetValue(name, out var other) && other != origin)
            {
                found.Add(new ConfigurationProblem(sheetPath, row.Line, 0, path, $"{origin} and {other} would have the "
                    + $"same name {name} on the card: rename one."));
            }

            lists[name] = origin;
            paper.Set(path, PaperNode.Quoted(name));
        }

        return lists;
    }

    /// <summary>The place where a person can mend it.</summary>
    private ConfigurationProblem AtItsPlace(
        ConfigurationProblem problem, CsvRow row, List<SheetColumn> filled, Dictionary<string, string> origins)
    {
        if (problem.File != GatewayFile)
        {
            return problem with { File = origins.GetValueOrDefault(problem.File, problem.File) };
        }

        var path = Plain(problem.Path);
        var column = filled.Where(each => Covers(each.Path, path)).OrderByDescending(each => each.Path.Length)
            .FirstOrDefault();
        if (column.Path is not null)
        {
            // A key that nobody knows is a mistake of the header, the same for each gateway.
            return SheetValue.ShapeAt(column.Path, _ => "") is null && column.Path == path
                ? problem with { File = sheetPath, Line = sheet!.HeaderLine, Column = column.Cell.Column }
                : problem with
                {
                    File = sheetPath, Line = row.Line, Column = PlantSheet.CellOf(row, column).Column,
                };
        }

        var names = path.Split('.');
        return common?.Member(names[0]) is not null && common.At(names) is { } node
            ? problem with { File = basePath!, Line = node.Line, Column = node.Column }
            : problem with { File = sheetPath, Line = row.Line, Column = 0 };
    }

    private static bool Covers(string column, string path) =>
        column == path || path.StartsWith(column + ".", StringComparison.Ordinal);

    /// <summary>Without the places in lists: a column fills a whole list.</summary>
    private static string Plain(string path)
    {
        var plain = path;
        while (plain.IndexOf('[', StringComparison.Ordinal) is >= 0 and var open
            && plain.IndexOf(']', open) is > 0 and var close)
        {
            plain = plain.Remove(open, close - open + 1);
        }

        return plain;
    }

    private byte[]? Bytes(string path, ProblemList problems)
    {
        var (bytes, problem) = read(path);
        if (bytes is null)
        {
            problems.Error(0, 0, "", problem);
        }

        return bytes;
    }
}
