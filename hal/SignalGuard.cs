namespace Sluice.Hal;

/// <summary>
/// What must hold before any signal of a source is believed: a panel answers perfectly while its PLC is dead, after its
/// own reboot, and after a program download has moved every address.
/// </summary>
public sealed record SignalGuard
{
    /// <summary>The guarding signal, as an index of the source's signals.</summary>
    public required int Signal { get; init; }

    /// <summary>The signal must change within this; a heartbeat of the PLC. Null where it need not.</summary>
    public TimeSpan? ChangesWithin { get; init; }

    /// <summary>The signal must have this value; a version number of the layout. Null where it need not.</summary>
    public double? EqualTo { get; init; }
}

/// <summary>
/// Decides from the guarding signals' readings whether a source can be believed.
/// <para>
/// Invariants: nothing is believed before each guard was seen to hold: a heartbeat must have changed once, a layout
/// must have been read once. A guard that cannot be read does not hold. A wrong layout outweighs a missing heartbeat.
/// </para>
/// </summary>
public sealed class GuardWatch(IReadOnlyList<SignalGuard> guards)
{
    private readonly State[] states = new State[guards.Count];

    /// <summary>None while every guard holds, else why the readings of this call are Uncertain.</summary>
    /// <param name="readings">The readings of one call, the guarding signals among them.</param>
    /// <param name="signals">The source's signals.</param>
    /// <param name="now">Monotonic time, of one origin for every call.</param>
    public QualityReason Observe(ReadOnlySpan<Reading> readings, IReadOnlyList<Signal> signals, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(signals);
        var verdict = QualityReason.None;
        for (var index = 0; index < guards.Count; index++)
        {
            var reason = Observe(guards[index], ref states[index], readings, signals, now);
            verdict = reason == QualityReason.LayoutChanged || verdict == QualityReason.None ? reason : verdict;
        }

        return verdict;
    }

    private static QualityReason Observe(
        SignalGuard guard, ref State state, ReadOnlySpan<Reading> readings, IReadOnlyList<Signal> signals, TimeSpan now)
    {
        var isRead = false;
        foreach (ref readonly var reading in readings)
        {
            if (ReferenceEquals(reading.Signal, signals[guard.Signal]) && reading.Quality.IsGood)
            {
                isRead = true;
                if (state.WasRead && reading.Value != state.Value)
                {
                    state.HasChanged = true;
                    state.ChangedAt = now;
                }

                state.WasRead = true;
                state.Value = reading.Value;
            }
        }

        if (guard.EqualTo is { } wanted && (!isRead || !state.Value.AsDouble.Equals(wanted)))
        {
            return QualityReason.LayoutChanged;
        }

        return guard.ChangesWithin is { } within && (!state.HasChanged || now - state.ChangedAt > within)
            ? QualityReason.Stale
            : QualityReason.None;
    }

    private struct State
    {
        public bool WasRead;
        public bool HasChanged;
        public SignalValue Value;
        public TimeSpan ChangedAt;
    }
}
