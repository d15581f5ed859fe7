using System.Globalization;
using Sluice.Agent.Buffering;
using Sluice.Agent.Time;

namespace Sluice.Agent.Auditing;

/// <summary>
/// Turns what the book of the readings says of the clock into notes: each step once, and each change between set and
/// not set. A core. What happened before this start of the agent was told by the run before.
/// </summary>
/// <param name="startedUtc">The wall clock when this run began.</param>
internal sealed class ClockAudit(DateTime startedUtc)
{
    private long? toldSteps;
    private bool wasSet;

    public IEnumerable<AuditNote> Observe(RecordView? record)
    {
        if (record is null)
        {
            yield break;
        }

        // The first look may find a step that was made while nobody looked.
        var told = toldSteps ?? record.StepsTotal - record.Steps.Count(step => step.At >= startedUtc);
        var isFirst = toldSteps is null;
        var fresh = (int)Math.Min(record.StepsTotal - told, int.MaxValue);
        toldSteps = record.StepsTotal;
        var named = record.Steps.Skip(Math.Max(0, record.Steps.Count - fresh)).ToList();
        if (fresh > named.Count)
        {
            yield return new AuditNote(AuditKind.Clock, "clock", "done", "The clock was stepped.")
            {
                Counted = "steps", Count = fresh - named.Count,
            };
        }

        foreach (var step in named)
        {
            yield return Step(step);
        }

        var isSet = record.Clock.IsSet;
        if (!isFirst && isSet != wasSet && fresh == 0)
        {
            yield return new AuditNote(AuditKind.Clock, "clock", "done", isSet
                ? "The clock is set." : "The clock is not set any more.") { Counted = "changes of its state" };
        }

        wasSet = isSet;
    }

    private static AuditNote Step(ClockStep step) => new(AuditKind.Clock, "clock", "done", string.Create(
        CultureInfo.InvariantCulture,
        $"The clock was put {(step.OffsetMilliseconds > 0 ? "forward" : "back")} by "
        + $"{Math.Abs(step.OffsetMilliseconds) / 1000.0:0.000} s, to {step.At:yyyy-MM-dd HH:mm:ss}Z; it is "
        + $"{(step.IsSet ? "set" : "not set")} after that."))
    {
        Counted = "steps",
    };
}
