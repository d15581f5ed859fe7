using System.Text.Json;
using Sluice.Agent;
using Sluice.Agent.Health;
using Sluice.Fast.Health;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Commissioning;

public sealed class LiveCheckTests : AtAPanel
{
    private const string List = "signal,address,type,unit\noil/temperature,LW-100,float32,degC\n"
        + "layout,LW-1,uint16,\nbeyond,input:9999,uint16,\n";

    private const string Golden = "signal,unitId,address,registers,shown,tolerance,taken\n"
        + "oil/temperature,1,holding:100,999A 428E,71.3,0.05,2026-05-04T08:30:00Z\n";

    public LiveCheckTests()
        : base(List)
    {
    }

    [Fact]
    public async Task Every_signal_is_read_once_on_one_connection_and_told_with_its_quality()
    {
        var said = await LookAsync();

        Assert.Equal(ExitCode.Unclear, said.Code);
        Assert.Matches("hmi1 .127.0.0.1:[0-9]+., 2 of 3 Good", said.Output);
        Assert.Matches(@"    oil/temperature  71.25 degC +Good\n", said.Output);
        Assert.Matches(@"  ! beyond +Bad/DeviceException\n", said.Output);
        Assert.Equal(1, Panel.Accepted);
        Assert.InRange(Panel.Responder.Requests, 2, 4);
    }

    [Fact]
    public async Task Where_all_is_Good_and_as_the_screen_showed_it_ends_well()
    {
        await File.WriteAllTextAsync(Gateway.ListPath, List.Replace("beyond,input:9999,uint16,\n", "",
            StringComparison.Ordinal));
        await File.WriteAllTextAsync(Gateway.GoldenPath, Golden);
        var said = await LookAsync();

        Assert.Equal(ExitCode.Fine, said.Code);
        Assert.Contains("reads 71.3 as the screen showed", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_order_that_was_edited_is_found_although_the_live_value_is_Good()
    {
        await File.WriteAllTextAsync(Gateway.ListPath, "signal,address,type,order\noil/temperature,LW-100,float32,"
            + "ABCD\n");
        await File.WriteAllTextAsync(Gateway.GoldenPath, Golden);
        Panel.Map.SetFloat(ModbusTable.HoldingRegister, 100, 71.25f);
        var said = await LookAsync("--json");

        Assert.Equal(ExitCode.Unclear, said.Code);
        using var document = JsonDocument.Parse(said.Output);
        var signal = document.RootElement.GetProperty("live")[0].GetProperty("signals")[0];
        Assert.True(signal.GetProperty("isGood").GetBoolean());
        Assert.False(signal.GetProperty("golden")[0].GetProperty("holds").GetBoolean());
    }

    [Fact]
    public async Task A_guard_has_the_time_that_it_was_given()
    {
        Panel.Responder.BeforeRead = (_, _, _) => Panel.Step();
        using var guarded = new CommissionedGateway(
            CommissionedGateway.Panel(Panel.Port)
                + ", \"guards\": [{ \"signal\": \"heartbeat\", \"changesWithin\": \"10 s\" }]",
            "signal,address,type\nheartbeat,LW-0,uint16\n");
        var moving = await LookAsync(guarded);
        Panel.Responder.BeforeRead = null;
        var still = await LookAsync(guarded);

        Assert.Equal(ExitCode.Fine, moving.Code);
        Assert.Equal(ExitCode.Unclear, still.Code);
        Assert.Contains("Uncertain/Stale", still.Output, StringComparison.Ordinal);
        Assert.Contains("its PLC may not run", still.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_panel_that_is_off_is_one_sentence_and_not_a_long_wait()
    {
        int port;
        await using (var off = new SimulatedPanel())
        {
            port = off.Port;
        }

        using var alone = new CommissionedGateway(CommissionedGateway.Panel(port), List);
        var said = await LookAsync(alone);

        Assert.Equal(ExitCode.Unclear, said.Code);
        Assert.Contains("refuses the connection", said.Output, StringComparison.Ordinal);
        Assert.Contains("0 of 3 Good", said.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("check", "--live")]
    [InlineData("find-order", "--source", "hmi1", "--address", "LW-100", "--shows", "71.3", "--once")]
    public async Task A_panel_that_the_running_agent_polls_is_left_alone_unless_asked_for(params string[] verb)
    {
        await using var agent = await StatusDoor.OpenAsync(Gateway.SocketPath, Report);
        var left = await Gateway.OnSourceAsync(TextReader.Null, verb[0], verb[1..]);
        Assert.Equal(0, Panel.Accepted);
        var beside = await Gateway.OnSourceAsync(TextReader.Null, verb[0], [.. verb[1..], "--beside-agent"]);

        Assert.Equal(ExitCode.Unavailable, left.Code);
        Assert.Contains("systemctl stop sluice-agent", left.All, StringComparison.Ordinal);
        Assert.Contains("--beside-agent", left.All, StringComparison.Ordinal);
        Assert.NotEqual(ExitCode.Unavailable, beside.Code);
        Assert.Equal(1, Panel.Accepted);
    }

    [Fact]
    public async Task A_bus_that_the_running_agent_holds_is_never_asked_beside_it()
    {
        await using var agent = await StatusDoor.OpenAsync(Gateway.SocketPath, Report);
        await using var device = new SimulatedRtuDevice();
        using var bus = new CommissionedGateway(
            $"\"kind\": \"modbus-rtu\", \"port\": \"{device.Path}\"", "signal,address,type\na,holding:0,uint16\n");
        var said = await bus.RunAsync(
            "check", "--live", "--beside-agent", "--config", bus.Configuration, "--socket", Gateway.SocketPath);

        Assert.Equal(ExitCode.Unavailable, said.Code);
        Assert.Contains("a bus takes one client", said.Output, StringComparison.Ordinal);
        Assert.Equal(0, device.Responder.Requests);
    }

    [Fact]
    public async Task A_source_that_is_not_there_is_named()
    {
        var said = await LookAsync("--source", "hmi9");
        Assert.Equal(ExitCode.Usage, said.Code);
        Assert.Contains("write hmi1", said.Output, StringComparison.Ordinal);
    }

    private Task<Said> LookAsync(params string[] arguments) => LookAsync(Gateway, arguments);

    private static Task<Said> LookAsync(CommissionedGateway at, params string[] arguments) =>
        at.OnSourceAsync(TextReader.Null, "check", ["--live", "--files-only", .. arguments]);

    private static StatusReport Report() => new()
    {
        Gateway = "gw-042",
        Version = "0.1.0",
        Now = DateTime.UnixEpoch,
        UptimeSeconds = 1,
        Configuration = new ConfigurationStatus(new string('a', 64), "file", []),
        Uplink = new UplinkStatus("connected", "", DateTime.UnixEpoch, 0, 0),
        Buffer = new BufferStatus("disk", "", 0, []),
        Sources = [new SourceStatus("hmi1", "connected", "", 1, 0, 0, "", 0, 0, 0, new Dictionary<string, long>())],
        Attention = [],
    };
}
