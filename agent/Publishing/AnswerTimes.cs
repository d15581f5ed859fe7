namespace Sluice.Agent.Publishing;

/// <summary>
/// How long the broker's answers took, of the last <see cref="Kept"/> messages of readings. A core. The median says how
/// it goes, the longest what a person may have noticed.
/// </summary>
internal sealed class AnswerTimes
{
    public const int Kept = 63;

    private readonly TimeSpan[] times = new TimeSpan[Kept];
    private int observed;

    /// <summary>Null before the first.</summary>
    public TimeSpan? Median
    {
        get
        {
            Span<TimeSpan> sorted = stackalloc TimeSpan[Kept];
            sorted = sorted[..Math.Min(observed, Kept)];
            times.AsSpan(0, sorted.Length).CopyTo(sorted);
            sorted.Sort();
            return sorted.Length == 0 ? null : sorted[sorted.Length / 2];
        }
    }

    /// <summary>Null before the first.</summary>
    public TimeSpan? Longest
    {
        get
        {
            TimeSpan? longest = null;
            foreach (var time in times.AsSpan(0, Math.Min(observed, Kept)))
            {
                longest = longest is { } before && before >= time ? before : time;
            }

            return longest;
        }
    }

    public void Observe(TimeSpan took)
    {
        times[observed % Kept] = took;

        // Beyond twice as many only the place in the ring counts.
        observed = observed + 1 < 2 * Kept ? observed + 1 : Kept;
    }
}
