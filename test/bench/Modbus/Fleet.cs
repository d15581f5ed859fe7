using System.Diagnostics;
using System.Net;
using Sluice.Agent.Sampling;
using Sluice.Bench.Footprint;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;

namespace Sluice.Bench.Modbus;

/// <summary>
/// 200 devices of 50 signals each second: simulated devices in one process, and in this one ModbusSource driven by
/// PollSchedule as the agent's Sampler drives it, without buffer and uplink. All are due at the same moment, which is
/// the worst case.
/// </summary>
internal static class Fleet
{
    private const int Devices = 200;
    private const int Signals = 50;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(12);

    /// <summary>The other process: prints the ports, and serves until its input ends.</summary>
    public static async Task ServeAsync()
    {
        var servers = Enumerable.Range(0, Devices).Select(_ => new ModbusTcpServer(IPAddress.Loopback, 0)).ToArray();
        await Console.Out.WriteLineAsync(string.Join(' ', servers.Select(server => Figures.Of($"{server.Port}"))));
        await Console.In.ReadToEndAsync();
        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }
    }

    public static async Task PrintAsync(TextWriter output, TimeProvider clock)
    {
        await using var plant = await NativePeer.StartAsync(Environment.ProcessPath!, "modbus-devices");
        var ports = plant.FirstLine.Split(' ').Select(port => int.Parse(port, Figures.Plain)).ToArray();
        var origin = clock.GetTimestamp();
        using var stop = new CancellationTokenSource();
        var runs = ports.Select(port => new DeviceRun(port, clock, origin)).ToArray();
        var running = runs.Select(run => run.RunAsync(stop.Token)).ToArray();
        await Task.Delay(WarmUp, clock, CancellationToken.None);
        using var process = Process.GetCurrentProcess();
        var (cpu, from) = (process.TotalProcessorTime, clock.GetElapsedTime(origin));
        await Task.Delay(Measured, clock, CancellationToken.None);
        process.Refresh();
        var (spent, until) = (process.TotalProcessorTime - cpu, clock.GetElapsedTime(origin));
        var figures = ProcessFigures.Of(Environment.ProcessId);
        await stop.CancelAsync();
        await Task.WhenAll(running);
        var cycles = runs.SelectMany(run => run.Cycles).Where(each => each.Due >= from && each.Due < until).ToArray();
        await output.WriteLineAsync(Figures.Of($"{Devices} devices x {Signals} signals each second over Modbus TCP, ")
            + Figures.Of($"{Measured.TotalSeconds:0} s, this process with ModbusSource and PollSchedule"));
        var good = cycles.Sum(each => each.Good) / (until - from).TotalSeconds;
        await output.WriteLineAsync(Figures.Of($"readings/s, good           {good,10:N0} of {Devices * Signals:N0}"));
        var share = 100 * spent / (until - from);
        await output.WriteLineAsync(Figures.Of($"CPU                        {share,10:F2} % of one core, ")
            + Figures.Of($"{spent.TotalMicroseconds / Math.Max(1, cycles.Length):F0} us a device and cycle"));
        Print(output, "a cycle begins late by", cycles.Select(each => (each.Began - each.Due).TotalMilliseconds));
        Print(output, "a cycle ends after due by", cycles.Select(each => (each.Ended - each.Due).TotalMilliseconds));
        await output.WriteLineAsync(Figures.Of($"threads, resident memory   {figures.Threads,10} threads, ")
            + Figures.Of($"{figures.ResidentBytes / 1048576.0:F0} MiB"));
        await output.WriteLineAsync();
    }

    private static void Print(TextWriter output, string name, IEnumerable<double> values)
    {
        var all = values.ToArray();
        var (median, worst) = (Figures.Median(all), Figures.Quantile(all, 0.99));
        output.WriteLine(Figures.Of($"{name,-27}{median,10:F2} ms median, {worst:F2} ms p99"));
    }

    private readonly record struct Cycle(TimeSpan Due, TimeSpan Began, TimeSpan Ended, int Good);

    private sealed class DeviceRun(int port, TimeProvider clock, long origin)
    {
        public List<Cycle> Cycles { get; } = new(64);

        public async Task RunAsync(CancellationToken cancel)
        {
            var signals = Enumerable.Range(0, Signals).Select(index => Figures.Signal(
                Figures.Of($"{port}/{index}"), ModbusTable.HoldingRegister, index, SignalKind.Uint16)).ToArray();
            var options = new ModbusTcpOptions { Address = IPAddress.Loopback, Port = port };
            await using var source = new ModbusSource("device", signals, options, clock);
            var schedule = new PollSchedule([.. signals.Select(_ => Every)], clock.GetElapsedTime(origin));
            var due = new int[signals.Length];
            var batch = new ReadingBatch();
            try
            {
                while (true)
                {
                    var next = schedule.NextDue;
                    var wait = next - clock.GetElapsedTime(origin);
                    await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, clock, cancel).ConfigureAwait(false);
                    var began = clock.GetElapsedTime(origin);
                    var count = schedule.TakeDue(began, due);
                    if (count == 0)
                    {
                        continue;
                    }

                    batch.Clear();
                    await source.ReadAsync(due.AsMemory(0, count), batch, cancel).ConfigureAwait(false);
                    Cycles.Add(new Cycle(next, began, clock.GetElapsedTime(origin), Good(batch)));
                }
            }
            catch (OperationCanceledException)
            {
                // Measured.
            }
        }

        private static int Good(ReadingBatch batch)
        {
            var good = 0;
            foreach (ref readonly var reading in batch.Readings)
            {
                good += reading.Quality.IsGood ? 1 : 0;
            }

            return good;
        }
    }
}
