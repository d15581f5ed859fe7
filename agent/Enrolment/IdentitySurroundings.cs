using Sluice.Agent.Configuration;
using Sluice.Agent.Time;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Enrolment;

/// <summary>The identity directory for one step.</summary>
internal sealed record OpenIdentityDisk(IIdentityDisk Disk) : IDisposable
{
    public void Dispose() => (Disk as IDisposable)?.Dispose();
}

/// <summary>
/// What changes the identity while the agent runs works with this: the renewal, and the trust bundle. A test hands in a
/// disk of its own.
/// </summary>
internal sealed record IdentitySurroundings
{
    public required GatewayConfiguration Configuration { get; init; }

    public required TimeProvider Clock { get; init; }

    /// <summary>Whether the clock is set.</summary>
    public required IHostClock HostClock { get; init; }

    /// <summary>The directory as it is, to be looked at.</summary>
    public required Func<OpenIdentityDisk> Look { get; init; }

    /// <summary>The directory, locked, to be changed; null where a verb is at work in it.</summary>
    public required Func<OpenIdentityDisk?> Open { get; init; }

    /// <summary>Why the identity may not be used on this machine, or null.</summary>
    public Func<string?> Refuses { get; init; } = () => null;

    /// <summary>The board's TPM, where keys may be.</summary>
    public ITpm Chip { get; init; } = BoardTpm.Instance;

    public GatewayName Gateway => Configuration.Gateway;

    /// <summary>What a step works with.</summary>
    /// <param name="disk">The directory, open.</param>
    /// <param name="asked">What the audit log says of who asked.</param>
    public EnrolmentContext Context(IIdentityDisk disk, string asked) => new(
        Configuration, disk, Clock, HostClock, new EnrolmentUser(ProcessUser.Name, asked)) { Chip = Chip };

    /// <summary>The real directory of the configuration.</summary>
    public static IdentitySurroundings Of(
        GatewayConfiguration configuration, TimeProvider clock, IHostClock hostClock, Func<string?> refuses)
    {
        var directory = configuration.Identity.Directory;
        return new IdentitySurroundings
        {
            Configuration = configuration,
            Clock = clock,
            HostClock = hostClock,
            Refuses = refuses,
            Look = () => new OpenIdentityDisk(LinuxIdentityDisk.Beside(directory)),
            Open = () => LinuxIdentityDisk.TryOpen(directory) is { } disk ? new OpenIdentityDisk(disk) : null,
        };
    }
}
