using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Time;

/// <summary>
/// Asked for the time by which dates of certificates and lists are judged: the one place for the agent that runs, for
/// its verbs and for <c>check</c>. What an identity itself proves is added where that is read.
/// </summary>
/// <param name="clock">The wall clock.</param>
/// <param name="isSet">Whether it is set, in this boot.</param>
/// <param name="saved">The last time at which it was known to be right, or null.</param>
internal sealed class ValidityClock(TimeProvider clock, Func<bool> isSet, Func<DateTimeOffset?> saved)
{
    /// <summary>Of a clock that is right, and nothing was saved: where no gateway's own clock is asked.</summary>
    public static ValidityClock OfRightClock(TimeProvider clock) => new(clock, () => true, () => null);

    /// <summary>This machine's, for a verb that changes nothing.</summary>
    public static ValidityClock Here(GatewayConfiguration configuration, TimeProvider clock) => new(
        clock, () => configuration.IsClockTrusted || HostClock.Here(() => Guid.Empty).IsSynchronised(),
        new GoodTimeFile(LinuxIdentityDisk.Beside(configuration.Identity.Directory), "").Read);

    public ValidityTime Now() => ValidityTime.Of(clock.GetUtcNow(), isSet(), AgentVersion.Released, saved(), null);

    /// <summary>The same with what the identity in use proves.</summary>
    public ValidityTime WithOwn(GatewayConfiguration configuration)
    {
        var time = Now();
        using var own = IdentityDirectory.Look(
            configuration.Identity.Directory, IdentityDirectory.Current, configuration.Gateway.Id, time).Identity;
        return own?.Judging(time) ?? time;
    }
}
