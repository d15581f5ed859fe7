using System.Globalization;
using System.Net;

namespace Sluice.Plant.Modbus;

/// <summary>
/// <c>sluice-plant panel</c>: a simulated panel by itself, at an address of its own, until it is ended. Prints
/// "listening" once it serves.
/// </summary>
internal static class PanelCommand
{
    public const string Usage = "sluice-plant panel ADDRESS PORT";

    private static readonly TimeSpan Cycle = TimeSpan.FromMilliseconds(100);

    // More than a panel of the real kind takes: beside the agent others try its port.
    private const int ConnectionsMax = 16;

    public static async Task<int> RunAsync(string address, string port, TimeProvider clock)
    {
        await using var panel = new SimulatedPanel(
            ConnectionsMax, IPAddress.Parse(address), int.Parse(port, CultureInfo.InvariantCulture));
        Console.WriteLine("listening");
        using var cycle = new PeriodicTimer(Cycle, clock);
        while (await cycle.WaitForNextTickAsync())
        {
            panel.Step();
        }

        return 0;
    }
}
