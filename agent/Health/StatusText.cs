using System.Globalization;
using System.Text;
using Sluice.Agent.Sizing;

namespace Sluice.Agent.Health;

/// <summary>The status report for a person at a terminal: one screen, verdicts first. A core.</summary>
public static class StatusText
{
    public static string Render(StatusReport report)
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
        var uplink = report.Uplink;
        text.AppendLine(Invariant($"Uplink         {uplink.State} since {uplink.Since:u}"));
        text.AppendLine(Invariant(
            $"               {uplink.Acknowledged} readings acknowledged, {uplink.InFlight} messages in flight"));
        if (report.Identity is { } identity)
        {
            text.AppendLine(identity.NotAfter is { } until
                ? Invariant($"Identity       {identity.State}, version {identity.Version}, until {until:yyyy-MM-dd}")
                : Invariant($"Identity       {identity.State}"));
        }

        AppendBuffer(text, report.Buffer);
        AppendSurroundings(text, report);
        text.AppendLine(Invariant($"Configuration  {report.Configuration.Origin}, {Short(report.Configuration.Hash)}"));
        text.AppendLine();
        text.AppendLine("Source            State          Good  Uncertain   Bad  Skipped   Reported  Last turn");
        foreach (var source in report.Sources)
        {
            text.Append(Invariant($"{source.Name,-17} {source.State,-12} "));
            text.Append(Invariant($"{source.Good,6} {source.Uncertain,10} {source.Bad,5} {source.Skipped,8} "));
            text.AppendLine(Invariant($"{source.Reported,10}  {source.LastTookSeconds * 1000,6:0.0} ms"));
        }

        return text.ToString();
    }

    /// <summary>What the agent lives in: time, certificate, jail.</summary>
    private static void AppendSurroundings(StringBuilder text, StatusReport report)
    {
        if (report.Clock is { } clock)
        {
            text.AppendLine(Invariant($"Clock          {clock.State}, moved {clock.Steps} times"));
            if (clock.LastGap.Length > 0)
            {
                text.AppendLine(Invariant($"               last not recording: {clock.LastGap}"));
            }
        }

        if (report.Renewal is { NotAfter: { } end, Due: { } due } certificate)
        {
            text.Append(Invariant($"Certificate    version {certificate.Version} until {end:u}, "));
            text.AppendLine(Invariant($"renewed from {due:u} on"));
            if (certificate.State != "idle")
            {
                text.AppendLine(Invariant($"               renewal: {certificate.State}"));
            }
        }

        if (report.Jail is { } jail)
        {
            text.AppendLine("Jail           " + jail.Sentence);
        }
    }

    private static void AppendBuffer(StringBuilder text, BufferStatus buffer)
    {
        text.AppendLine(Invariant($"Buffer         on {buffer.Storage}, {buffer.Waiting} readings waiting"));
        foreach (var store in buffer.Stores)
        {
            var kind = store.Volatile ? "memory only" : Size(store.SizeBytes);
            text.Append(Invariant($"               store {Short(store.Store)}: {store.First} to {store.Next - 1}, "));
            text.AppendLine(Invariant($"{kind}, {store.Dropped} dropped"));
        }

        if (buffer.Flash is { } flash)
        {
            text.AppendLine("Flash          " + SizingText.Flash(
                new FlashWear(flash.BytesPerDay, flash.LifeYears), flash.EnduranceBytes));
        }
    }

    private static string Short(string id) => id.Length > 12 ? id[..12] : id;

    private static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => Invariant($"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => Invariant($"{bytes / (double)(1L << 20):0.0} MiB"),
        _ => Invariant($"{bytes / 1024.0:0.0} KiB"),
    };

    private static string Duration(double seconds)
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
