namespace Sluice.Plant.Modbus;

/// <summary>
/// Answers every request with whatever it is told to, for as long as it lives; nothing = it closes the connection.
/// </summary>
public sealed class EvilModbusServer : IAsyncDisposable
{
    private readonly ScriptedModbusServer device;
    private readonly CancellationTokenSource stop = new();
    private readonly Task running;

    /// <param name="answer">What to send for a request.</param>
    /// <param name="requestBytes">12 for Modbus TCP, 8 for RTU over TCP: the longest request.</param>
    public EvilModbusServer(Func<byte[], byte[]> answer, int requestBytes = 12)
    {
        device = new ScriptedModbusServer(requestBytes);
        running = RunAsync(answer);
    }

    public int Port => device.Port;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        await device.DisposeAsync();
        stop.Dispose();
    }

    private async Task RunAsync(Func<byte[], byte[]> answer)
    {
        try
        {
            while (true)
            {
                var bytes = answer(await device.AskAsync(stop.Token));
                if (bytes.Length == 0)
                {
                    device.Close();
                }
                else
                {
                    await device.SendAsync(bytes, stop.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }
}
