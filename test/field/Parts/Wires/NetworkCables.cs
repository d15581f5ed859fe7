using System.Globalization;

namespace Sluice.Field.Parts.Wires;

/// <summary>
/// A network namespace for the gateway with two cables out of it, as on the real thing: one to the machines, one to the
/// DMZ. There is no route between them and none to anywhere else. Addresses are of 198.18.0.0/15 (RFC 2544), which no
/// plant and no machine that builds uses.
/// </summary>
internal sealed class NetworkCables : IAsyncDisposable
{
    /// <summary>The gateway's cards, to the broker and to the machines.</summary>
    public const string BrokerCard = "dmz0";

    public const string MachineCard = "ot0";

    private const string Nobody = "02:00:00:00:00:01";

    // From the process id, so that two runs on one machine lie beside each other; and counted, as tests run beside each
    // other.
    private static int laid = Environment.ProcessId;

    private readonly string name;
    private readonly string machines;
    private readonly string dmz;

    private NetworkCables()
    {
        var number = Interlocked.Increment(ref laid);
        name = string.Create(CultureInfo.InvariantCulture, $"sl{number % 1_000_000}");
        machines = string.Create(CultureInfo.InvariantCulture, $"198.18.{number % 256}");
        dmz = string.Create(CultureInfo.InvariantCulture, $"198.19.{number % 256}");
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
            await cables.LayAsync(cables.MachineEnd, MachineCard, cables.MachineAddress, cables.machines + ".2");
            await cables.LayAsync(cables.BrokerEnd, BrokerCard, cables.BrokerAddress, cables.dmz + ".2");
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

    /// <summary>
    /// The carrier stays and packets vanish in both directions, as behind a switch that forgot where we are: each end
    /// believes that the other has the hardware address of nobody.
    /// </summary>
    public async Task SilenceBrokerAsync()
    {
        await IpAsync("neigh", "replace", dmz + ".2", "lladdr", Nobody, "dev", BrokerEnd, "nud", "permanent");
        await IpAsync(
            "-n", name, "neigh", "replace", BrokerAddress, "lladdr", Nobody, "dev", BrokerCard, "nud", "permanent");
    }

    /// <summary>Runs ip in the gateway's namespace: what an administrator, or a thief, may do to its cards.</summary>
    public Task InsideAsync(params string[] arguments) => IpAsync(["-n", name, .. arguments]);

    public async Task HearBrokerAsync()
    {
        await IpAsync("neigh", "del", dmz + ".2", "dev", BrokerEnd);
        await IpAsync("-n", name, "neigh", "del", BrokerAddress, "dev", BrokerCard);
    }

    /// <summary>
    /// So many bytes a second and no more, in each direction; what does not fit waits two seconds and is dropped then.
    /// </summary>
    public async Task ThinBrokerAsync(int bytesPerSecond)
    {
        string[] bucket =
        [
            "root", "tbf", "rate", string.Create(CultureInfo.InvariantCulture, $"{bytesPerSecond * 8}bit"),
            "burst", "4kb", "latency", "2s",
        ];
        await RunAsync("/usr/sbin/tc", ["qdisc", "replace", "dev", BrokerEnd, .. bucket]);
        await RunAsync("/usr/sbin/tc", ["-n", name, "qdisc", "replace", "dev", BrokerCard, .. bucket]);
    }

    public async Task WidenBrokerAsync()
    {
        await RunAsync("/usr/sbin/tc", "qdisc", "del", "dev", BrokerEnd, "root");
        await RunAsync("/usr/sbin/tc", "-n", name, "qdisc", "del", "dev", BrokerCard, "root");
    }

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

    private static Task IpAsync(params string[] arguments) => RunAsync("/usr/sbin/ip", arguments);

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var (code, said) = await ChildProcess.RunAsync(program, arguments);
        if (code != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {said}");
        }
    }
}
