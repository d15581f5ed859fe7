namespace Sluice.Agent.Time;

/// <summary>Both clocks at one moment, and what the kernel says of the wall clock.</summary>
public readonly record struct ClockSighting(DateTime Utc, long MonotonicMilliseconds, bool IsSynchronised);

/// <summary>The wall clock was moved against the monotonic one.</summary>
/// <param name="At">The wall clock when it was noticed, after the step.</param>
/// <param name="Boot">In which boot.</param>
/// <param name="OffsetMilliseconds">How far: above 0 it was put forward.</param>
/// <param name="IsSet">Whether the clock counts as set after it.</param>
public sealed record ClockStep(DateTime At, Guid Boot, long OffsetMilliseconds, bool IsSet);

/// <summary>What a look at the clock found.</summary>
/// <param name="Step">It was stepped, or null.</param>
/// <param name="IsSet">Whether it is set now.</param>
public sealed record ClockChange(ClockStep? Step, bool IsSet);

/// <summary>
/// Knows whether the clock is set, finds out when it was stepped, and which clock a reading was stamped by. A core: it
/// is told what was seen.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>The clock of a boot is not set before its first synchronisation was seen.</item>
/// <item>Once set it stays set in this boot, however long the time server is away; only a step that the time service
/// did not make (the kernel then calls the clock unsynchronised) takes it back.</item>
/// <item>Steps are told once, and no change of less than <see cref="StepMinMilliseconds"/> is one.</item>
/// </list>
/// </summary>
public sealed class ClockWatch(Guid boot)
{
    /// <summary>Smaller ones are what a loop that was held up between two looks could make of nothing.</summary>
    public const long StepMinMilliseconds = 500;

    /// <summary>Less than this is how two clocks round to milliseconds.</summary>
    private const long RoundingMilliseconds = 2;

    /// <summary>Clocks of this boot that readings may still come from; a reading waits a minute at most.</summary>
    private const int KnownMax = 16;

    private readonly List<ReadingClock> known = [];

    public Guid Boot { get; } = boot;

    /// <summary>The clock as it was last seen; null before the first look.</summary>
    public ReadingClock? Current => known.Count > 0 ? known[^1] : null;

    /// <summary>Goes on with what an earlier run of the agent knew in this boot. Before the first look.</summary>
    public void Resume(ReadingClock seen)
    {
        if (seen.Boot == Boot && known.Count == 0)
        {
            known.Add(seen);
        }
    }

    /// <summary>Returns what changed, or null. The first look of a boot is no change.</summary>
    public ClockChange? Observe(ClockSighting sighting)
    {
        var offset = ReadingClock.Milliseconds(sighting.Utc) - sighting.MonotonicMilliseconds;
        if (Current is not { } before)
        {
            known.Add(new ReadingClock(Boot, sighting.IsSynchronised, offset));
            return new ClockChange(null, sighting.IsSynchronised);
        }

        var moved = offset - before.OffsetMilliseconds;
        var stepped = Math.Abs(moved) >= StepMinMilliseconds;
        var isSet = sighting.IsSynchronised || (before.IsSet && !stepped);
        if (Math.Abs(moved) <= RoundingMilliseconds && isSet == before.IsSet)
        {
            return null;
        }

        Add(new ReadingClock(Boot, isSet, offset));
        var step = stepped ? new ClockStep(sighting.Utc, Boot, moved, isSet) : null;
        return step is not null || isSet != before.IsSet ? new ClockChange(step, isSet) : null;
    }

    /// <summary>
    /// The clock that a reading was stamped by: the one whose distance it has. So a reading that was read before a step
    /// and stored after it is not taken for one with the right time.
    /// </summary>
    public ReadingClock Of(DateTime utc, long monotonicMilliseconds)
    {
        if (Current is not { } current)
        {
            return ReadingClock.Unknown;
        }

        if (monotonicMilliseconds == 0)
        {
            return current;
        }

        var offset = ReadingClock.Milliseconds(utc) - monotonicMilliseconds;
        var nearest = current;
        for (var i = known.Count - 1; i >= 0; i--)
        {
            if (Distance(known[i]) < Distance(nearest) - RoundingMilliseconds)
            {
                nearest = known[i];
            }
        }

        if (Distance(nearest) < StepMinMilliseconds)
        {
            return nearest;
        }

        // The clock was stepped twice between two looks: nobody knows what it was in between.
        var between = new ReadingClock(Boot, false, offset);
        known.Insert(known.Count - 1, between);
        Bound();
        return between;

        long Distance(ReadingClock clock) => Math.Abs(clock.OffsetMilliseconds - offset);
    }

    private void Add(ReadingClock clock)
    {
        known.Add(clock);
        Bound();
    }

    private void Bound()
    {
        if (known.Count > KnownMax)
        {
            known.RemoveAt(0);
        }
    }
}
