using System.Globalization;
using Sluice.Provisioning.Identities;

namespace Sluice.Provisioning.Certificates;

/// <summary>What a certificate's dates say, and whether it is the certificate's fault or the clock's.</summary>
public enum DateVerdict
{
    Fine,

    /// <summary>Over, for certain.</summary>
    Expired,

    /// <summary>Valid later, for certain.</summary>
    NotYet,

    /// <summary>Nobody can say: the gateway's clock is not set, or is certainly wrong.</summary>
    Clock,
}

/// <summary>
/// The time by which validity is judged on a machine whose clock may be dead at boot. A core.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>The time is never before anything that has certainly happened: this release was made, the clock was right
/// once, the own bundle was made.</item>
/// <item>A saved time counts only up to <see cref="SavedAheadMax"/> after everything else that is known: a clock that
/// jumped by decades once, and was put right, must not lock the gateway out for ever.</item>
/// <item>Only a set clock that is not behind that floor may say that something is not valid yet. What the floor alone
/// proves expired is expired, whatever the clock says.</item>
/// <item>No renewal and no expiry action while <see cref="MayAct"/> is false.</item>
/// </list>
/// </summary>
public sealed record ValidityTime
{
    /// <summary>
    /// Longer than any gateway runs without a new release, certificate or revocation list. A time that was saved beyond
    /// it was saved by a clock that was wrong.
    /// </summary>
    public static readonly TimeSpan SavedAheadMax = TimeSpan.FromDays(5 * 366);

    private readonly DateTimeOffset certain;
    private readonly string certainIs;
    private readonly DateTimeOffset? saved;
    private readonly bool countsSaved;

    private ValidityTime(
        DateTimeOffset wall, bool isClockSet, DateTimeOffset certain, string certainIs, DateTimeOffset? saved)
    {
        Wall = wall;
        IsClockSet = isClockSet;
        this.certain = certain;
        this.certainIs = certainIs;
        this.saved = saved;
        countsSaved = saved > certain && saved - certain <= SavedAheadMax;
        Floor = countsSaved ? saved!.Value : certain;
    }

    /// <summary>What the clock says.</summary>
    public DateTimeOffset Wall { get; }

    /// <summary>The host's time service has set the clock in this boot, or the plant declares it right.</summary>
    public bool IsClockSet { get; }

    /// <summary>No moment before this can be now.</summary>
    public DateTimeOffset Floor { get; }

    /// <summary>Where the floor comes from, for a technician.</summary>
    public string FloorIs => countsSaved ? "the clock was last known to be right" : certainIs;

    /// <summary>What is no matter of any clock: a set one that says less is wrong, whatever was saved.</summary>
    public DateTimeOffset Certain => certain;

    /// <summary>The clock is certainly wrong.</summary>
    public bool IsBehind => Wall < Floor;

    /// <summary>Now, as well as this gateway can know.</summary>
    public DateTimeOffset At => IsBehind ? Floor : Wall;

    /// <summary>Whether dates may cause anything: a renewal, an alarm about expiry.</summary>
    public bool MayAct => IsClockSet && !IsBehind;

    /// <param name="wall">The wall clock.</param>
    /// <param name="isClockSet">See <see cref="IsClockSet"/>.</param>
    /// <param name="released">When this release was made.</param>
    /// <param name="lastGood">The last time at which the clock was known to be right, or null.</param>
    /// <param name="ownNotBefore">The newest notBefore of the own, verified bundle, or null.</param>
    public static ValidityTime Of(
        DateTimeOffset wall, bool isClockSet, DateTimeOffset released, DateTimeOffset? lastGood,
        DateTimeOffset? ownNotBefore)
    {
        var time = new ValidityTime(wall, isClockSet, released, "this release of the agent was made", lastGood);
        return ownNotBefore is { } own ? time.NotBefore(own, Identity.MadeWords) : time;
    }

    /// <summary>The same with something else that has certainly happened.</summary>
    public ValidityTime NotBefore(DateTimeOffset moment, string momentIs) =>
        moment > certain ? new ValidityTime(Wall, IsClockSet, moment, momentIs, saved) : this;

    public DateVerdict Judge(DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        if (At > notAfter)
        {
            return MayAct || Floor > notAfter ? DateVerdict.Expired : DateVerdict.Clock;
        }

        if (At < notBefore)
        {
            return MayAct ? DateVerdict.NotYet : DateVerdict.Clock;
        }

        return DateVerdict.Fine;
    }

    /// <summary>What is wrong with the dates of something, or null. Says "clock" where it is the clock.</summary>
    public string? Problem(string what, DateTimeOffset notBefore, DateTimeOffset notAfter) =>
        Judge(notBefore, notAfter) switch
        {
            DateVerdict.Expired => $"{what} expired {Text(notAfter)}, and it is {Text(At)} at least: it must be "
                + "replaced",
            DateVerdict.NotYet => $"{what} is valid from {Text(notBefore)} on, and it is {Text(Wall)}: wait, or have "
                + "it made with another date",
            DateVerdict.Clock => $"the gateway's clock says {Text(Wall)} and is not right, so nobody can say whether "
                + $"{what} (valid {Text(notBefore)} to {Text(notAfter)}) is valid: set the clock, or see to its time "
                + "server",
            _ => null,
        };

    /// <summary>What is wrong with the clock itself, or null.</summary>
    public string? ClockProblem => IsBehind
        ? $"the gateway's clock says {Text(Wall)}, which is before {FloorIs} ({Text(Floor)}): it is wrong; see to its "
            + "time server. Until then dates are judged by that moment"
        : IsClockSet ? null
        : $"the gateway's clock says {Text(Wall)} and no time service has set it since the start: dates that do not "
            + "fit are taken for the clock's fault";

    private static string Text(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
