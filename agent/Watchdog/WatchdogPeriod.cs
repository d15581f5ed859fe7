using System.Globalization;

namespace Sluice.Agent.Watchdog;

/// <summary>
/// How often the service manager wants to hear of the agent: sd_watchdog_enabled(3). A core.
/// </summary>
internal static class WatchdogPeriod
{
    /// <summary>Less than a loop may take between two looks is a mistake in a unit.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    /// <param name="microseconds">WATCHDOG_USEC.</param>
    /// <param name="process">WATCHDOG_PID; null where it is not set, which means this process.</param>
    /// <param name="own">This process.</param>
    /// <returns>Null where nobody waits for a word of this process.</returns>
    public static TimeSpan? Of(string? microseconds, string? process, int own)
    {
        if (!long.TryParse(microseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var period)
            || period == 0 || period > (long)TimeSpan.FromDays(1).TotalMicroseconds
            || (process is not null && process != own.ToString(CultureInfo.InvariantCulture)))
        {
            return null;
        }

        var wanted = TimeSpan.FromMicroseconds(period);
        return wanted < Shortest ? Shortest : wanted;
    }
}
