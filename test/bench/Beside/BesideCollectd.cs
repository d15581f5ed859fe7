using System.Net;
using Sluice.Bench.Buffer;
using Sluice.Bench.Footprint;
using Sluice.Bench.Modbus;
using Sluice.Bench.Uplink;
using Sluice.Field.Parts;
using Sluice.Hal.Modbus;
using Sluice.Plant.Gateway;
using Sluice.Plant.Modbus;

namespace Sluice.Bench.Beside;

/// <summary>
/// The agent and collectd in turn: the same server, registers, broker, subscriber and seconds, in one run, so that what
/// else this machine does falls on both.
/// </summary>
internal sealed class BesideCollectd(string agent, UplinkRig rig, TextWriter output, TimeProvider clock)
{
    private const int Registers = 100;
    private const int Rounds = 3;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(30);

    private readonly record struct Turn(double Readings, double Microseconds, long ResidentBytes);

    public static async Task PrintAsync(
        string agent, TextWriter output, TimeProvider clock, CancellationToken cancel)
    {
        await using var rig = await UplinkRig.StartAsync(clock, cancel);
        await new BesideCollectd(agent, rig, output, clock).RunAsync(cancel);
    }

    private async Task RunAsync(CancellationToken cancel)
    {
        await using var machine = new ModbusTcpServer(IPAddress.Loopback, 0);
        for (var address = 0; address < Registers; address++)
        {
            machine.Map.SetRegister(ModbusTable.HoldingRegister, address, (ushort)(address * 7));
        }

        var table = new Table(
            output, Figures.Of($"Beside collectd: {Registers} holding registers by Modbus TCP, ")
                + Figures.Of($"{Measured.TotalSeconds} s in turn, median of {Rounds}"),
            "every", "program", "readings/s", "CPU us/reading", "resident MiB", "CPU of collectd's");
        foreach (var every in (TimeSpan[])[TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100)])
        {
            var (ours, theirs) = (new List<Turn>(), new List<Turn>());
            for (var round = 0; round < Rounds; round++)
            {
                theirs.Add(await CollectdAsync(machine.Port, every, cancel));
                ours.Add(await AgentAsync(machine.Port, every, cancel));
            }

            var limit = Median(theirs, turn => turn.Microseconds);
            Row("collectd", theirs);
            Row("sluice-agent", ours);

            void Row(string name, List<Turn> turns) => table.Row(
                $"{every.TotalSeconds:0.0} s", $"{name}", $"{Median(turns, turn => turn.Readings):0}",
                $"{Median(turns, turn => turn.Microseconds):0}",
                $"{Median(turns, turn => turn.ResidentBytes) / (1 << 20):0.0}",
                $"{Median(turns, turn => turn.Microseconds) / limit:0.00}");
        }

        table.Print();
        output.WriteLine(
            "  collectd asks for each register by itself, sends a message for each value, and stores nothing.");
    }

    private async Task<Turn> CollectdAsync(int server, TimeSpan every, CancellationToken cancel)
    {
        await using var collectd = await CollectdRun.StartAsync(rig, server, Registers, every);
        await Eventually.HoldsAsync(
            () => rig.Receiver.Others > 0, TimeSpan.FromSeconds(30), () => collectd.Tail());
        await Task.Delay(WarmUp, clock, cancel);
        var (before, began, first) = (ProcessFigures.Of(collectd.Id), clock.GetTimestamp(), rig.Receiver.Others);
        await Task.Delay(Measured, clock, cancel);
        var after = ProcessFigures.Of(collectd.Id);
        var turn = Of(before, after, rig.Receiver.Others - first, clock.GetElapsedTime(began));
        await collectd.TerminateAsync(TimeSpan.FromSeconds(20));
        rig.Receiver.ForgetOthers();
        return turn;
    }

    private async Task<Turn> AgentAsync(int server, TimeSpan every, CancellationToken cancel)
    {
        var source = SourceFile.ModbusTcp("plc", server, [.. Enumerable.Range(0, Registers).Select(
            index => Figures.Of($"w{index},holding:{index},uint16,,,,,always,,60 s,,,"))]) with
        {
            Every = Figures.Of($"{every.TotalMilliseconds} ms"),
        };
        await using var running =
            await rig.StartAgentAsync(agent, rig.Wish("1 s", "none", source), withBacklog: false, cancel);
        await Task.Delay(WarmUp, clock, cancel);
        var (before, began, first) = (running.Figures, clock.GetTimestamp(), await running.AskAsync(cancel));
        await Task.Delay(Measured, clock, cancel);
        var (after, last) = (running.Figures, await running.AskAsync(cancel));
        return Of(
            before, after, last.Uplink.Acknowledged - first.Uplink.Acknowledged, clock.GetElapsedTime(began));
    }

    private static Turn Of(ProcessFigures before, ProcessFigures after, long readings, TimeSpan took) => new(
        readings / took.TotalSeconds, (after.Cpu - before.Cpu).TotalMicroseconds / readings, after.ResidentBytes);

    private static double Median(List<Turn> turns, Func<Turn, double> of) => Figures.Median(turns.Select(of));
}
