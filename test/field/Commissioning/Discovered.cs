using System.Globalization;
using System.Net;
using System.Text.Json;
using Sluice.Agent;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Field.Parts.Wires;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Field.Commissioning;

/// <summary>What <c>discover modbus</c> of the real binary finds out about devices that nobody here wrote.</summary>
public sealed class Discovered : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FieldDirectory directory = new();

    private static string Agent => FieldGateway.Binary("linux-x64");

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_server_of_pymodbus_is_found_out_with_its_ranges_and_that_it_answers_any_unit()
    {
        await using var machine = await PymodbusServer.StartAsync(directory);
        var draft = directory.At("draft.csv");
        using var report = await DiscoverAsync(
            "--host", "127.0.0.1", "--tcp-port", machine.Port.ToString(CultureInfo.InvariantCulture),
            "--addresses", "0-400", "--out", draft);

        Assert.True(report.RootElement.GetProperty("answersAnyUnit").GetBoolean());
        Assert.Equal(
            ["1 holding 0-99", "1 input 0-15", "1 coil 0-15", "1 discrete 0-15"], Tables(report));
        Assert.Contains("\nholding/26,holding:26,uint16,1,was 4660", await File.ReadAllTextAsync(draft));
    }

    [Fact]
    public async Task A_server_of_pymodbus_on_a_serial_line_is_found_out_after_the_line_was_quiet()
    {
        await using var cable = await SerialCable.StartAsync(directory);
        await using var machine = await PymodbusServer.StartOnSerialAsync(directory, cable.MachineEnd);
        using var report = await DiscoverAsync(
            "--port", cable.GatewayEnd, "--parity", "none", "--listen", "500 ms", "--units", "1-2",
            "--tables", "holding,coil", "--addresses", "0-200");

        Assert.Equal(
            ["1 holding 0-99", "1 coil 0-15", "2 holding 0-99", "2 coil 0-15"], Tables(report));
    }

    [Fact]
    public async Task Beside_mbpoll_on_the_same_bus_it_says_so_and_the_bus_carries_no_request_of_ours()
    {
        await using var bus = new SerialBus(2, unit => unit == 9);
        await using var foreign = ChildProcess.Start(
            "/usr/bin/mbpoll", ["-m", "rtu", "-b", "19200", "-P", "none", "-a", "9", "-r", "40", "-c", "2", "-l", "100",
                bus.Path(1)]);
        await Eventually.HoldsAsync(() => bus.RequestsOf(1) > 2, Patience, () => foreign.Tail());
        var (code, said) = await ChildProcess.RunAsync(
            Agent, "discover", "modbus", "--port", bus.Path(0), "--parity", "none", "--units", "1-9",
            "--socket", directory.At("none.sock"));
        var during = bus.RequestsOf(1);
        await Eventually.HoldsAsync(() => bus.RequestsOf(1) > during + 2, Patience, () => foreign.Tail());

        Assert.True(code == ExitCode.Unavailable, said);
        Assert.Contains("nother Modbus client was heard", said);
        Assert.Contains(", 0 requests", said);
        Assert.Equal(0, bus.RequestsOf(0));
    }

    [Fact]
    public async Task A_machine_that_the_running_agent_polls_is_left_alone_and_no_configuration_needs_to_be_read()
    {
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        plant.Gateway.Start();
        await plant.ServesAsync(3);
        string[] asked = ["discover", "modbus", "--host", "127.0.0.1",
            "--tcp-port", plant.Machine.Port.ToString(CultureInfo.InvariantCulture), "--units", "1",
            "--tables", "holding", "--addresses", "20-30", "--rate", "50", "--socket", plant.Gateway.Socket];
        var (left, why) = await ChildProcess.RunAsync(Agent, asked);
        var (beside, said) = await ChildProcess.RunAsync(Agent, [.. asked, "--beside-agent"]);

        Assert.True(left == ExitCode.Unavailable, why);
        Assert.Contains("as its source plc", why);
        Assert.True(beside == ExitCode.Fine, said);
        Assert.Equal(0, await plant.Gateway.StopAsync());
    }

    [Fact]
    public async Task Ctrl_C_in_the_middle_prints_what_was_found_and_leaves_a_draft_that_check_takes()
    {
        await using var panel = new ModbusTcpServer(IPAddress.Loopback, 0);
        panel.Map.SetRegister(ModbusTable.HoldingRegister, 3, 77);
        var list = directory.At("hmi1.csv");
        await using var terminal = await Terminal.StartAsync(
            directory, Agent, "discover", "modbus", "--host", "127.0.0.1",
            "--tcp-port", panel.Port.ToString(CultureInfo.InvariantCulture), "--units", "1", "--thorough",
            "--out", list, "--socket", directory.At("none.sock"));
        await terminal.SaysAsync("Unit 1 answers.", Patience);
        await terminal.SaysAsync("] unit 1, holding 1", Patience);
        await terminal.PressCtrlCAsync();
        await terminal.ExitAsync(Patience);

        Assert.True(terminal.ExitCode == ExitCode.Fine, terminal.Text);
        Assert.Contains("Ended early: this is what was found until then.", terminal.Text);
        Assert.Matches("holding +0 to [0-9]+; 125 at once, 1 not 0; not searched to its end", terminal.Text);
        Assert.Contains("holding/3,holding:3,uint16,1,was 77", await File.ReadAllTextAsync(list));

        await File.WriteAllTextAsync(directory.At("gateway.json"), $$"""
            { "gateway": { "site": "plant1", "id": "gw-042" },
              "broker": { "host": "mes-broker", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
              "sources": { "hmi1": { "kind": "modbus-tcp", "address": "127.0.0.1", "port": {{panel.Port}},
                "signals": "hmi1.csv" } } }
            """);
        var (code, said) = await ChildProcess.RunAsync(
            Agent, "check", "--files-only", "--config", directory.At("gateway.json"));
        Assert.True(code == ExitCode.Fine, said);
        Assert.Contains("can run", said);
        Assert.DoesNotContain("warning", said);
    }

    /// <summary>The report of a run that must end well.</summary>
    private async Task<JsonDocument> DiscoverAsync(params string[] arguments)
    {
        var (code, said) = await ChildProcess.RunAsync(
            Agent, ["discover", "modbus", "--json", "--rate", "50", "--socket", directory.At("none.sock"),
                .. arguments]);
        Assert.True(code == ExitCode.Fine, said);
        return JsonDocument.Parse(said[said.IndexOf("{\n", StringComparison.Ordinal)..(said.LastIndexOf('}') + 1)]);
    }

    private static IEnumerable<string> Tables(JsonDocument report) =>
        from unit in report.RootElement.GetProperty("units").EnumerateArray()
        from table in unit.GetProperty("tables").EnumerateArray()
        select $"{unit.GetProperty("unit")} {table.GetProperty("table")} "
            + string.Join(' ', table.GetProperty("ranges").EnumerateArray().Select(range =>
                $"{range.GetProperty("first")}-{range.GetProperty("last")}"));
}
