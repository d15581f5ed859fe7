using System.Globalization;
using System.Text;
using Sluice.Agent.Commissioning.Discovery.Host;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.Commissioning.Discovery;

/// <summary>What was discovered, for a person. A core.</summary>
internal static class DiscoveryText
{
    private const int RangesMax = 12;

    public static string Render(DiscoveryReport report)
    {
        var text = new StringBuilder();
        var count = report.Units.Count;
        var units = count == 1 ? "unit" : "units";
        text.Append(Invariant($"{report.Device}: {count} {units} of {report.UnitsAsked} asked, "));
        text.Append(Invariant($"{report.Requests} requests in {report.Seconds:0.0} s, "));
        text.AppendLine(Invariant($"slowest answer {report.SlowestAnswerMilliseconds:0.0} ms"));
        if (report.Sentence.Length > 0)
        {
            text.AppendLine(Invariant($"  ! {report.Sentence}"));
        }

        if (report.AnswersAnyUnit)
        {
            text.AppendLine("  It answers whatever unit id it is given: unit 1 stands for all.");
        }

        foreach (var unit in report.Units)
        {
            text.AppendLine().AppendLine(Invariant($"Unit {unit.Unit}{Who(unit.Identity)}"));
            foreach (var table in unit.Tables)
            {
                text.AppendLine(Invariant($"  {table.Table,-8}  {Tell(table)}"));
            }
        }

        return text.ToString();
    }

    public static string Render(IReadOnlyList<DiscoveredSensor> sensors)
    {
        var width = sensors.Select(each => each.Address.Length).Append(0).Max();
        var text = new StringBuilder();
        foreach (var sensor in sensors)
        {
            var value = sensor.Value is { } number
                ? Invariant($"{number} {sensor.Unit}").Trim()
                : "gives no number now";
            text.AppendLine(
                $"{sensor.Address.PadRight(width)}  {value,-20}  {FileNode.Clip(sensor.Label)}".TrimEnd());
        }

        return text.ToString();
    }

    public static string Render(IReadOnlyList<DiscoveredChip> chips)
    {
        var text = new StringBuilder();
        foreach (var chip in chips)
        {
            var free = chip.Lines.Count(line => line.IsFree);
            text.AppendLine(chip.Problem.Length > 0
                ? $"{chip.Chip}: {chip.Problem}"
                : Invariant($"{chip.Chip} (label:{chip.Label}), {chip.Lines.Count} lines, {free} free inputs"));
            foreach (var line in chip.Lines)
            {
                text.AppendLine(Invariant($"  {line.Number,4}  {FileNode.Clip(line.Name),-24} {State(line)}"));
            }
        }

        return text.ToString();
    }

    private static string State(DiscoveredLine line) => line.IsFree
        ? $"free, write {line.Address}"
        : line.IsUsed
            ? $"used{(line.UsedBy.Length > 0 ? $" by {FileNode.Clip(line.UsedBy)}" : "")}"
            : "an output: not to be watched";

    private static string Who(DiscoveredIdentity? told) => told is null
        ? ""
        : ": " + string.Join(", ", new[]
        {
            told.Vendor, told.ProductCode, told.Revision, told.ProductName, told.Model, told.Application,
        }.Where(part => part.Length > 0));

    private static string Tell(DiscoveredTable table)
    {
        var unfinished = table.Verdict == "unfinished" ? "; not searched to its end" : "";
        if (table.Ranges.Count == 0)
        {
            return (table.Verdict switch
            {
                "noFunction" => "not supported",
                "silent" => "no answer",
                _ => "nothing found",
            }) + unfinished;
        }

        var ranges = string.Join(", ", table.Ranges.Take(RangesMax).Select(range =>
            Invariant($"{range.First} to {range.Last}{(range.Sampled ? " (sampled)" : "")}")));
        var more = table.Ranges.Count > RangesMax ? Invariant($" and {table.Ranges.Count - RangesMax} more") : "";
        return Invariant($"{ranges}{more}; {table.AtOnceMax} at once, {table.NotZero.Count} not 0{unfinished}");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
