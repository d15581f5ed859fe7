using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Time;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Renewal;

/// <summary>The identity directory for one step.</summary>
internal sealed record RenewalDisk(IIdentityDisk Disk) : IDisposable
{
    public void Dispose() => (Disk as IDisposable)?.Dispose();
}

/// <summary>What a renewal works with, so that a test can hand in a disk of its own.</summary>
internal sealed record RenewalSurroundings
{
    public required GatewayConfiguration Configuration { get; init; }

    public required TimeProvider Clock { get; init; }

    /// <summary>Whether the clock is set.</summary>
    public required IHostClock HostClock { get; init; }

    /// <summary>The directory as it is, to be looked at.</summary>
    public required Func<RenewalDisk> Look { get; init; }

    /// <summary>The directory, locked, to be changed; null where a verb is at work in it.</summary>
    public required Func<RenewalDisk?> Open { get; init; }

    /// <summary>Why the identity may not be used on this machine, or null.</summary>
    public Func<string?> Refuses { get; init; } = () => null;

    public GatewayName Gateway => Configuration.Gateway;

    /// <summary>The real directory of the configuration.</summary>
    public static RenewalSurroundings Of(
        GatewayConfiguration configuration, TimeProvider clock, IHostClock hostClock, Func<string?> refuses)
    {
        var directory = configuration.Identity.Directory;
        return new RenewalSurroundings
        {
            Configuration = configuration,
            Clock = clock,
            HostClock = hostClock,
            Refuses = refuses,
            Look = () => new RenewalDisk(LinuxIdentityDisk.Beside(directory)),
            Open = () => LinuxIdentityDisk.TryOpen(directory) is { } disk ? new RenewalDisk(disk) : null,
        };
    }
}
