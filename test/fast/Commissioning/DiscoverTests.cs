using System.Globalization;
using System.Text.Json;
using Sluice.Agent;
using Sluice.Agent.Commissioning.Discovery;
using Sluice.Agent.Commissioning.Discovery.Host;
using Sluice.Hal.Gpio.CharacterDevice;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Commissioning;

public sealed class DiscoverTests : AtAPanel
{
    private readonly SimulatedRtuDevice device = new();

    private string Port => Panel.Port.ToString(CultureInfo.InvariantCulture);

    public DiscoverTests()
        : base("signal,address,type\na,holding:0,uint16\n")
    {
    }

    [Fact]
    public async Task A_panel_is_found_out_on_one_connection_with_reads_only()
    {
        Panel.Responder.Identification = ["Weintek", "cMT", "2.1"];
        var said = await PanelAsync("--units", "1-2", "--json");

        Assert.Equal(ExitCode.Fine, said.Code);
        using var document = JsonDocument.Parse(said.Output);
        var unit = document.RootElement.GetProperty("units").EnumerateArray().Single();
        Assert.True(document.RootElement.GetProperty("complete").GetBoolean());
        Assert.Equal("Weintek", unit.GetProperty("identity").GetProperty("vendor").GetString());
        Assert.Equal(
            ["holding 0-65535", "input 0-9998", "coil 0-12799", "discrete"],
            unit.GetProperty("tables").EnumerateArray().Select(Ranges));
        Assert.Equal(1, Panel.Accepted);
        Assert.Subset(
            new HashSet<int> { 1, 2, 3, 4, 43 },
            Panel.Responder.RequestsByFunction.Keys.Select(each => (int)each).ToHashSet());
    }

