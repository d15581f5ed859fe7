using System.Globalization;

namespace Sluice.Bench.Buffer;

/// <summary>
/// Lines of figures under a title, columns as wide as what is in them; a goal is told with its verdict.
/// </summary>
internal sealed class Table(TextWriter output, string title, params string[] columns)
{
    private readonly List<string[]> rows = [columns];

    public void Row(params FormattableString[] cells) =>
        rows.Add([.. cells.Select(cell => cell.ToString(CultureInfo.InvariantCulture))]);

    public void Print()
    {
        output.WriteLine();
        output.WriteLine(title);
        var widths = columns.Select((_, i) => rows.Max(row => row[i].Length)).ToArray();
        foreach (var row in rows)
        {
            var padded = row.Select((cell, i) => i == 0 ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]));
            output.WriteLine("  " + string.Join("  ", padded));
        }
    }

    public static void Verdict(TextWriter output, FormattableString figure, FormattableString goal, bool holds) =>
        output.WriteLine(
            $"  {(holds ? "holds " : "MISSED")}  {figure.ToString(CultureInfo.InvariantCulture)} "
            + $"(goal: {goal.ToString(CultureInfo.InvariantCulture)})");
}
