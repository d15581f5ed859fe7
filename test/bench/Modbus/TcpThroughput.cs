using System.Net;
using Sluice.Hal.Modbus;

namespace Sluice.Bench.Modbus;

/// <summary>
/// 125 registers over loopback from the raw C server: the raw C client, then ours, in turns short enough that whatever
/// else the machine does hits both; medians. Allocation is counted over the whole process, from within a caller, while
/// all of them are asking.
/// </summary>
internal static class TcpThroughput
{
    private const int Registers = ReadRequest.RegistersMax;
    private const int Rounds = 21;
    private const int SliceMilliseconds = 100;

    public static async Task PrintAsync(string programs, TextWriter output, TimeProvider clock)
    {
        await output.WriteLineAsync($"Modbus TCP, {Registers} registers over loopback, medians of {Rounds} turns");
        await output.WriteLineAsync("outstanding  raw C req/s   ours req/s  ratio   goal  verdict  B/request");
        await using var server = await NativePeer.StartAsync(Path.Combine(programs, "server"));
        foreach (var (window, goal) in new[] { (1, 0.85), (8, 0.75), (16, 0.70) })
        {
            var raw = new List<double>();
            var ours = new List<double>();
            await using var run = new OurRun(int.Parse(server.FirstLine, Figures.Plain), window, clock);
            await run.AskAsync(TimeSpan.FromMilliseconds(SliceMilliseconds * 3));
            run.Forget();
            for (var round = 0; round < Rounds; round++)
            {
                var limit = await NativePeer.RunAsync(
                    Path.Combine(programs, "client"), server.FirstLine, Figures.Of($"{Registers}"),
                    Figures.Of($"{window}"), Figures.Of($"{SliceMilliseconds}"));
                raw.Add(limit[0] * 1e9 / limit[1]);
                ours.Add(await run.AskAsync(TimeSpan.FromMilliseconds(SliceMilliseconds)));
            }

            var (peer, own) = (Figures.Median(raw), Figures.Median(ours));
            await output.WriteLineAsync(Figures.Of(
                $"{window,11}  {peer,11:N0}  {own,11:N0}  {own / peer,5:F2}  {goal,5:F2}  ")
                + Figures.Of($"{Figures.Verdict(own / peer, goal),-7}  {run.BytesPerRequest:F4}"));
        }

        await output.WriteLineAsync();
    }

    /// <summary>As many callers as the window takes, each asking again as soon as it is answered.</summary>
    private sealed class OurRun(int port, int window, TimeProvider clock) : IAsyncDisposable
    {
        // So many answers after the start of a turn, everything that a turn begins with has long happened.
        private const int Settled = 200;

        private readonly CancellationTokenSource stop = new();
        private readonly ModbusTcpClient client = new(
            new ModbusTcpOptions { Address = IPAddress.Loopback, Port = port, Window = window }, clock);

        private long bytes;
        private long requests;

        public double BytesPerRequest => (double)bytes / requests;

        public void Forget() => (bytes, requests) = (0, 0);

        /// <summary>Requests a second.</summary>
        public async Task<double> AskAsync(TimeSpan length)
        {
            var before = client.Counters[ModbusCount.Answers];
            var began = clock.GetTimestamp();
            var callers = new Task[window];
            for (var index = 0; index < window; index++)
            {
                callers[index] = CallAsync(began, length, counts: index == 0);
            }

            await Task.WhenAll(callers);
            return (client.Counters[ModbusCount.Answers] - before) / clock.GetElapsedTime(began).TotalSeconds;
        }

        public async ValueTask DisposeAsync()
        {
            await client.DisposeAsync();
            stop.Dispose();
        }

        private async Task CallAsync(long began, TimeSpan length, bool counts)
        {
            var into = new ushort[Registers];
            var (bytesBefore, answersBefore) = (0L, 0L);
            for (var index = 0; clock.GetElapsedTime(began) < length; index++)
            {
                var result = await client.ReadRegistersAsync(
                    1, ModbusTable.HoldingRegister, 0, into, stop.Token).ConfigureAwait(false);
                if (result.Status != ModbusStatus.Answered || into[^1] != Registers - 1)
                {
                    throw new IOException($"a request ended as {result}");
                }

                if (counts && index == Settled)
                {
                    bytesBefore = GC.GetTotalAllocatedBytes(precise: true);
                    answersBefore = client.Counters[ModbusCount.Answers];
                }
            }

            if (counts && answersBefore > 0)
            {
                requests += client.Counters[ModbusCount.Answers] - answersBefore;
                bytes += GC.GetTotalAllocatedBytes(precise: true) - bytesBefore;
            }
        }
    }
}
