using System.Globalization;
using System.Text;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Enrolment.Sticks;

/// <summary>
/// The plain-text report on a stick. Lines end as Windows wants them. Its last line says that it is the last: a
/// report without it was never finished.
/// </summary>
internal static class StickReport
{
    public const string LastLine = "End of this report.";

    /// <summary>What stands there from before the first job until the last: where it is all, the stick was pulled.
    /// </summary>
    public static byte[] Begun(string gateway, string site, ValidityTime time) => Bytes(
    [
        .. Head(gateway, site, time), "",
        "The jobs on this stick were begun, and this report was not finished. Leave the stick in for a minute. If this",
        "is all that stands here, it was pulled out too early: plug it in again, and the gateway tells how it is.",
    ]);

    public static byte[] Finished(
        string gateway, string site, ValidityTime time, IReadOnlyList<string> asked, IReadOnlyList<StickResult> done,
        VerbReport? now)
    {
        var lines = new List<string>(Head(gateway, site, time)) { "", "What was asked" };
        lines.AddRange(asked.Select(each => $"  {each}"));
        foreach (var (name, report) in done)
        {
            lines.AddRange(["", $"{name}: {(report.Worked ? "done" : "NOT DONE")}"]);
            lines.AddRange((report.Steps ?? []).Select(step =>
                $"  {(step.Passed ? "ok    " : "FAILED")}  {step.Name}: {step.Verdict}"));
            lines.AddRange(report.Worked
                ? [$"  {report.Sentence}"]
                : [$"  What happened: {report.Sentence}", $"  What it means: {report.Means}",
                    $"  What to do: {report.Do}"]);
            lines.AddRange((report.Notes ?? []).Select(note => $"  Note: {note}"));
        }

        if (now is not null)
        {
            lines.AddRange(["", "How the gateway is now", $"  {now.Sentence}"]);
            lines.AddRange(now.Shown.TrimEnd().Split('\n').Select(line => $"  {line.TrimEnd()}"));
            lines.AddRange((now.Notes ?? []).Select(note => $"  Note: {note}"));
        }

        lines.AddRange(["", LastLine]);
        return Bytes(lines);
    }

    /// <summary>Where not even the gateway's name is known, or its identity is in use by somebody else.</summary>
    public static byte[] Refused(VerbReport report) => Bytes(
    [
        "Sluice: this gateway did nothing with the stick", "",
        $"  What happened: {report.Sentence}", $"  What it means: {report.Means}", $"  What to do: {report.Do}", "",
        LastLine,
    ]);

    private static IEnumerable<string> Head(string gateway, string site, ValidityTime time)
    {
        yield return $"Sluice: gateway {gateway} of {site}";
        yield return string.Create(CultureInfo.InvariantCulture,
            $"Written {time.Wall.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z by sluice-agent {AgentVersion.Text}; the clock is "
            + $"{EnrolmentContext.WordOf(time)}.");
        if (time.ClockProblem is { } problem)
        {
            yield return $"Note: {problem}.";
        }
    }

    private static byte[] Bytes(IEnumerable<string> lines) =>
        Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\r\n")));
}

/// <param name="Name">The job, as the report calls it.</param>
/// <param name="Report">What came of it.</param>
internal sealed record StickResult(string Name, VerbReport Report);