    [Fact]
    public async Task The_draft_is_a_list_that_check_takes_as_it_is()
    {
        File.Delete(Gateway.ListPath);
        var said = await PanelAsync("--units", "1", "--profile", "weintek", "--out", Gateway.ListPath);
        var check = await Gateway.RunAsync("check", "--files-only", "--config", Gateway.Configuration);
        var again = await PanelAsync("--units", "1", "--addresses", "0-10", "--out", Gateway.ListPath);

        Assert.Equal(ExitCode.Fine, said.Code);
        Assert.Contains("LW/101,LW-101,uint16,1,", await File.ReadAllTextAsync(Gateway.ListPath),
            StringComparison.Ordinal);
        Assert.Contains("can run", check.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("warning", check.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Storage, again.Code);
        Assert.Contains("is there already", again.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_on_a_serial_line_is_found_out_after_the_line_was_listened_to()
    {
        device.Map.SetRegister(ModbusTable.HoldingRegister, 3, 77);
        device.Map.Forbid(ModbusTable.HoldingRegister, 10, 65535);
        var said = await Gateway.RunAsync(
            "discover", "modbus", "--port", device.Path, "--units", "5", "--tables", "holding", "--listen", "500 ms",
            "--timeout", "5 s", "--socket", Gateway.SocketPath);

        Assert.Equal(ExitCode.Fine, said.Code);
        Assert.Contains("Listening on", said.Error, StringComparison.Ordinal);
        Assert.Contains("Unit 5", said.Output, StringComparison.Ordinal);
        Assert.Contains("holding   0 to 9; ", said.Output, StringComparison.Ordinal);
        Assert.Contains(", 1 not 0", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_another_client_is_heard_on_the_bus_nothing_is_ever_sent()
    {
        await using var bus = new ScriptedSerialDevice();
        var discovering = Gateway.RunAsync(
            "discover", "modbus", "--port", bus.Path, "--units", "1", "--listen", "20 s", "--timeout", "5 s",
            "--socket", Gateway.SocketPath);
        var frame = new byte[RtuFramer.RequestBytesMax];
        var length = RtuFramer.WriteRequest(frame, new ReadRequest(9, ModbusTable.HoldingRegister, 40, 2));
        while (!discovering.IsCompleted)
        {
            await bus.SendAsync(frame.AsMemory(0, length), TestContext.Current.CancellationToken);
            await Task.WhenAny(discovering, Task.Delay(50, TestContext.Current.CancellationToken));
        }

        var said = await discovering;
        Assert.Equal(ExitCode.Unavailable, said.Code);
        Assert.Contains("nother Modbus client was heard", said.Output, StringComparison.Ordinal);
        Assert.Contains("0 requests", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_ends_it_with_what_was_found_until_then()
    {
        using var stop = new CancellationTokenSource();
        Panel.Responder.BeforeRead = (_, address, _) =>
        {
            if (address > 1000)
            {
                stop.Cancel();
            }
        };
        var client = new ModbusTcpClient(
            new ModbusTcpOptions { Address = System.Net.IPAddress.Loopback, Port = Panel.Port }, TimeProvider.System);
        await using (client)
        {
            var (reader, _) = Sluice.Agent.Commissioning.Asking.ModbusLinks.Polite(
                client, TimeSpan.Zero, TimeSpan.Zero, TimeProvider.System);
            var report = await new ModbusDiscovery(
                new DiscoveryWish { Device = "panel", Units = UnitScan.Of([1]) }, reader, client,
                new DiscoveryProgress(TextWriter.Null, isTerminal: true)).RunAsync(stop.Token);

            Assert.False(report.Complete);
            var table = Assert.Single(Assert.Single(report.Units).Tables);
            Assert.Equal(("holding", "unfinished"), (table.Table, table.Verdict));
            Assert.Equal(0, Assert.Single(table.Ranges).First);
        }
    }

    [Fact]
    public async Task It_asks_no_faster_than_it_was_told()
    {
        var began = TimeProvider.System.GetTimestamp();
        await PanelAsync("--units", "1", "--tables", "holding", "--addresses", "0-1250", "--rate", "50");

        // The clock of the test goes ten times as fast: 500 requests a second at most.
        Assert.True(
            TimeProvider.System.GetElapsedTime(began)
                >= TimeSpan.FromMilliseconds(2 * (Panel.Responder.Requests - 1)));
    }

    [Fact]
    public async Task All_that_is_wrong_with_the_command_is_said_at_once_and_no_name_is_looked_up()
    {
        var said = await Gateway.RunAsync(
            "discover", "modbus", "--host", "Panel.local", "--tcp-port", "0", "--units", "1-300",
            "--tables", "holdings", "--addresses", "9-3", "--rate", "1000", "--timeout", "5", "--profile", "siemens",
            "--port", "COM3", "--baud", "1", "--parity", "odd-ish");

        Assert.Equal(ExitCode.Usage, said.Code);
        foreach (var sentence in (string[])["no name is ever looked up", "--tcp-port", "--units", "--tables",
            "--addresses", "--rate", "--timeout", "--profile", "a port of Windows", "--baud", "--parity",
            "either --host"])
        {
            Assert.Contains(sentence, said.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Sensors_of_a_recorded_tree_are_listed_with_value_and_unit_and_make_a_list_that_check_takes()
    {
        var sys = Gateway.At("sys");
        Directory.CreateDirectory(Path.Combine(sys, "class/hwmon/hwmon0"));
        await File.WriteAllTextAsync(Path.Combine(sys, "class/hwmon/hwmon0/name"), "lm75\n");
        await File.WriteAllTextAsync(Path.Combine(sys, "class/hwmon/hwmon0/temp1_input"), "48500\n");
        await File.WriteAllTextAsync(Path.Combine(sys, "class/hwmon/hwmon0/temp1_label"), "Board, rear\n");
        using var board = new CommissionedGateway("\"kind\": \"sensors\"", "");
        File.Delete(board.ListPath);
        var said = await board.RunAsync("discover", "sensors", "--sys", sys, "--out", board.ListPath);
        var check = await board.RunAsync("check", "--files-only", "--config", board.Configuration);

        Assert.Equal(ExitCode.Fine, said.Code);
        Assert.Matches("hwmon:lm75/temp1  48.5 degC +Board, rear\n", said.Output);
        Assert.Contains(
            "hwmon/lm75/temp1,hwmon:lm75/temp1,float64,degC,\"Board, rear\"\n",
            await File.ReadAllTextAsync(board.ListPath), StringComparison.Ordinal);
        Assert.Contains("can run", check.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lines_of_a_chip_are_told_with_who_uses_them_and_the_free_ones_make_a_list_that_check_takes()
    {
        var chip = HostDiscovery.Describe(new FoundChip("/dev/gpiochip0", "pinctrl-bcm2711",
        [
            new FoundLine(0, "DI1", "", IsUsed: false, IsInput: true),
            new FoundLine(1, "DI2", "sluice-agent", IsUsed: true, IsInput: true),
            new FoundLine(2, "LED1", "", IsUsed: false, IsInput: false),
            new FoundLine(3, "", "", IsUsed: false, IsInput: true),
            new FoundLine(4, "17", "", IsUsed: false, IsInput: true),
        ], ""));
        var text = DiscoveryText.Render([chip]);
        using var line = new CommissionedGateway(
            "\"kind\": \"gpio\", \"chip\": \"/dev/gpiochip0\"", DraftList.OfGpio(chip));
        var check = await line.RunAsync("check", "--files-only", "--config", line.Configuration);

        Assert.Contains("(label:pinctrl-bcm2711), 5 lines, 3 free inputs", text, StringComparison.Ordinal);
        Assert.Contains("used by sluice-agent", text, StringComparison.Ordinal);
        Assert.Contains("LED1", text, StringComparison.Ordinal);
        Assert.Contains("an output: not to be watched", text, StringComparison.Ordinal);
        Assert.Equal(
            ["DI1,gpio:DI1,bool,DI1", "line3,gpio:3,bool,", "line4,gpio:4,bool,17"],
            (await File.ReadAllLinesAsync(line.ListPath)).Where(each => each.Contains(",bool,")));
        Assert.Contains("3 signals", check.Output, StringComparison.Ordinal);
    }

    private static string Ranges(JsonElement table) => string.Join(' ',
        (string[])[table.GetProperty("table").GetString()!, .. table.GetProperty("ranges").EnumerateArray().Select(
            range => $"{range.GetProperty("first")}-{range.GetProperty("last")}")]);

    private Task<Said> PanelAsync(params string[] arguments) => Gateway.RunAsync(
        ["discover", "modbus", "--host", "127.0.0.1", "--tcp-port", Port, "--rate", "50", "--timeout", "2 s",
            "--socket", Gateway.SocketPath, .. arguments]);

    private protected override ValueTask LeaveAsync() => device.DisposeAsync();
}
