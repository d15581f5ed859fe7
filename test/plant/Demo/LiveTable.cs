using System.Globalization;
using System.Text;

namespace Sluice.Plant.Demo;

/// <summary>Draws a view into lines of text, 80 columns and 24 lines where there is no more room. Pure.</summary>
public static class LiveTable
{
    private const int FixedLines = 8;
    private const int EventLines = 4;

    public static IReadOnlyList<string> Draw(DemoView view, int width, int height, bool colours)
    {
        var ink = new Ink(colours);
        width = Math.Max(width, 60);
        List<string> lines =
        [
            ink.Bold(Across("Sluice: a plant in a box", $"{view.Gateway}  {Clock(view.Running)}", width)),
            Link(view, ink, width),
            Figures(view, ink, width),
            "",
            ink.Dim(Fit(Row("SIGNAL", "VALUE", "UNIT", "QUALITY", "AGE", "RATE", width), width)),
        ];
        var room = Math.Max(1, height - FixedLines - EventLines);
        lines.AddRange(view.Rows.Take(room).Select(row => Line(row, ink, width)));
        if (view.Rows.Count > room)
        {
            lines[^1] = ink.Dim($"... and {view.Rows.Count - room + 1} more");
        }

        lines.Add("");
        lines.AddRange(view.Events.TakeLast(EventLines).Select(each => Fit(each, width)));
        while (lines.Count < height - 1)
        {
            lines.Add("");
        }

        lines.Add(ink.Dim(Fit("b cuts the broker   p makes the PLC silent   q quits", width)));
        return lines;
    }

    /// <summary>The same in one line, for where there is no terminal.</summary>
    public static string Line(DemoView view) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Clock(view.Running)}  readings {view.Readings}  {view.PerSecond:0}/s  gaps {view.Gaps}"
        + $"  waiting {view.Waiting}  duplicates {view.Duplicates}"
        + $"  historical {view.HistoricalShare * 100:0.0} %  violations {view.Violations}"
        + $"  link {view.Link}  broker {(view.BrokerUp ? "up" : "CUT")}  PLC "
        + $"{(view.PlcAnswers ? "answers" : "SILENT")}");

    private static string Link(DemoView view, Ink ink, int width)
    {
        var link = view.Link == "online" ? ink.Green("online") : ink.Red(view.Link);
        var broker = view.BrokerUp ? ink.Green("up") : ink.Red("CUT");
        var plc = view.PlcAnswers ? ink.Green("answers") : ink.Red("SILENT");
        var end = view.CatchUpSeconds is { } seconds and > 0 ? $", {seconds} s to go" : "";
        var waiting = Number(view.Waiting) + " waiting";
        var buffer = $"{view.Storage}: {(view.Waiting == 0 ? waiting : ink.Yellow(waiting))}{end}";
        return Ink.Fit($"link {link}  broker {broker}  PLC {plc}  {buffer}", width);
    }

    private static string Figures(DemoView view, Ink ink, int width)
    {
        var gaps = view.Gaps == 0 ? ink.Green("0") : ink.Red(Number(view.Gaps));
        var violations = view.Violations == 0 ? "" : "   " + ink.Red($"violations {Number(view.Violations)}");
        var share = (view.HistoricalShare * 100).ToString("0.0", CultureInfo.InvariantCulture);
        return Ink.Fit(
            $"readings {Number(view.Readings)}, {view.PerSecond.ToString("0", CultureInfo.InvariantCulture)}/s"
            + $"   gaps {gaps}   duplicates {Number(view.Duplicates)}   historical {share} %{violations}",
            width);
    }

    private static string Line(SignalRow row, Ink ink, int width)
    {
        var quality = row.Reason.Length == 0 ? row.Quality : $"{row.Quality}/{row.Reason}";
        var text = Fit(
            Row(row.Name, row.Value, row.Unit, quality, Age(row.Age), Rate(row.PerSecond), width), width);
        return row.Quality switch
        {
            "Bad" => ink.Red(text),
            "Uncertain" => ink.Yellow(text),
            _ => text,
        };
    }

    private static string Row(
        string signal, string value, string unit, string quality, string age, string rate, int width)
    {
        // What is wider than 80 columns goes to the name.
        var name = Math.Max(16, 22 + width - 80);
        return $"{Fit(signal, name)} {Fit(value, 14)} {Fit(unit, 5)} {Fit(quality, 19)} {age,8} {rate,7}";
    }

    private static string Age(TimeSpan? age) => age switch
    {
        null => "",
        { TotalSeconds: < 100 } =>
            Math.Max(0, age.Value.TotalSeconds).ToString("0.0", CultureInfo.InvariantCulture) + " s",
        _ => age.Value.TotalMinutes.ToString("0", CultureInfo.InvariantCulture) + " min",
    };

    private static string Rate(double perSecond) => perSecond.ToString("0.0", CultureInfo.InvariantCulture) + "/s";

    private static string Number(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Clock(TimeSpan time) => time.ToString(@"hh\:mm\:ss", CultureInfo.InvariantCulture);

    private static string Across(string left, string right, int width) =>
        Fit(left, Math.Max(0, width - right.Length)) + right;

    private static string Fit(string text, int width) =>
        text.Length > width ? text[..(width - 1)] + "…" : text.PadRight(width);

    /// <summary>Colours, or none of them.</summary>
    private sealed class Ink(bool colours)
    {
        public string Bold(string text) => Wrap(text, "1");

        public string Dim(string text) => Wrap(text, "2");

        public string Red(string text) => Wrap(text, "31");

        public string Green(string text) => Wrap(text, "32");

        public string Yellow(string text) => Wrap(text, "33");

        /// <summary>Cuts to a visible width; what paints takes no room.</summary>
        public static string Fit(string text, int width)
        {
            var cut = new StringBuilder();
            var visible = 0;
            for (var at = 0; at < text.Length; at++)
            {
                if (text[at] == '\e')
                {
                    var end = text.IndexOf('m', at);
                    cut.Append(text, at, end - at + 1);
                    at = end;
                }
                else if (visible < width)
                {
                    cut.Append(text[at]);
                    visible++;
                }
            }

            return cut.Append(' ', width - visible).ToString();
        }

        private string Wrap(string text, string code) => colours ? $"\e[{code}m{text}\e[0m" : text;
    }
}
