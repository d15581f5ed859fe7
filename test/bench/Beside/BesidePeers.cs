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
/// The agent and other programs in turn: the same server, registers, broker, subscriber and seconds, in one run, so
/// that what else this machine does falls on all of them. CPU is told relative to the first peer's.
/// </summary>
internal sealed class BesidePeers(
    string agent, IReadOnlyList<IPeer> peers, UplinkRig rig, TextWriter output, TimeProvider clock)
{
    private const int Registers = 100;
    private const int Rounds = 3;

    /// <summary>Long enough for a compiler that works while the program runs.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(20);

    private readonly record struct Turn(double Readings, double Microseconds, long ResidentBytes);

    public static async Task PrintAsync(
        string agent, TextWriter output, TimeProvider clock, CancellationToken cancel)
    {
        var (nodeRed, absence) = await NodeRed.PrepareAsync();
        IPeer[] peers = nodeRed is null ? [new Collectd()] : [new Collectd(), nodeRed];
        await using var rig = await UplinkRig.StartAsync(clock, cancel);
        await new BesidePeers(agent, peers, rig, output, clock).RunAsync(cancel);
        if (nodeRed is null)
        {
            output.WriteLine($"  {absence}");
        }
    }

    private async Task RunAsync(CancellationToken cancel)
    {
        await using var machine = new ModbusTcpServer(IPAddress.Loopback, 0);
        for (var address = 0; address < Registers; address++)
        {
            machine.Map.SetRegister(ModbusTable.HoldingRegister, address, (ushort)(address * 7));
        }

        var table = new Table(
            output, Figures.Of($"Beside other programs: {Registers} holding registers by Modbus TCP, ")
                + Figures.Of($"{Measured.TotalSeconds} s in turn, median of {Rounds}"),
            "every", "program", "readings/s", "CPU us/reading", "resident MiB", $"CPU of {peers[0].Name}'s");
        foreach (var every in (TimeSpan[])[TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(100)])
        {
            List<Turn>[] turns = [.. Enumerable.Range(0, peers.Count + 1).Select(_ => new List<Turn>())];
            for (var round = 0; round < Rounds; round++)
            {
                for (var each = 0; each < turns.Length; each++)
                {
                    turns[each].Add(each < peers.Count
                        ? await PeerAsync(peers[each], machine.Port, every, cancel)
                        : await AgentAsync(machine.Port, every, cancel));
                }
            }

            for (var each = 0; each < turns.Length; each++)
            {
                var cpu = Median(turns[each], turn => turn.Microseconds);
                table.Row(
                    $"{every.TotalSeconds:0.0} s", $"{(each < peers.Count ? peers[each].Name : "sluice-agent")}",
                    $"{Median(turns[each], turn => turn.Readings):0}", $"{cpu:0}",
                    $"{Median(turns[each], turn => turn.ResidentBytes) / (1 << 20):0.0}",
                    $"{cpu / Median(turns[0], turn => turn.Microseconds):0.00}");
            }
        }

        table.Print();
        foreach (var line in peers.SelectMany(peer => peer.Words).Concat(OfTheAgent))
        {
            output.WriteLine($"  {line}");
        }
    }

    private static string[] OfTheAgent =>
    [
        "sluice-agent asks for them in blocks, stores each value on the disk, and sends what a second brought in few",
        "messages, again and again until they are acknowledged.",
    ];

    private async Task<Turn> PeerAsync(IPeer peer, int server, TimeSpan every, CancellationToken cancel)
    {
        await using var process = await peer.StartAsync(rig, server, Registers, every);
        await Eventually.HoldsAsync(
            () => rig.Receiver.Others > 0, TimeSpan.FromSeconds(60), () => $"{peer.Name}:\n{process.Tail()}");
        await Task.Delay(WarmUp, clock, cancel);
        var (before, began, first) = (ProcessFigures.Of(process.Id), clock.GetTimestamp(), rig.Receiver.Others);
        await Task.Delay(Measured, clock, cancel);
        var after = ProcessFigures.Of(process.Id);
        var turn = Of(before, after, rig.Receiver.Others - first, clock.GetElapsedTime(began));
        await process.TerminateAsync(TimeSpan.FromSeconds(20));
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
