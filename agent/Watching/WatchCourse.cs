using Sluice.Agent.Health;

namespace Sluice.Agent.Watching;

/// <summary>
/// Makes pictures of a row of reports. A core: told each report, it knows no clock; what passed between two is what the
/// agent's own uptime says.
/// <para>
/// Invariants: of each course the last <see cref="Kept"/> values are kept; an agent that was started anew begins every
/// course anew; a rate is of two reports of one run.
/// </para>
/// </summary>
internal sealed class WatchCourse
{
    /// <summary>Half a minute, at a look a second: as much as fits beside a name and a value.</summary>
    public const int Kept = 30;

    private readonly Dictionary<string, Queue<double?>> courses = new(StringComparer.Ordinal);
    private StatusReport? last;

    public WatchView? View { get; private set; }

    /// <summary>The agent answered.</summary>
    public WatchView Observe(StatusReport report)
    {
        if (last is not null && report.UptimeSeconds < last.UptimeSeconds)
        {
            courses.Clear();
            last = null;
        }

        var before = last;
        last = report;
        var acknowledged = Rate(before, report, each => each.Uplink.Acknowledged);
        var names = report.Sources.SelectMany(source => source.Signals).Select(signal => signal.Name).ToHashSet();
        foreach (var gone in courses.Keys.Where(key => key[0] != '\0' && !names.Contains(key)).ToList())
        {
            courses.Remove(gone);
        }

        return View = new WatchView
        {
            Report = report,
            ReadPerSecond = Rate(before, report, each => each.Sources.Sum(source => source.Reported)),
            AcknowledgedPerSecond = acknowledged,
            BytesPerSecond = Rate(before, report, each => each.Uplink.AcknowledgedBytes),
            AcknowledgedCourse = Course("\0acknowledged", acknowledged),
            WaitingCourse = Course("\0waiting", report.Buffer.Waiting),
            AnswerCourse = Course("\0answers", report.Uplink.Answers?.MedianSeconds),
            SourceRates = report.Sources.ToDictionary(source => source.Name, source => Rate(
                before, report, each => each.Sources.FirstOrDefault(one => one.Name == source.Name)?.Reported ?? 0)),
            Signals = [.. report.Sources.SelectMany(source => source.Signals).Select(signal => new WatchedSignal(
                signal, Course(signal.Name, signal.Quality == "Good" ? signal.Number : null)))],
        };
    }

    /// <summary>It did not: the picture stays, and says so. Null where there never was one.</summary>
    public WatchView? Missed(string why) => View is { } view ? View = view with { Silence = why } : null;

    private static double? Rate(StatusReport? before, StatusReport now, Func<StatusReport, long> count) =>
        before is not null && now.UptimeSeconds - before.UptimeSeconds is > 0 and var passed
            ? Math.Max(0, count(now) - count(before)) / passed
            : null;

    private List<double?> Course(string key, double? value)
    {
        if (!courses.TryGetValue(key, out var course))
        {
            courses.Add(key, course = new Queue<double?>(Kept));
        }

        if (course.Count == Kept)
        {
            course.Dequeue();
        }

        course.Enqueue(value);
        return [.. course];
    }
}
