using System.Globalization;

namespace Sluice.Gateway.Machine;

/// <summary>
/// The guest's wall clock. A machine that was just made has none that is right, and certificates that are younger than
/// it thinks. Setting it by hand, as <c>date -s</c> does, makes the kernel hold it for unsynchronised
/// (kernel/time/ntp.c, ntp_clear): only a time service takes that back.
/// </summary>
internal static class GuestClock
{
    /// <summary>By hand, from this machine's clock.</summary>
    public static Task SetByHandAsync(VirtualGateway machine, TimeSpan off = default) =>
        machine.RunAsync(string.Create(
            CultureInfo.InvariantCulture, $"date -s @{(DateTimeOffset.UtcNow + off).ToUnixTimeSeconds()}"));

    /// <summary>By hand, to any moment: a clock without a battery, or one that somebody set wrong.</summary>
    public static Task SetByHandAsync(VirtualGateway machine, DateTimeOffset moment) =>
        machine.RunAsync(string.Create(CultureInfo.InvariantCulture, $"date -s @{moment.ToUnixTimeSeconds()}"));

    /// <summary>The word of a time service, as chrony gives it to the kernel; what the kernel says then.</summary>
    public static async Task<string> DeclareSynchronisedAsync(VirtualGateway machine) =>
        (await machine.RunAsync("/app/sluice-probe clock set")).Trim();

    /// <summary>Right, and known to be.</summary>
    public static async Task SetAsync(VirtualGateway machine)
    {
        await SetByHandAsync(machine);
        await DeclareSynchronisedAsync(machine);
    }
}
