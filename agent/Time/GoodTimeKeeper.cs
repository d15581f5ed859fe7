namespace Sluice.Agent.Time;

/// <summary>What is known of the clocks at one look.</summary>
/// <param name="Wall">The wall clock.</param>
/// <param name="Monotonic">Since anything, as long as it is the same for every look.</param>
/// <param name="IsSet">The wall clock is set.</param>
/// <param name="Certain">No right clock says less: this release and the own certificate were made by then.</param>
internal readonly record struct ClockLook(
    DateTimeOffset Wall, TimeSpan Monotonic, bool IsSet, DateTimeOffset Certain);

/// <summary>
/// Decides when the present time is saved as one at which the clock was known to be right. A core.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Only a clock that was set and went on without a step for <see cref="SteadyMin"/> is believed: a jump that is
/// put right within that time is never saved.</item>
/// <item>Such a clock is believed over what was saved before, also where it says less: so a time that was saved by a
/// clock that was wrong is taken back <see cref="SteadyMin"/> after the clock was put right, and nobody is locked out
/// for longer.</item>
/// <item>Nothing that is before what has certainly happened is ever saved.</item>
/// <item>No more than once in <see cref="SaveEvery"/>, and at the stop: each time is a write to flash.</item>
/// </list>
/// </summary>
internal sealed class GoodTimeKeeper
{
    public static readonly TimeSpan SteadyMin = TimeSpan.FromHours(1);
    public static readonly TimeSpan SaveEvery = TimeSpan.FromHours(1);

    /// <summary>More than a time service slews between two looks.</summary>
    private static readonly TimeSpan StepMin = TimeSpan.FromSeconds(1);

    private ClockLook? before;
    private TimeSpan steadySince;
    private TimeSpan? savedAt;

    /// <summary>Returns what is to be saved now, or null.</summary>
    /// <param name="look">What is.</param>
    /// <param name="isLast">The agent stops.</param>
    public DateTimeOffset? Look(ClockLook look, bool isLast)
    {
        var isGood = look.IsSet && look.Wall >= look.Certain;
        if (!isGood || before is not { } last || IsStep(last, look))
        {
            steadySince = look.Monotonic;
        }

        before = isGood ? look : null;
        if (!isGood || look.Monotonic - steadySince < SteadyMin
            || (!isLast && look.Monotonic - savedAt < SaveEvery))
        {
            return null;
        }

        return look.Wall;
    }

    /// <summary>It was saved. What could not be saved is due again at the next look.</summary>
    public void Saved(ClockLook look) => savedAt = look.Monotonic;

    private static bool IsStep(ClockLook before, ClockLook now) =>
        ((now.Wall - before.Wall) - (now.Monotonic - before.Monotonic)).Duration() >= StepMin;
}
