using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Wires;
using Xunit;

namespace Sluice.Field.Egress;

/// <summary>
/// The rules that the configuration makes, loaded by a real nft into the kernel of a gateway's own network namespace.
/// Each try is made by a process of the user in question, and the far end says what came.
/// </summary>
public sealed class The_firewall : IDisposable
{
    private const int Agent = 2990;
    private const int TimeService = 2991;
    private const int Root = 0;
    private const int TimePort = 123;
    private const int TalkerPort = 7777;

    private readonly FieldDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Lets_out_what_is_stated_and_says_when_somebody_has_opened_more()
    {
        await using var cables = await NetworkCables.LayAsync();
        using var broker = Listen(cables.BrokerAddress);
        using var other = Listen(cables.BrokerAddress);
        using var machine = Listen(cables.MachineAddress);
        using var clock = HearTime(cables.BrokerAddress);
        await WriteConfigurationAsync(cables, PortOf(broker), PortOf(machine));
        (int As, Socket To, bool IsStated)[] ways =
        [
            (Agent, broker, true), (Agent, machine, true), (Agent, other, false),
            (TimeService, broker, false), (Root, broker, false), (Root, machine, false),
        ];

        // The positive control: without rules every way is open, so what is shut below is shut by the rules.
        Assert.Equal(69, (await FirewallAsync(cables, "check")).Code);
        await EachAsync(cables, ways, _ => true);
        Assert.True(await TimeComesAsync(cables, clock, Agent));

        var (code, said) = await FirewallAsync(cables, "apply");
        Assert.True(code == 0, said);
        Assert.Contains("3 flows", said, StringComparison.Ordinal);
        await EachAsync(cables, ways, way => way.IsStated);
        Assert.True(await TimeComesAsync(cables, clock, TimeService));
        Assert.False(await TimeComesAsync(cables, clock, Agent));
        Assert.False(await TimeComesAsync(cables, clock, Root));
        (code, said) = await FirewallAsync(cables, "check");
        Assert.True(code == 0, said);

        // Somebody opens the host behind the configuration's back.
        Assert.Equal(0, (await InsideAsync(
            cables, "/usr/sbin/nft", "insert", "rule", "inet", "sluice", "agent", "accept")).Code);
        await EachAsync(cables, [(Agent, other, true)], way => way.IsStated);
        (code, said) = await FirewallAsync(cables, "check");
        Assert.Equal(65, code);
        Assert.Contains("nobody stated", said, StringComparison.Ordinal);

        // Rules that nft does not understand change nothing: it is one transaction.
        Assert.Equal(0, (await FirewallAsync(cables, "apply")).Code);
        await File.WriteAllTextAsync(
            directory.At("broken.nft"), "delete table inet sluice\ntable inet sluice { chain output { accept x } }\n");
        Assert.NotEqual(0, (await InsideAsync(cables, "/usr/sbin/nft", "-f", directory.At("broken.nft"))).Code);
        await EachAsync(cables, ways, way => way.IsStated);
    }

    [Fact]
    public async Task Lets_nothing_out_that_the_agent_would_tell_somebody_who_calls_it()
    {
        await using var cables = await NetworkCables.LayAsync();
        using var broker = Listen(cables.BrokerAddress);
        await WriteConfigurationAsync(cables, PortOf(broker), 502);
        var gatewayEnd = cables.BrokerAddress[..^1] + "2";
        await using var talker = ChildProcess.Start(
            cables.Exec[0],
            [.. cables.Exec[1..], "/usr/bin/setpriv", "--reuid", Number(Agent), "--clear-groups", "/usr/bin/socat",
                $"TCP-LISTEN:{TalkerPort},fork,reuseaddr", "SYSTEM:echo secret"]);

        await Eventually.HoldsAsync(
            async () => await HearAsync(gatewayEnd) == "secret\n", TimeSpan.FromSeconds(20),
            () => "without rules it was not heard either");
        Assert.Equal(0, (await FirewallAsync(cables, "apply")).Code);
        Assert.Equal("", await HearAsync(gatewayEnd));
    }

