using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sluice.Agent;
using Sluice.Agent.Health;
using Sluice.Fast.Health;
using Sluice.Plant.Gateway;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Commissioning;

/// <summary>Who commissions asks the running agent what it holds, and believes its device and not its names.</summary>
public sealed class RunningAgentTests : AtAPanel
{
    private const string List = "signal,address,type\na,holding:0,uint16\n";

    private string Port => Panel.Port.ToString(CultureInfo.InvariantCulture);

    public RunningAgentTests()
        : base(List)
    {
    }

    [Fact]
    public async Task Discovery_without_a_configuration_leaves_alone_what_the_running_agent_polls()
    {
        File.Delete(Gateway.Configuration);
        await using var agent = await StatusDoor.OpenAsync(Gateway.SocketPath, () => Report("panel", "127.0.0.1:502"));
        var left = await DiscoverAsync();
        Assert.Equal(0, Panel.Accepted);
        var beside = await DiscoverAsync("--beside-agent");

        Assert.Equal(ExitCode.Unavailable, left.Code);
        Assert.Contains("as its source panel", left.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Fine, beside.Code);
    }

    [Theory]
    [InlineData("127.0.0.2:502")]
    [InlineData("/dev/ttyS1")]
    [InlineData("")]
    public async Task What_the_running_agent_does_not_poll_may_be_discovered(string device)
    {
        await using var agent = await StatusDoor.OpenAsync(Gateway.SocketPath, () => Report("hmi1", device));
        Assert.Equal(ExitCode.Fine, (await DiscoverAsync()).Code);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task Behind_a_converter_each_port_is_a_bus_of_its_own(int apart, bool isRefused)
    {
        var port = FreePort.Next();
        await using var agent = await StatusDoor.OpenAsync(
            Gateway.SocketPath, () => Report("drives", $"127.0.0.1:{port + apart}"));
        var said = await Gateway.RunAsync(
            "discover", "modbus", "--host", "127.0.0.1", "--tcp-port", port.ToString(CultureInfo.InvariantCulture),
            "--rtu", "--units", "1", "--beside-agent", "--socket", Gateway.SocketPath);

        Assert.Equal(isRefused, said.Error.Contains("a bus takes one client", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_port_is_the_same_by_whatever_link_it_was_named()
    {
        await using var device = new SimulatedRtuDevice();
        var link = Gateway.At("by-path");
        File.CreateSymbolicLink(link, device.Path);
        await using var agent = await StatusDoor.OpenAsync(Gateway.SocketPath, () => Report("drives", device.Path));
        var said = await Gateway.RunAsync(
            "discover", "modbus", "--port", link, "--units", "1", "--socket", Gateway.SocketPath);

        Assert.Equal(ExitCode.Unavailable, said.Code);
        Assert.Contains("holds " + link + " for its source drives", said.Error, StringComparison.Ordinal);
        Assert.Equal(0, device.Responder.Requests);
    }

    [Fact]
    public async Task A_source_that_was_given_another_name_since_the_agent_started_is_still_its_device()
    {
        await using var agent = await StatusDoor.OpenAsync(
            Gateway.SocketPath, () => Report("former-name", "127.0.0.1:" + Port));
        var said = await Gateway.OnSourceAsync(TextReader.Null, "check", "--live", "--files-only");

        Assert.Equal(ExitCode.Unavailable, said.Code);
        Assert.Contains("as its source former-name", said.Output, StringComparison.Ordinal);
        Assert.Equal(0, Panel.Accepted);
    }

    [Fact]
    public async Task Where_somebody_answers_and_it_is_not_understood_nothing_is_asked()
    {
        using var door = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        door.Bind(new UnixDomainSocketEndPoint(Gateway.SocketPath));
        door.Listen();
        var discovering = DiscoverAsync();
        (await door.AcceptAsync(TestContext.Current.CancellationToken)).Dispose();
        var said = await discovering;

        Assert.Equal(ExitCode.Unavailable, said.Code);
        Assert.Contains("cannot be told", said.Error, StringComparison.Ordinal);
        Assert.Equal(0, Panel.Accepted);
    }

    [Fact]
    public async Task What_an_agent_that_died_left_behind_keeps_nobody_from_asking()
    {
        await File.WriteAllTextAsync(Gateway.SocketPath, "");
        Assert.Equal(ExitCode.Fine, (await DiscoverAsync()).Code);
    }

    private Task<Said> DiscoverAsync(params string[] more) => Gateway.RunAsync(
        ["discover", "modbus", "--host", IPAddress.Loopback.ToString(), "--tcp-port", Port, "--units", "1",
            "--tables", "holding", "--addresses", "0-9", "--rate", "50", "--timeout", "2 s",
            "--socket", Gateway.SocketPath, .. more]);

    private static StatusReport Report(string source, string device) => new()
    {
        Gateway = "gw-042",
        Version = "0.1.0",
        Now = DateTime.UnixEpoch,
        UptimeSeconds = 1,
        Configuration = new ConfigurationStatus(new string('a', 64), "file", []),
        Uplink = new UplinkStatus("connected", "", DateTime.UnixEpoch, 0, 0),
        Buffer = new BufferStatus("disk", "", 0, []),
        Sources =
        [
            new SourceStatus(source, "connected", "", 1, 0, 0, "", 0, 0, 0, new Dictionary<string, long>())
            {
                Device = device,
            },
        ],
        Attention = [],
    };
}
