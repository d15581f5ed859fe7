using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;

namespace Sluice.Bench.Modbus;

/// <summary>
/// What polling takes from a panel: 200 signals each second at the weintek profile's defaults (64 registers a request,
/// one connection, one request outstanding), against a panel that is busy for a stated time with each request.
/// </summary>
internal static class GoodNeighbour
{
    private const int PanelRegistersMax = 64;
    private const int Cycles = 8;
    private static readonly TimeSpan Service = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    public static async Task PrintAsync(TextWriter output, TimeProvider clock)
    {
        await using var panel = new BusyPanel(Service, clock);
        var options = new ModbusTcpOptions
        {
            Address = IPAddress.Loopback,
            Port = panel.Port,
            RegistersMax = PanelRegistersMax,
        };
        await using var source = new ModbusSource("panel", [.. List()], options, clock);
        var due = Enumerable.Range(0, source.Signals.Count).ToArray();
        var batch = new ReadingBatch();
        var began = clock.GetTimestamp();
        for (var cycle = 0; cycle < Cycles; cycle++)
        {
            batch.Clear();
            await source.ReadAsync(due, batch, default);
            var left = (Every * (cycle + 1)) - clock.GetElapsedTime(began);
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock);
        }

        var took = clock.GetElapsedTime(began);
        var good = batch.Readings.ToArray().Count(reading => reading.Quality.IsGood);
        await output.WriteLineAsync(Figures.Of($"A panel's time: {due.Length} signals each second ({good} good), ")
            + Figures.Of($"{PanelRegistersMax} registers a request, {Service.TotalMilliseconds:0} ms of it each"));
        await output.WriteLineAsync("requests/s  connections  outstanding max  share of the panel's time");
        var requests = panel.Requests / took.TotalSeconds;
        await output.WriteLineAsync(Figures.Of($"{requests,10:F1}  {panel.Connections,11}  ")
            + Figures.Of($"{panel.OutstandingMax,15}  {100 * Service * panel.Requests / took:F2} %"));
        await output.WriteLineAsync();
    }

    /// <summary>A typical list: a recipe, measured values as floats, words and bits, in a few places.</summary>
    private static IEnumerable<ModbusSignal> List()
    {
        for (var index = 0; index < 60; index++)
        {
            yield return Figures.Signal(
                Figures.Of($"value/{index}"), ModbusTable.HoldingRegister, 100 + (index * 2), SignalKind.Float32);
            yield return Figures.Signal(
                Figures.Of($"word/{index}"), ModbusTable.HoldingRegister, 400 + index, SignalKind.Uint16);
            yield return Figures.Signal(Figures.Of($"bit/{index}"), ModbusTable.Coil, index, SignalKind.Bool);
        }

        for (var index = 0; index < 20; index++)
        {
            yield return Figures.Signal(
                Figures.Of($"recipe/{index}"), ModbusTable.HoldingRegister, SimulatedPanel.RecipeWordBase + index,
                SignalKind.Uint16);
        }
    }

    /// <summary>A panel with one thing to do at a time, that sees how many requests wait for it.</summary>
    private sealed class BusyPanel : IAsyncDisposable
    {
        private const int RequestBytes = 12;

        private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly ModbusResponder responder = new(new ModbusMap());
        private readonly TimeSpan service;
        private readonly TimeProvider clock;
        private readonly Task serving;

        public BusyPanel(TimeSpan service, TimeProvider clock)
        {
            (this.service, this.clock) = (service, clock);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(8);
            serving = ServeAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndPoint!).Port;

        public int Connections { get; private set; }

        public long Requests { get; private set; }

        public int OutstandingMax { get; private set; }

        public async ValueTask DisposeAsync()
        {
            listener.Dispose();
            await serving;
        }

        private async Task ServeAsync()
        {
            var connections = new List<Task>();
            try
            {
                while (true)
                {
                    var connection = await listener.AcceptAsync();
                    Connections++;
                    connections.Add(AnswerAsync(connection));
                }
            }
            catch (SocketException)
            {
                // Measured.
            }

            await Task.WhenAll(connections);
        }

        private async Task AnswerAsync(Socket connection)
        {
            using var closing = connection;
            var request = new byte[RequestBytes * 64];
            var answer = new byte[MbapFramer.FrameBytesMax];
            var have = 0;
            while (true)
            {
                var count = await connection.ReceiveAsync(request.AsMemory(have));
                if (count == 0)
                {
                    return;
                }

                have += count;
                while (have >= RequestBytes)
                {
                    OutstandingMax = Math.Max(OutstandingMax, have / RequestBytes);
                    Requests++;
                    await Task.Delay(service, clock);
                    have += connection.Available > 0 ? await connection.ReceiveAsync(request.AsMemory(have)) : 0;
                    OutstandingMax = Math.Max(OutstandingMax, have / RequestBytes);
                    var length = responder.Answer(request.AsSpan(7, RequestBytes - 7), answer.AsSpan(7));
                    request.AsSpan(0, 7).CopyTo(answer);
                    BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(4), (ushort)(length + 1));
                    have -= RequestBytes;
                    request.AsSpan(RequestBytes, have).CopyTo(request);
                    await connection.SendAsync(answer.AsMemory(0, 7 + length));
                }
            }
        }
    }
}
