using System.Globalization;
using System.Net;
using Sluice.Plant.Gateway;
using Sluice.Plant.Modbus;

namespace Sluice.Bench.Footprint;

/// <summary>
/// What an agent costs a small gateway: size on disk, memory, time to the first acknowledged reading, CPU per reading.
/// Everything runs on this machine, so broker and MES take their share of its cores, and the figures are upper bounds.
/// </summary>
internal static class AgentFootprint
{
    private const int Starts = 7;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(20);

    public static async Task PrintAsync(
        string agent, string gatewayTests, TextWriter output, TimeProvider clock, CancellationToken cancel)
    {
        var print = (string name, string figure) => output.WriteLine($"{name,-58}{figure}");
        Sizes.Print(print);
        SourceFile[] few = [Simulated("demo", 10, "1 s", "change")];
        foreach (var commitEvery in (string[])["50 ms", "1 s"])
        {
            var times = new List<TimeSpan>();
            for (var start = 0; start < Starts; start++)
            {
                await using var rig = await Rig.StartAsync(agent, commitEvery, few, clock, cancel);
                times.Add(rig.FirstAcknowledged);
            }

            print($"start to first acknowledged reading, commitEvery {commitEvery}", Invariant(
                $"{Median(times).TotalMilliseconds:0} ms median of {Starts} ")
                + Invariant($"({times.Min().TotalMilliseconds:0} to {times.Max().TotalMilliseconds:0})"));
        }

        await GatewayStart.PrintAsync(gatewayTests, print);
        SourceFile[] still = [Simulated("demo", 10, "60 s", "change")];
        await PrintRunAsync("idle (a source that is read once a minute)", agent, still, print, clock, cancel);
        await PrintRunAsync("10 readings/s, simulated", agent, few, print, clock, cancel);
        await PrintRunAsync(
            "1,000 readings/s, simulated", agent, [Simulated("demo", 100, "100 ms", "always")], print, clock, cancel);
        SourceFile[] many = [.. Enumerable.Range(0, 10).Select(
            source => Simulated(Invariant($"demo{source}"), 100, "100 ms", "always"))];
        await PrintRunAsync("10,000 readings/s, simulated", agent, many, print, clock, cancel);
        await using var machine = Machine();
        SourceFile[] polled = [Polled(machine.Port)];
        await PrintRunAsync("1,000 readings/s, Modbus TCP", agent, polled, print, clock, cancel);
    }

    private static async Task PrintRunAsync(
        string name,
        string agent,
        IReadOnlyList<SourceFile> sources,
        Action<string, string> print,
        TimeProvider clock,
        CancellationToken cancel)
    {
        await using var rig = await Rig.StartAsync(agent, "1 s", sources, clock, cancel);
        await Task.Delay(WarmUp, clock, cancel);
        var began = clock.GetTimestamp();
        var (before, first) = (rig.Figures, await rig.AskAsync(cancel));
        await Task.Delay(Measured, clock, cancel);
        var (after, last) = (rig.Figures, await rig.AskAsync(cancel));
        var took = clock.GetElapsedTime(began);
        var readings = last.Uplink.Acknowledged - first.Uplink.Acknowledged;
        var cpu = after.Cpu - before.Cpu;
        print($"{name}: resident", Invariant(
            $"{Sizes.Of(after.ResidentBytes)} (private {Sizes.Of(after.PrivateBytes)}, ")
            + Invariant($"peak {Sizes.Of(after.PeakBytes)}, {after.Threads} threads)"));
        print($"{name}: acknowledged", Invariant(
            $"{readings / took.TotalSeconds:0.0} readings/s, {last.Buffer.Waiting} waiting, ")
            + $"buffer on {last.Buffer.Storage}");
        print($"{name}: CPU", readings > 0
            ? Invariant($"{cpu.TotalMicroseconds / readings:0.0} us per reading, {100 * cpu / took:0.00} % of one core")
            : Invariant($"{100 * cpu / took:0.00} % of one core"));
    }

    private static SourceFile Simulated(string name, int signals, string every, string report) =>
        SourceFile.Simulated(name, [.. Enumerable.Range(0, signals).Select(
            index => Invariant($"signal/{index},counter,uint32,,,,,{report},,60 s,,,"))]) with { Every = every };

    private static SourceFile Polled(int port) => SourceFile.ModbusTcp("plc", port, [.. Enumerable.Range(0, 100).Select(
        index => Invariant($"word/{index},holding:{index},uint16,,,,,always,,60 s,,,"))]) with { Every = "100 ms" };

    private static ModbusTcpServer Machine()
    {
        var machine = new ModbusTcpServer(IPAddress.Loopback, 0);
        for (var address = 0; address < 100; address++)
        {
            machine.Map.SetRegister(Sluice.Hal.Modbus.ModbusTable.HoldingRegister, address, (ushort)(address * 7));
        }

        return machine;
    }

    private static TimeSpan Median(List<TimeSpan> times) => times.Order().ElementAt(times.Count / 2);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
