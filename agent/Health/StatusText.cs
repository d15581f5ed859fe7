using System.Globalization;
using System.Text;
using Sluice.Agent.Sizing;

namespace Sluice.Agent.Health;

/// <summary>
/// The status report for a person at a terminal: one screen, what needs a person first, then each part with a verdict.
/// A core.
/// </summary>
public static class StatusText
{
    /// <summary>Signals that one screen shows; <c>status --all</c> shows what the report has.</summary>
    public const int SignalsShown = 12;

    private const int WidthMax = 100;
    private const int NameWidthMax = 34;

    /// <param name="report">What the agent said.</param>
    /// <param name="signalsMax">Signals that are shown, over all sources.</param>
    public static string Render(StatusReport report, int signalsMax = SignalsShown)
    {
        var text = new StringBuilder();
        var up = Duration(report.UptimeSeconds);
        text.AppendLine(Invariant($"Gateway {report.Gateway}, sluice-agent {report.Version}, up {up}"));
        foreach (var sentence in report.Attention)
        {
            text.AppendLine(Invariant($"  ! {sentence}"));
        }

        if (report.Attention.Count == 0)
        {
            text.AppendLine("  All is well.");
        }

        text.AppendLine();
        AppendUplink(text, report);
        AppendCertificate(text, report);
        AppendBuffer(text, report.Buffer);
        AppendSurroundings(text, report);
        AppendSources(text, report);
        AppendSignals(text, report, signalsMax);
        return text.ToString();
    }

    private static void AppendUplink(StringBuilder text, StatusReport report)
    {
        var uplink = report.Uplink;
        Append(text, StatusVerdicts.Uplink(report), "Uplink", Invariant($"{uplink.State} since {uplink.Since:u}"));
        More(text, Invariant(
            $"{uplink.Acknowledged} readings acknowledged, {uplink.InFlight} messages in flight"));
        if (uplink.Answers is { } answers)
        {
            More(text, Invariant($"PUBACK after {Milliseconds(answers.MedianSeconds)}, ")
                + Invariant($"{Milliseconds(answers.LongestSeconds)} at most"));
        }

        if (uplink.Card.Length > 0)
        {
            More(text, Invariant($"by the card {uplink.Card} only"));
        }
    }

    private static void AppendCertificate(StringBuilder text, StatusReport report)
    {
        if (report.Identity is not { } identity)
        {
            return;
        }

        Append(text, StatusVerdicts.Certificate(report), "Certificate", identity.NotAfter is { } until
            ? Invariant($"{identity.State}, version {identity.Version}, until {until:yyyy-MM-dd}, ")
                + Left(until - report.Now)
            : identity.State == "none" ? "none: bring a bundle (sluice-agent identity import)" : identity.State);
        if (report.Renewal is { Due: { } due } certificate)
        {
            More(text, Invariant($"renewed from {due:u} on")
                + (certificate.State == "idle" ? "" : Invariant($", renewal: {certificate.State}")));
        }
    }

    private static void AppendBuffer(StringBuilder text, BufferStatus buffer)
    {
        Append(text, StatusVerdicts.Buffer(buffer), "Buffer", Invariant(
            $"on {buffer.Storage}, {buffer.Waiting} readings waiting")
            + (buffer.SizeBytesMax > 0
                ? Invariant($", {Size(buffer.Stores.Sum(store => store.Volatile ? 0 : store.SizeBytes))} of ")
                    + Size(buffer.SizeBytesMax)
                : ""));
        foreach (var store in buffer.Stores)
        {
            var kind = store.Volatile ? "memory only" : Size(store.SizeBytes);
            More(text, Invariant($"store {Short(store.Store)}: {store.First} to {store.Next - 1}, ")
                + Invariant($"{kind}, {store.Dropped} dropped"));
        }

        if (buffer.Flash is { } flash)
        {
            text.AppendLine("      Flash          " + SizingText.Flash(
                new FlashWear(flash.BytesPerDay, flash.LifeYears), flash.EnduranceBytes));
        }
    }

    /// <summary>What the agent lives in: time, jail, configuration.</summary>
    private static void AppendSurroundings(StringBuilder text, StatusReport report)
    {
        if (report.Clock is { } clock)
        {
            Append(text, StatusVerdicts.Clock(report), "Clock", Invariant($"{clock.State}, moved {clock.Steps} times"));
            if (clock.LastGap.Length > 0)
            {
                More(text, Invariant($"last not recording: {clock.LastGap}"));
            }
        }

        if (report.Jail is { } jail)
        {
            Append(text, StatusVerdicts.Jail(jail), "Jail", jail.Sentence);
        }

        Append(text, StatusVerdicts.Configuration(report.Configuration), "Configuration",
            Invariant($"{report.Configuration.Origin}, {Short(report.Configuration.Hash)}"));
        text.AppendLine();
    }

