using System.Net;
using Sluice.Agent;
using Sluice.Field.Parts;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Field.Commissioning;

/// <summary>
/// What an installer does at a panel before the agent runs, with the real binary at a real terminal: the prompt, the
/// keys and Ctrl-C are those of a person.
/// </summary>
public sealed class Commissioned : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FieldDirectory directory = new();
    private readonly ModbusTcpServer panel = new(IPAddress.Loopback, 0);

    private static string Agent => FieldGateway.Binary("linux-x64");

    private string Configuration => directory.At("gateway.json");

    private string List => directory.At("hmi1.csv");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await panel.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task A_person_finds_the_order_while_the_value_moves_and_it_is_verified_and_guarded_from_then_on()
    {
        panel.Map.SetRegister(ModbusTable.HoldingRegister, 102, 9);
        panel.Map.SetInt32(ModbusTable.HoldingRegister, 100, 713, ByteOrder.CDAB);
        await WriteAsync(Source("hmi1", panel.Port));

        await using (var terminal = await Terminal.StartAsync(
            directory, Agent, "find-order", "--config", Configuration, "--source", "hmi1", "--address", "LW-100",
            "--shows", "713", "--write", "motor/speed", "--socket", directory.At("none.sock")))
        {
            await terminal.SaysAsync("713 is what", Patience);
            panel.Map.SetInt32(ModbusTable.HoldingRegister, 100, 70_000, ByteOrder.CDAB);
            await terminal.TypeAsync("70000");
            await terminal.SaysAsync("70000 is what", Patience);
            panel.Map.SetInt32(ModbusTable.HoldingRegister, 100, -5, ByteOrder.CDAB);
            await terminal.TypeAsync("-5");
            await terminal.ExitAsync(Patience);

            Assert.True(terminal.ExitCode == ExitCode.Fine, terminal.Text);
            Assert.Contains("What does the screen show now?", terminal.Text);
            Assert.Contains("-5 is what one way of", terminal.Text);
        }

        var list = await File.ReadAllTextAsync(List);
        Assert.EndsWith("motor/speed,LW-100,int32,CDAB\n", list);
        Assert.Contains("FFFB FFFF", await File.ReadAllTextAsync(directory.At("hmi1.golden.csv")));

        var (verified, said) = await CheckLiveAsync();
        Assert.True(verified == ExitCode.Fine, said);
        Assert.Matches("motor/speed +-5 +Good +reads 713, 70000, -5 as the screen showed", said);

        await File.WriteAllTextAsync(List, list.Replace("CDAB", "ABCD", StringComparison.Ordinal));
        var (edited, complaint) = await CheckLiveAsync();
        Assert.True(edited == ExitCode.Unclear, complaint);
        Assert.Matches("! motor/speed .*does not read what the screen showed", complaint);
    }

    [Fact]
    public async Task Ctrl_C_while_everything_is_read_is_not_taken_for_all_being_right()
    {
        await using var silent = new ModbusTcpServer(IPAddress.Loopback, 0) { Silent = true };
        await WriteAsync($"{Source("hmi1", panel.Port)}, {Source("hmi2", silent.Port)}, {Source("hmi3", panel.Port)}");
        await using var terminal = await Terminal.StartAsync(
            directory, Agent, "check", "--live", "--config", Configuration, "--socket", directory.At("none.sock"));
        await terminal.SaysAsync("hmi1 (127.0.0.1:", Patience);
        await Eventually.HoldsAsync(() => silent.Accepted > 0, Patience, () => terminal.Text);
        await terminal.PressCtrlCAsync();
        await terminal.ExitAsync(Patience);

        Assert.True(terminal.ExitCode == ExitCode.EndedEarly, $"{terminal.ExitCode}: {terminal.Text}");
        Assert.Contains("hmi1 (127.0.0.1:" + panel.Port + "), 1 of 1 Good", terminal.Text);
        Assert.Contains("hmi2 (127.0.0.1:" + silent.Port + "), not read to its end", terminal.Text);
        Assert.Contains("hmi3 (127.0.0.1:" + panel.Port + "), not read to its end", terminal.Text);
        Assert.Contains("Ended early: 1 of 3 sources were read", terminal.Text);
    }

    private static string Source(string name, int port) => $$"""
        "{{name}}": { "kind": "modbus-tcp", "address": "127.0.0.1", "port": {{port}}, "profile": "weintek",
          "timeout": "10 s", "every": "10 s", "signals": "hmi1.csv" }
        """;

    private async Task WriteAsync(string sources)
    {
        await File.WriteAllTextAsync(List, "signal,address,type\nheartbeat,LW-0,uint16\n");
        await File.WriteAllTextAsync(Configuration, $$"""
            { "gateway": { "site": "plant1", "id": "gw-042" },
              "broker": { "host": "mes-broker", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
              "sources": { {{sources}} } }
            """);
    }

    private Task<(int Code, string Text)> CheckLiveAsync() => ChildProcess.RunAsync(
        Agent, "check", "--live", "--config", Configuration, "--socket", directory.At("none.sock"));
}
