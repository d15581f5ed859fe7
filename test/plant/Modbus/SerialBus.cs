using Sluice.Hal.Modbus;

namespace Sluice.Plant.Modbus;

/// <summary>
/// One RS-485 bus with several clients on it and devices that answer: what one client sends, all others hear, and so
/// every answer. Each client has a pseudo terminal of its own.
/// </summary>
public sealed class SerialBus : IAsyncDisposable
{
    private const int ChecksumBytes = 2;
    private const int FrameBytesMax = 256;

    private readonly ScriptedSerialDevice[] ports;
    private readonly long[] requests;
    private readonly SemaphoreSlim line = new(1);
    private readonly CancellationTokenSource stop = new();
    private readonly Task[] carrying;
    private readonly Func<byte, bool> answers;

    /// <param name="clients">Ports to open.</param>
    /// <param name="answers">Which units answer.</param>
    public SerialBus(int clients, Func<byte, bool> answers)
    {
        this.answers = answers;
        Responder = new ModbusResponder(Map);
        ports = [.. Enumerable.Range(0, clients).Select(_ => new ScriptedSerialDevice())];
        requests = new long[clients];
        carrying = [.. Enumerable.Range(0, clients).Select(client => CarryAsync(client))];
    }

    public ModbusMap Map { get; } = new();

    public ModbusResponder Responder { get; }

    /// <summary>What this client opens.</summary>
    public string Path(int client) => ports[client].Path;

    /// <summary>Requests that this client has sent.</summary>
    public long RequestsOf(int client) => Interlocked.Read(ref requests[client]);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(carrying);
        foreach (var port in ports)
        {
            await port.DisposeAsync();
        }

        line.Dispose();
        stop.Dispose();
    }

    /// <summary>A client that neither listens nor waits for anybody asks this, and is answered.</summary>
    public Task SpeakAsync(in ReadRequest request)
    {
        var frame = new byte[RtuFramer.RequestBytesMax];
        return CarryAsync(frame[..RtuFramer.WriteRequest(frame, request)], null);
    }

    private async Task CarryAsync(int client)
    {
        try
        {
            while (true)
            {
                var request = await ports[client].AskAsync(stop.Token);
                Interlocked.Increment(ref requests[client]);
                await CarryAsync(request, ports[client]);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(byte[] request, ScriptedSerialDevice? from)
    {
        await line.WaitAsync(stop.Token);
        try
        {
            foreach (var other in ports.Where(port => port != from))
            {
                await other.SendAsync(request, stop.Token);
            }

            var answer = answers(request[0]) ? Answer(request) : [];
            foreach (var port in ports)
            {
                await port.SendAsync(answer, stop.Token);
            }
        }
        finally
        {
            line.Release();
        }
    }

    private byte[] Answer(byte[] request)
    {
        var answer = new byte[FrameBytesMax];
        answer[0] = request[0];
        var length = 1 + Responder.Answer(request.AsSpan(1..^ChecksumBytes), answer.AsSpan(1));
        var checksum = RtuFramer.Checksum(answer.AsSpan(0, length));
        return [.. answer[..length], (byte)checksum, (byte)(checksum >> 8)];
    }
}
