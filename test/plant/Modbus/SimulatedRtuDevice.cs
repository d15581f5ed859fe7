using Sluice.Hal.Modbus;

namespace Sluice.Plant.Modbus;

/// <summary>
/// A device that answers on a serial line as it should: requests in, answers out of <see cref="Map"/>, each with its
/// checksum. It knows requests of the length of a read or of an
/// identification and nothing else, which is all that the agent can send.
/// </summary>
public sealed class SimulatedRtuDevice : IAsyncDisposable
{
    private const int ChecksumBytes = 2;
    private const int FrameBytesMax = 256;

    private readonly ScriptedSerialDevice line = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Task answering;

    public SimulatedRtuDevice()
    {
        Responder = new ModbusResponder(Map);
        answering = AnswerAsync();
    }

    /// <summary>What the source under test opens.</summary>
    public string Path => line.Path;

    public ModbusMap Map { get; } = new();

    public ModbusResponder Responder { get; }

    /// <summary>Take requests and answer none.</summary>
    public bool Silent { get; set; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await answering;
        await line.DisposeAsync();
        stop.Dispose();
    }

    private async Task AnswerAsync()
    {
        var answer = new byte[FrameBytesMax];
        try
        {
            while (true)
            {
                var request = await line.AskAsync(stop.Token);
                if (Silent)
                {
                    continue;
                }

                answer[0] = request[0];
                var length = 1 + Responder.Answer(request.AsSpan(1..^ChecksumBytes), answer.AsSpan(1));
                var checksum = RtuFramer.Checksum(answer.AsSpan(0, length));
                answer[length++] = (byte)checksum;
                answer[length++] = (byte)(checksum >> 8);
                await line.SendAsync(answer.AsMemory(0, length), stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
