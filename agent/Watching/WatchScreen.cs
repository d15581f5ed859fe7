using System.Globalization;
using Sluice.Agent.Health;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sluice.Agent.Watching;

/// <summary>
/// Draws a picture of the live view with Spectre.Console: tables and coloured words, and nothing of it that looks types
/// up by name (ADR 0034). A core: the same view gives the same screen.
/// </summary>
internal static class WatchScreen
{
    private const int CourseWidth = WatchCourse.Kept;
    private const int BarWidth = 24;
    private const int AttentionMax = 3;

    /// <summary>Lines that everything but the signals takes, at least.</summary>
    private const int OtherLines = 16;

    /// <param name="view">What there is to show.</param>
    /// <param name="lines">Lines of the terminal.</param>
    /// <param name="filter">Only signals whose name holds this.</param>
    public static IRenderable Of(WatchView view, int lines, string filter)
    {
        var signals = view.Signals.Where(signal =>
            signal.Status.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)).ToList();
        var attention = view.Report.Attention.Take(AttentionMax).ToList();
        var room = Math.Max(3, lines - OtherLines - view.Report.Sources.Count - attention.Count);
        return new Rows(
        [
            Header(view),
            .. attention.Select(sentence => new Text($"  ! {sentence}", new Style(Color.Yellow))
                { Overflow = Overflow.Ellipsis }),
            Flows(view), Sources(view), Signals(view, signals, room),
            new Text(view.Silence.Length > 0 ? view.Silence : "q or Ctrl-C ends it",
                view.Silence.Length > 0 ? new Style(Color.Red) : new Style(Color.Grey)),
        ]);
    }

    private static Text Header(WatchView view) => new(
        $"Gateway {view.Report.Gateway}, sluice-agent {view.Report.Version}, up "
            + StatusText.Duration(view.Report.UptimeSeconds)
            + (view.Report.Attention.Count == 0 ? ". All is well." : ""),
        new Style(decoration: Decoration.Bold));

    private static Table Flows(WatchView view)
    {
        var (report, table) = (view.Report, Plain());
        table.AddColumn("").AddColumn("").AddColumn("now").AddColumn("course");
        var uplink = report.Uplink;
        var bytes = view.BytesPerSecond is { } rate ? $", {StatusText.Size((long)rate)}/s" : "";
        Row(table, StatusVerdicts.Uplink(report), "uplink",
            $"{uplink.State}, {PerSecond(view.AcknowledgedPerSecond)} acknowledged{bytes}",
            Sparkline.Of(view.AcknowledgedCourse, CourseWidth));
        Row(table, uplink.Answers is null ? Verdict.None : Verdict.Ok, "PUBACK", uplink.Answers is { } answers
            ? Invariant($"{answers.MedianSeconds * 1000:0.0} ms, longest {answers.LongestSeconds * 1000:0.0} ms, ")
                + Invariant($"{uplink.InFlight} in flight")
            : Invariant($"none yet, {uplink.InFlight} in flight"), Sparkline.Of(view.AnswerCourse, CourseWidth));
        if (uplink.Lanes is { } lanes)
        {
            Row(table, lanes.SetAside > 0 ? Verdict.Look : Verdict.Ok, "lanes",
                Invariant($"live {lanes.Live}, history {lanes.Backfill}")
                + (lanes.SetAside > 0 ? Invariant($", set aside {lanes.SetAside}") : ""),
                Invariant($"{lanes.BackfillAcknowledged} went as history"));
        }

        Row(table, StatusVerdicts.Buffer(report.Buffer), "buffer", Bar(report.Buffer)
            + Invariant($" {report.Buffer.Waiting} wait on {report.Buffer.Storage}"),
            Sparkline.Of(view.WaitingCourse, CourseWidth));
        Row(table, Worst(StatusVerdicts.Certificate(report), StatusVerdicts.Clock(report),
            StatusVerdicts.Jail(report.Jail)), "stands on", StandsOn(report), "");
        return table;
    }

    /// <summary>How far the store is filled with what waits; what is kept for replay is no burden.</summary>
    private static string Bar(BufferStatus buffer)
    {
        var fill = StatusVerdicts.Fill(buffer) ?? 0;
        var full = (int)Math.Ceiling(fill * BarWidth);
        return Invariant($"{new string('█', full)}{new string('░', BarWidth - full)} {fill * 100:0.0} %");
    }

    private static string StandsOn(StatusReport report)
    {
        var until = report.Identity?.NotAfter is { } end ? $"certificate until {end:yyyy-MM-dd}" : "no certificate";
        var clock = report.Clock is { } time ? $"clock {time.State}" : "clock unknown";
        return $"{until}, {clock}, {(StatusVerdicts.Jail(report.Jail) == Verdict.Ok ? "locked in" : "see jail")}";
    }

    private static Table Sources(WatchView view)
    {
        var table = Plain();
        table.AddColumn("").AddColumn("source").AddColumn("state").AddColumn(Right("Good")).AddColumn(Right("rate"))
            .AddColumn(Right("turn"));
        foreach (var source in view.Report.Sources)
        {
            var all = source.Good + source.Uncertain + source.Bad;
            table.AddRow(
                Word(StatusVerdicts.Source(source)), Cell(source.Name), Cell(source.State),
                Cell(Invariant($"{source.Good} of {all}")),
                Cell(PerSecond(view.SourceRates.GetValueOrDefault(source.Name))),
                Cell(Invariant($"{source.LastTookSeconds * 1000:0.0} ms")));
        }

        return table;
    }

    private static Table Signals(WatchView view, List<WatchedSignal> signals, int room)
    {
        var table = Plain();
        table.AddColumn("").AddColumn("signal").AddColumn(Right("value")).AddColumn("").AddColumn("quality")
            .AddColumn(Right("age")).AddColumn("course");
        foreach (var (signal, course) in signals.Take(room))
        {
            table.AddRow(
                Word(StatusVerdicts.Signal(signal)), Cell(signal.Name), Cell(signal.Value),
                Cell(signal.Value.Length == 0 ? "" : signal.Unit),
                Cell(signal.Quality), Cell(StatusVerdicts.Age(signal.At, view.Report.Now)),
                Cell(Sparkline.Of(course, CourseWidth)));
        }

        var left = signals.Count - Math.Min(room, signals.Count) + view.Report.Sources.Sum(source => source.Unlisted);
        if (left > 0)
        {
            table.AddRow(Cell(""), Cell(Invariant($"and {left} more: --signals TEXT chooses")));
        }

        return table;
    }

    private static void Row(Table table, Verdict verdict, string what, string now, string course) =>
        table.AddRow(Word(verdict), Cell(what), Cell(now), Cell(course));

    private static Table Plain() => new Table { Border = TableBorder.None, ShowHeaders = true }.Collapse();

    private static TableColumn Right(string name) => new TableColumn(name).RightAligned();

    /// <summary>Never read as markup: a signal may hold brackets.</summary>
    private static Text Cell(string text) => new(text) { Overflow = Overflow.Ellipsis };

    private static Text Word(Verdict verdict) => new(VerdictWords.Screen(verdict).TrimEnd(), new Style(verdict switch
    {
        Verdict.Ok => Color.Green,
        Verdict.Look => Color.Yellow,
        Verdict.Bad => Color.Red,
        _ => Color.Grey,
    }));

    private static Verdict Worst(params Verdict[] verdicts) =>
        verdicts.Contains(Verdict.Bad) ? Verdict.Bad
            : verdicts.Contains(Verdict.Look) ? Verdict.Look
            : verdicts.Contains(Verdict.Unknown) ? Verdict.Unknown
            : Verdict.Ok;

    private static string PerSecond(double? rate) => rate is { } known ? Invariant($"{known:0.0}/s") : "…";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
