namespace Sluice.Agent.Sampling;

/// <summary>
/// Decides which signals of one source are due. A core: it is told the time, and never waits.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Each signal keeps its own grid: start, start + every, start + 2 every ... A late turn does not shift the
/// grid.</item>
/// <item>A turn that could not be taken in time is skipped and counted, never made up for: a source that was blocked
/// for an hour is asked once, not 3,600 times.</item>
/// <item>Signals with the same period are due together, so that the source can read them in one go.</item>
/// </list>
/// Times are monotonic, counted from any fixed origin.
/// </summary>
public sealed class PollSchedule
{
    private readonly Group[] groups;

    public PollSchedule(IReadOnlyList<TimeSpan> everyBySignal, TimeSpan start)
    {
        groups = everyBySignal
            .Select((every, index) => (every, index))
            .GroupBy(pair => pair.every)
            .OrderBy(group => group.Key)
            .Select(group => new Group(group.Key, start, [.. group.Select(pair => pair.index)]))
            .ToArray();
        foreach (var group in groups)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(group.Every, TimeSpan.Zero, nameof(everyBySignal));
        }
    }

    /// <summary>Turns skipped because the one before took too long, over all signals.</summary>
    public long Skipped { get; private set; }

    /// <summary>When something is due next; <see cref="TimeSpan.MaxValue"/> for a source without signals.</summary>
    public TimeSpan NextDue
    {
        get
        {
            var next = TimeSpan.MaxValue;
            foreach (var group in groups)
            {
                next = group.Next < next ? group.Next : next;
            }

            return next;
        }
    }

    /// <summary>
    /// Writes the indexes that are due at <paramref name="now"/>, moves their grid past it, and returns how many.
    /// <paramref name="due"/> has room for every signal.
    /// </summary>
    public int TakeDue(TimeSpan now, Span<int> due)
    {
        var count = 0;
        foreach (var group in groups)
        {
            if (group.Next > now)
            {
                continue;
            }

            group.Signals.CopyTo(due[count..]);
            count += group.Signals.Length;
            var missed = (now - group.Next).Ticks / group.Every.Ticks;
            Skipped += missed * group.Signals.Length;
            group.Next += group.Every * (missed + 1);
        }

        return count;
    }

    private sealed class Group(TimeSpan every, TimeSpan next, int[] signals)
    {
        public TimeSpan Every { get; } = every;

        public int[] Signals { get; } = signals;

        public TimeSpan Next { get; set; } = next;
    }
}
