using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Publishing;
using Sluice.Agent.Sampling;
using Sluice.Agent.Watchdog;

namespace Sluice.Agent;

/// <summary>What the service manager is told.</summary>
public static partial class GatewayHost
{
    /// <summary>
    /// Ready, and stopping, where systemd asks to be told. AddSystemd() would look at the name of the parent process
    /// first, which a unit with ProtectProc=invisible does not let it see: the start would never be over.
    /// </summary>
    private static void AddWordToSystemd(IServiceCollection services)
    {
        var notifier = new SystemdNotifier();
        if (notifier.IsEnabled)
        {
            services.AddSingleton<ISystemdNotifier>(notifier);
            services.AddSingleton<IHostLifetime, SystemdLifetime>();
        }
    }

    /// <summary>
    /// Only where the unit has a WatchdogSec. The loops that carry readings are looked at, and not the buffer's: a disk
    /// that hangs is waited for, and a new start would not mend it.
    /// </summary>
    private static void AddWatchdog(IServiceCollection services, TimeProvider clock)
    {
        var notifier = new SystemdNotifier();
        var period = WatchdogPeriod.Of(
            Environment.GetEnvironmentVariable("WATCHDOG_USEC"), Environment.GetEnvironmentVariable("WATCHDOG_PID"),
            Environment.ProcessId);
        if (!notifier.IsEnabled || period is not { } wanted)
        {
            return;
        }

        var fed = new ServiceState("WATCHDOG=1");
        AddLoop(services, s =>
        {
            var publisher = s.GetRequiredService<Publisher>();
            var samplers = s.GetRequiredService<IReadOnlyList<Sampler>>();
            return new WatchdogLoop(
                wanted, () => [publisher.Sign, .. samplers.Select(sampler => sampler.Sign)], publisher.Knock,
                () => notifier.Notify(fed), clock, Logger<WatchdogLoop>(s));
        });
    }
}