    private static void AppendSources(StringBuilder text, StatusReport report)
    {
        text.AppendLine("      Source            State          Good  Uncertain   Bad  Skipped   Reported  Last turn");
        foreach (var source in report.Sources)
        {
            text.Append(VerdictWords.Screen(StatusVerdicts.Source(source))).Append("  ");
            text.Append(Invariant($"{source.Name,-17} {source.State,-12} "));
            text.Append(Invariant($"{source.Good,6} {source.Uncertain,10} {source.Bad,5} {source.Skipped,8} "));
            text.AppendLine(Invariant($"{source.Reported,10}  {source.LastTookSeconds * 1000,6:0.0} ms"));
            foreach (var unit in source.Units.Where(unit => source.Units.Count > 1
                || StatusVerdicts.Unit(unit) != Verdict.Ok))
            {
                text.Append(VerdictWords.Screen(StatusVerdicts.Unit(unit))).Append("    ");
                text.AppendLine(Invariant($"unit {unit.UnitId,-10} {unit.State,-12} {unit.Good,6} of {unit.Signals} ")
                    + Invariant($"Good  {unit.Reason}").TrimEnd());
            }
        }
    }

    private static void AppendSignals(StringBuilder text, StatusReport report, int signalsMax)
    {
        var all = report.Sources.SelectMany(source => source.Signals).ToList();
        if (all.Count == 0)
        {
            return;
        }

        // Where not all have room, those that somebody should look at come first.
        var shown = all.Count <= signalsMax
            ? all
            : [.. all.OrderBy(signal => StatusVerdicts.Signal(signal) == Verdict.Ok).Take(signalsMax)];
        var width = Math.Clamp(shown.Select(signal => signal.Name.Length).DefaultIfEmpty(6).Max(), 6, NameWidthMax);
        text.AppendLine();
        text.AppendLine(Invariant($"      {"Signal".PadRight(width)}  {"Value",-20} {"Quality",-24} Age"));
        foreach (var signal in shown)
        {
            var value = signal.Value.Length == 0 ? "" : Fit(Invariant($"{signal.Value} {signal.Unit}").Trim(), 20);
            text.Append(VerdictWords.Screen(StatusVerdicts.Signal(signal))).Append("  ");
            text.AppendLine(Invariant($"{Fit(signal.Name, width).PadRight(width)}  {value,-20} {signal.Quality,-24} ")
                + StatusVerdicts.Age(signal.At, report.Now));
        }

        var left = all.Count - shown.Count + report.Sources.Sum(source => source.Unlisted);
        if (left > 0)
        {
            text.AppendLine(Invariant($"      and {left} more: sluice-agent status --all, or --json"));
        }
    }

    private static void Append(StringBuilder text, Verdict verdict, string what, string sentence)
    {
        text.Append(VerdictWords.Screen(verdict)).Append("  ").Append(what.PadRight(15));
        AppendWrapped(text, sentence);
    }

    private static void More(StringBuilder text, string sentence)
    {
        text.Append(' ', 21);
        AppendWrapped(text, sentence);
    }

    /// <summary>A long sentence goes on below itself.</summary>
    private static void AppendWrapped(StringBuilder text, string sentence)
    {
        var rest = sentence;
        while (rest.Length > WidthMax - 21)
        {
            var at = rest.LastIndexOf(' ', WidthMax - 21);
            if (at <= 0)
            {
                break;
            }

            text.AppendLine(rest[..at]).Append(' ', 21);
            rest = rest[(at + 1)..];
        }

        text.AppendLine(rest.TrimEnd());
    }

    private static string Left(TimeSpan left) => left switch
    {
        { TotalSeconds: < 0 } => "EXPIRED",
        { TotalDays: < 2 } => Invariant($"{left.TotalHours:0} hours left"),
        _ => Invariant($"{left.TotalDays:0} days left"),
    };

    private static string Fit(string text, int width) =>
        text.Length <= width ? text : string.Concat(text.AsSpan(0, width - 1), "…");

    private static string Milliseconds(double seconds) => Invariant($"{seconds * 1000:0} ms");

    private static string Short(string id) => id.Length > 12 ? id[..12] : id;

    /// <summary>Bytes as a person reads them.</summary>
    internal static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => Invariant($"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => Invariant($"{bytes / (double)(1L << 20):0.0} MiB"),
        _ => Invariant($"{bytes / 1024.0:0.0} KiB"),
    };

    /// <summary>How long it runs.</summary>
    internal static string Duration(double seconds)
    {
        var span = TimeSpan.FromSeconds(seconds);
        return span switch
        {
            { TotalDays: >= 1 } => Invariant($"{span.Days} d {span.Hours} h"),
            { TotalHours: >= 1 } => Invariant($"{span.Hours} h {span.Minutes} min"),
            { TotalMinutes: >= 1 } => Invariant($"{span.Minutes} min {span.Seconds} s"),
            _ => Invariant($"{span.TotalSeconds:0.0} s"),
        };
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
