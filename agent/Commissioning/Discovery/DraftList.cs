using System.Globalization;
using System.Text;
using Sluice.Agent.Commissioning.Discovery.Host;
using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.Commissioning.Discovery;

/// <summary>
/// A signal list to begin with, out of what was discovered: sluice-agent check takes it as it is. What a value means
/// nobody can discover, so names are addresses and types the plainest; find-order finds the rest. A core.
/// </summary>
internal static class DraftList
{
    /// <summary>More rows than these nobody goes through by hand.</summary>
    private const int RowsMax = 500;

    public static string OfModbus(DiscoveryReport report, bool weintek)
    {
        var text = Begun($"discover modbus found at {report.Device}");
        var rows = new List<string>();
        foreach (var unit in report.Units)
        {
            var who = unit.Identity is { } told ? $", {told.Vendor} {told.ProductCode} {told.Revision}".TrimEnd() : "";
            Comment(text, $"Unit {unit.Unit.ToString(CultureInfo.InvariantCulture)}{who}");
            foreach (var table in unit.Tables.Where(table => table.Ranges.Count > 0))
            {
                var ranges = string.Join(", ", table.Ranges.Take(20).Select(range => string.Create(
                    CultureInfo.InvariantCulture, $"{range.First} to {range.Last}")));
                Comment(text, $"  {table.Table}: {ranges}{(table.Ranges.Count > 20 ? " ..." : "")} readable");
                rows.AddRange(Rows(unit, table, report.Units.Count > 1, weintek));
            }
        }

        Comment(text, "Listed: what was not 0 when it was read, and the first address of every other range. A value of "
            + "two or four");
        Comment(text, "registers shows as so many lines here: sluice-agent find-order makes one of them.");
        return Ended(text, "signal,address,type,unitId,description", rows);
    }

    public static string OfSensors(IReadOnlyList<DiscoveredSensor> sensors)
    {
        var rows = sensors.Select(sensor => string.Join(
            ',', Name(sensor.Address.Replace(':', '/')), sensor.Address, "float64", CsvLine.Quoted(sensor.Unit),
            CsvLine.Quoted(sensor.Label)));
        return Ended(Begun("discover sensors found on this machine"), "signal,address,type,unit,description",
            [.. rows]);
    }

    /// <summary>The free lines of one chip: a list is of one source, and a source of one chip.</summary>
    public static string OfGpio(DiscoveredChip chip)
    {
        var rows = chip.Lines.Where(line => line.IsFree).Select(line => string.Join(
            ',', Name(line.Address["gpio:".Length..] is var name && name == line.Name ? name : "line" + name),
            line.Address, "bool", CsvLine.Quoted(line.Name)));
        return Ended(Begun($"discover gpio found on {chip.Chip} ({chip.Label})"), "signal,address,type,description",
            [.. rows]);
    }

    private static IEnumerable<string> Rows(DiscoveredUnit unit, DiscoveredTable table, bool several, bool weintek)
    {
        var empty = table.Ranges
            .Where(range => !table.NotZero.Any(each => each.Address >= range.First && each.Address <= range.Last))
            .Select(range => new DiscoveredValue(range.First, 0));
        foreach (var value in table.NotZero.Concat(empty).OrderBy(each => each.Address))
        {
            var (name, address) = Place(table.Table, value.Address, weintek);
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{(several ? $"unit{unit.Unit}/" : "")}{name},{address},{(IsBits(table) ? "bool" : "uint16")},"
                    + $"{unit.Unit},was {value.Value} when it was discovered");
        }
    }

    /// <summary>In a panel's own words where it is one: LW-100 is what its program says too.</summary>
    private static (string Name, string Address) Place(string table, int address, bool weintek)
    {
        var number = address.ToString(CultureInfo.InvariantCulture);
        return (table, address, weintek) switch
        {
            ("holding", <= 9998, true) => ($"LW/{number}", $"LW-{number}"),
            ("holding", _, true) => Recipe(address - 9999),
            ("coil", <= 12799, true) => ($"LB/{number}", $"LB-{number}"),
            _ => ($"{table}/{number}", $"{table}:{number}"),
        };
    }

    private static (string Name, string Address) Recipe(int word)
    {
        var number = word.ToString(CultureInfo.InvariantCulture);
        return ($"RW/{number}", $"RW-{number}");
    }

    private static bool IsBits(DiscoveredTable table) => table.Table is "coil" or "discrete";

    private static StringBuilder Begun(string what)
    {
        var text = new StringBuilder();
        Comment(text, $"Draft: what sluice-agent {what}.");
        return text;
    }

    private static void Comment(StringBuilder text, string line) =>
        text.Append("# ").Append(FileNode.Clip(line, 400)).Append('\n');

    private static string Ended(StringBuilder text, string header, List<string> rows)
    {
        if (rows.Count > RowsMax)
        {
            Comment(text, string.Create(
                CultureInfo.InvariantCulture,
                $"{rows.Count - RowsMax} more are left off: --units, --tables and --addresses choose."));
        }

        text.Append(header).Append('\n');
        foreach (var row in rows.Take(RowsMax))
        {
            text.Append(row).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>What a signal may be called, made of what the board calls it.</summary>
    private static string Name(string text)
    {
        var fit = new string([.. text.Select(letter =>
            char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.' or '/' ? letter : '_')]);
        return fit.Length > NameText.SignalCharactersMax ? fit[..NameText.SignalCharactersMax] : fit;
    }
}
