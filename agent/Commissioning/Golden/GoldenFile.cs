using System.Globalization;
using System.Text;
using Sluice.Agent.Commissioning.Finding;
using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Configuration;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Golden;

/// <summary>
/// The golden samples of one signal list: a CSV file beside it, <c>hmi1.golden.csv</c> for <c>hmi1.csv</c>. A core: it
/// is given bytes and gives bytes. Not a column of the list, because a list is what the machine builder hands over, and
/// not read by <c>run</c>, because readings must not depend on it.
/// </summary>
internal static class GoldenFile
{
    /// <summary>A list of this many signals fits one source; a file beyond it is not ours.</summary>
    private const int SamplesMax = CsvFile.RowsMax - 1;

    private const string Head = """
        # Golden samples: what a person read on the machine's own screen, and the registers at that moment (hexadecimal,
        # in the order of the wire). sluice-agent check decodes them with today's list and says where it would read
        # another value. Written by sluice-agent find-order; a line may be taken out.

        """;

    private static readonly string[] Columns =
        ["signal", "unitId", "address", "registers", "shown", "tolerance", "taken"];

    public static string NameFor(string list) => Path.ChangeExtension(list, ".golden.csv");

    public static IReadOnlyList<GoldenSample> Read(ReadOnlySpan<byte> utf8, ProblemList problems)
    {
        var rows = CsvFile.Read(utf8, problems);
        if (rows.Count == 0)
        {
            return [];
        }

        var header = rows[0].Cells.Select(cell => cell.Text).ToList();
        foreach (var column in Columns.Where(column => !header.Contains(column)))
        {
            problems.Error(rows[0].Line, 0, column, "is missing in the header: the columns are "
                + $"{string.Join(", ", Columns)}.");
        }

        if (problems.ErrorCount > 0)
        {
            return [];
        }

        var samples = new List<GoldenSample>();
        foreach (var row in rows.Skip(1).Take(SamplesMax))
        {
            string Cell(string column) => header.IndexOf(column) is var at && at < row.Cells.Count
                ? row.Cells[at].Text
                : "";
            if (TryRead(Cell, row.Line, out var sample, out var column, out var problem))
            {
                samples.Add(sample);
            }
            else
            {
                problems.Error(row.Line, 0, $"{FileNode.Clip(Cell("signal"))}, {column}", problem);
            }
        }

        return samples;
    }

    /// <summary>The file with these samples of one signal in the place of those that it had.</summary>
    /// <param name="utf8">The file as it is; empty where there is none.</param>
    /// <param name="signal">The signal.</param>
    /// <param name="samples">Its samples.</param>
    public static byte[] Put(ReadOnlySpan<byte> utf8, string signal, IEnumerable<GoldenSample> samples)
    {
        var before = utf8.IsEmpty ? Head + string.Join(',', Columns) + "\n" : Encoding.UTF8.GetString(utf8);
        var kept = new StringBuilder();
        foreach (var line in before.TrimEnd('\n').Split('\n'))
        {
            var text = line.TrimStart('\uFEFF').TrimEnd('\r');
            if (text.StartsWith('#') || !string.Equals(
                new CsvLine(text)[0], signal, StringComparison.OrdinalIgnoreCase))
            {
                kept.Append(line).Append('\n');
            }
        }

        foreach (var sample in samples)
        {
            kept.Append(Line(sample)).Append('\n');
        }

        return Encoding.UTF8.GetBytes(kept.ToString());
    }

    private static string Line(GoldenSample sample) => string.Join(
        ',',
        sample.Signal,
        sample.UnitId.ToString(CultureInfo.InvariantCulture),
        ModbusAddressNotation.Write(sample.Address),
        sample.RegistersText,
        CsvLine.Quoted(sample.Shown.Text),
        sample.Shown.IsNumber ? sample.Shown.Tolerance.ToString(CultureInfo.InvariantCulture) : "",
        sample.Taken.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));

    private static bool TryRead(
        Func<string, string> cell, int line, out GoldenSample sample, out string column, out string problem)
    {
        sample = null!;
        column = "address";
        if (!ModbusAddressNotation.TryParse(cell("address"), weintek: false, out var address, out problem))
        {
            return false;
        }

        column = "unitId";
        problem = "is not a unit id: a whole number from 0 to 255 stands here.";
        if (!byte.TryParse(cell("unitId"), NumberStyles.None, CultureInfo.InvariantCulture, out var unit))
        {
            return false;
        }

        column = "registers";
        if (!TryRegisters(cell("registers"), out var registers, out problem))
        {
            return false;
        }

        if (!TryShown(cell, out var shown, out column, out problem))
        {
            return false;
        }

        column = "taken";
        problem = "is not a time: one such as 2026-05-04T08:30:00Z stands here.";
        if (!DateTime.TryParseExact(cell("taken"), "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var taken))
        {
            return false;
        }

        sample = new GoldenSample
        {
            Signal = cell("signal"),
            UnitId = unit,
            Address = address,
            Registers = registers,
            Shown = shown,
            Taken = taken,
            Line = line,
        };
        problem = "";
        return true;
    }

    private static bool TryRegisters(string text, out ushort[] registers, out string problem)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var read = words.Select(word => word.Length == 4 && ushort.TryParse(
            word, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var each) ? each : -1).ToList();
        var fits = read.Count is > 0 and <= ReadRequest.RegistersMax && !read.Contains(-1);
        registers = fits ? [.. read.Select(each => (ushort)each)] : [];
        problem = fits ? "" : "are not registers: 1 to 125 of four hexadecimal digits stand here, such as 999A 428E.";
        return fits;
    }

    private static bool TryShown(
        Func<string, string> cell, out ShownValue shown, out string column, out string problem)
    {
        column = "tolerance";
        problem = "is not a number: half of the last digit that was shown stands here, such as 0.05.";
        shown = ShownValue.OfText(cell("shown"));
        if (cell("tolerance").Length == 0)
        {
            return true;
        }

        if (!decimal.TryParse(
            cell("tolerance"), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var tolerance))
        {
            return false;
        }

        column = "shown";
        return ShownValue.TryNumber(cell("shown"), tolerance, out shown, out problem);
    }
}