    [Fact]
    public async Task Leaves_the_agents_own_work_alone()
    {
        await using var plant = await FieldPlant.StartAsync();
        await using var cables = await plant.LayCablesAsync();
        plant.Configure(plant.Configuration with { Interface = NetworkCables.BrokerCard });
        string[] asAgent = ["/usr/bin/setpriv", "--reuid", Number(Agent), "--clear-groups"];
        await using var gateway = new FieldGateway(plant.Directory) { Inside = [.. cables.Exec, .. asAgent] };
        Assert.Equal(0, (await ChildProcess.RunAsync("/bin/chown", "-R", Number(Agent), plant.Directory.Root)).Code);
        var (code, said) = await FirewallAsync(cables, "apply", gateway.ConfigurationFile);
        Assert.True(code == 0, said);

        gateway.Start();
        await plant.ServesAsync(gateway, 20);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, gateway);
        (code, said) = await FirewallAsync(cables, "check", gateway.ConfigurationFile);
        Assert.True(code == 0, said);
    }

    private static async Task EachAsync(
        NetworkCables cables, (int As, Socket To, bool IsStated)[] ways,
        Func<(int As, Socket To, bool IsStated), bool> isOpen)
    {
        foreach (var way in ways)
        {
            var (reached, said) = await ReachAsync(cables, way.As, way.To);
            Assert.True(reached == isOpen(way), $"user {way.As} to {way.To.LocalEndPoint}: {reached}. {said}");
        }
    }

    /// <summary>True where the far end got the connection; what the near end thinks of it must be the same.</summary>
    private static async Task<(bool Reached, string Said)> ReachAsync(NetworkCables cables, int user, Socket to)
    {
        var (code, said) = await AsAsync(cables, user, $"exec 3<>/dev/tcp/{Path((IPEndPoint)to.LocalEndPoint!)}");
        var came = to.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectRead);
        if (came)
        {
            (await to.AcceptAsync()).Dispose();
        }

        Assert.Equal(came, code == 0);
        return (came, said);
    }

    private static async Task<bool> TimeComesAsync(NetworkCables cables, Socket clock, int user)
    {
        await AsAsync(cables, user, $"echo what time is it >/dev/udp/{Path((IPEndPoint)clock.LocalEndPoint!)}");
        if (!clock.Poll(TimeSpan.FromMilliseconds(200), SelectMode.SelectRead))
        {
            return false;
        }

        clock.Receive(new byte[64]);
        return true;
    }

    /// <summary>What somebody outside hears who connects to the gateway; nothing where nobody even answers.</summary>
    private static async Task<string> HearAsync(string gatewayEnd)
    {
        using var caller = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        try
        {
            await caller.ConnectAsync(IPAddress.Parse(gatewayEnd), TalkerPort, bound.Token);
            var heard = new byte[64];
            return Encoding.UTF8.GetString(heard, 0, await caller.ReceiveAsync(heard, bound.Token));
        }
        catch (Exception silence) when (silence is SocketException or OperationCanceledException)
        {
            return "";
        }
    }

    private async Task WriteConfigurationAsync(NetworkCables cables, int brokerPort, int machinePort)
    {
        await File.WriteAllTextAsync(directory.At("plc.csv"), "signal,address,type\ncount,holding:0,uint16\n");
        await File.WriteAllTextAsync(directory.At("gateway.json"), $$"""
            {
              "gateway": { "site": "plant1", "id": "gw-1" },
              "broker": { "host": "broker", "addresses": ["{{cables.BrokerAddress}}"], "port": {{brokerPort}},
                          "network": "{{cables.BrokerNetwork}}" },
              "time": { "servers": ["{{cables.BrokerAddress}}"] },
              "identity": { "directory": "{{directory.At("identity")}}" },
              "buffer": { "directory": "{{directory.At("buffer")}}" },
              "sources": { "plc": { "kind": "modbus-tcp", "address": "{{cables.MachineAddress}}",
                                    "port": {{machinePort}}, "signals": "plc.csv" } }
            }
            """);
    }

    private Task<(int Code, string Said)> FirewallAsync(NetworkCables cables, string verb) =>
        FirewallAsync(cables, verb, directory.At("gateway.json"));

    private static Task<(int Code, string Said)> FirewallAsync(
        NetworkCables cables, string verb, string configuration) => InsideAsync(
        cables, FieldGateway.Binary("linux-x64"), "firewall", verb, "--config", configuration, "--user", Number(Agent),
        "--time-user", Number(TimeService));

    private static Task<(int Code, string Said)> AsAsync(NetworkCables cables, int user, string line) => InsideAsync(
        cables, "/usr/bin/setpriv", "--reuid", Number(user), "--clear-groups", "/usr/bin/timeout", "5", "/bin/bash",
        "-c", line);

    private static Task<(int Code, string Said)> InsideAsync(NetworkCables cables, params string[] arguments) =>
        ChildProcess.RunAsync(cables.Exec[0], [.. cables.Exec[1..], .. arguments]);

    private static Socket Listen(string address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        socket.Listen();
        return socket;
    }

    private static Socket HearTime(string address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(address), TimePort));
        return socket;
    }

    private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    private static string Path(IPEndPoint end) => $"{end.Address}/{Number(end.Port)}";

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
