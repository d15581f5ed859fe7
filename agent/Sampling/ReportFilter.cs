using Sluice.Agent.Configuration;
using Sluice.Hal;

namespace Sluice.Agent.Sampling;

/// <summary>
/// Decides which readings of one signal are reported. A core: it is told each reading and the monotonic time.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>The first reading is always reported.</item>
/// <item>When the quality changes, the last reading of the old quality and the first of the new are both reported, so
/// that whoever draws the curve can draw the edge where it was.</item>
/// <item>A value is compared with the last one reported, not the last one read: a slow drift cannot hide in the
/// deadband.</item>
/// <item>No silence is longer than <see cref="ReportRule.AtLeastEvery"/> plus one turn.</item>
/// <item>Nothing is reported twice, and what is reported keeps the order in which it was read.</item>
/// </list>
/// </summary>
public sealed class ReportFilter(ReportRule rule)
{
    private Reading reported;
    private Reading held;
    private TimeSpan reportedAt;
    private bool hasReported;
    private bool hasHeld;

    /// <summary>
    /// Adds what has to be reported because of <paramref name="reading"/>: none, one or two readings.
    /// </summary>
    public void Observe(in Reading reading, TimeSpan now, ReadingBatch into)
    {
        if (!hasReported)
        {
            Report(reading, now, into);
            return;
        }

        if (reading.Quality != reported.Quality)
        {
            if (hasHeld)
            {
                into.Add(held);
            }

            Report(reading, now, into);
            return;
        }

        if (rule.Always || now - reportedAt >= rule.AtLeastEvery || Moved(reading.Value))
        {
            Report(reading, now, into);
            return;
        }

        held = reading;
        hasHeld = true;
    }

    private void Report(in Reading reading, TimeSpan now, ReadingBatch into)
    {
        into.Add(reading);
        reported = reading;
        reportedAt = now;
        hasReported = true;
        hasHeld = false;
        held = default;
    }

    private bool Moved(SignalValue value)
    {
        if (value == reported.Value)
        {
            return false;
        }

        if (rule.Deadband == 0 || value.Kind != reported.Value.Kind)
        {
            return true;
        }

        return value.Kind switch
        {
            // Integers of 64 bits do not fit a double: their distance is taken exactly, or a step of one would vanish.
            ValueKind.Signed => Distance(value.AsSigned, reported.Value.AsSigned) > rule.Deadband,
            ValueKind.Unsigned => Distance(value.AsUnsigned, reported.Value.AsUnsigned) > rule.Deadband,
            ValueKind.Single or ValueKind.Double =>
                Math.Abs(value.AsDouble - reported.Value.AsDouble) > rule.Deadband,
            _ => true,
        };
    }

    private static double Distance(Int128 left, Int128 right) => (double)Int128.Abs(left - right);
}
