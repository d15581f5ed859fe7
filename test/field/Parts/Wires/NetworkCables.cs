using System.Globalization;

namespace Sluice.Field.Parts.Wires;

/// <summary>
/// A network namespace for the gateway with two cables out of it, as on the real thing: one to the machines, one to the
/// DMZ. There is no route between them and none to anywhere else. Addresses are of 198.18.0.0/15 (RFC 2544), which no
/// plant and no machine that builds uses.
/// </summary>
internal sealed class NetworkCables : IAsyncDisposable
{
    // From the process id, so that two runs on one machine lie beside each other.
    private static readonly int Run = Environment.ProcessId;

    private readonly string name = string.Create(CultureInfo.InvariantCulture, $"sl{Run % 1_000_000}");
    private readonly string machines = string.Create(CultureInfo.InvariantCulture, $"198.18.{Run % 256}");
    private readonly string dmz = string.Create(CultureInfo.InvariantCulture, $"198.19.{Run % 256}");

    private NetworkCables()
    {
    }

    public string MachineAddress => machines + ".1";

    public string BrokerAddress => dmz + ".1";

    public string BrokerNetwork => dmz + ".0/30";

    public string[] Exec => ["/usr/sbin/ip", "netns", "exec", name];

    private string MachineEnd => name + "m";

    private string BrokerEnd => name + "b";

    public static async Task<NetworkCables> LayAsync()
    {
        var cables = new NetworkCables();
        await IpAsync("netns", "add", cables.name);
        try
        {
            await cables.LayAsync(cables.MachineEnd, "ot0", cables.MachineAddress, cables.machines + ".2");
            await cables.LayAsync(cables.BrokerEnd, "dmz0", cables.BrokerAddress, cables.dmz + ".2");
            return cables;
        }
        catch
        {
            await cables.DisposeAsync();
            throw;
        }
    }

    /// <summary>The switch port in the DMZ goes dark: no packet passes, nobody is told.</summary>
    public Task PullBrokerAsync() => IpAsync("link", "set", BrokerEnd, "down");

    public Task PlugBrokerAsync() => IpAsync("link", "set", BrokerEnd, "up");

    // The ends outside go with the namespace, once its last process is gone; both are asked for, to be sure.
    public async ValueTask DisposeAsync()
    {
        await ChildProcess.RunAsync("/usr/sbin/ip", "link", "del", MachineEnd);
        await ChildProcess.RunAsync("/usr/sbin/ip", "link", "del", BrokerEnd);
        await ChildProcess.RunAsync("/usr/sbin/ip", "netns", "del", name);
    }

    private async Task LayAsync(string outside, string inside, string outsideAddress, string insideAddress)
    {
        await IpAsync("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name);
        await IpAsync("addr", "add", outsideAddress + "/30", "dev", outside);
        await IpAsync("link", "set", outside, "up");
        await IpAsync("-n", name, "addr", "add", insideAddress + "/30", "dev", inside);
        await IpAsync("-n", name, "link", "set", inside, "up");
    }

    private static async Task IpAsync(params string[] arguments)
    {
        var (code, said) = await ChildProcess.RunAsync("/usr/sbin/ip", arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {said}");
        }
    }
}
