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

    /// <param name="judged">What answers in place of the map, writes too, where a judge needs it.</param>
    public SimulatedRtuDevice(WritableDevice? judged = null)
    {
        Responder = new ModbusResponder(Map);
        answering = judged is null ? AnswerAsync() : AnswerJudgeAsync(judged);
    }

    /// <summary>What the source under test opens.</summary>
    public string Path => line.Path;

    public ModbusMap Map { get; } = new();

    public ModbusResponder Responder { get; }

    /// <summary>Take requests and answer none.</summary>
    public bool Silent { get; set; }

    /// <summary>Unplugged: the far end is gone. Harmless a second time.</summary>
    public async ValueTask DisposeAsync()
    {
        if (answering.IsCompleted)
        {
            return;
        }

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
    /// <summary>Requests of any length, as on a bus: what is for another, or damaged, it did not hear.</summary>
    private async Task AnswerJudgeAsync(WritableDevice judged)
    {
        try
        {
            while (true)
            {
                var request = await line.HearAsync(stop.Token);
                if (request.Length < 4 || request[0] != WritableDevice.Unit || RtuFramer.Checksum(request) != 0)
                {
                    continue;
                }

                var answer = judged.Answer(request.AsSpan(1..^ChecksumBytes));
                await Task.Delay(answer.After, stop.Token);
                var unit = (byte)(WritableDevice.Unit + (answer.FromAnother ? 1 : 0));
                byte[] frame = [unit, .. answer.Pdu];
                var checksum = RtuFramer.Checksum(frame);
                await line.SendAsync((byte[])[.. frame, (byte)checksum, (byte)(checksum >> 8)], stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
