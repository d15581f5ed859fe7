namespace Sluice.Plant.Modbus;

/// <summary>
/// Answers every request with whatever it is told to, for as long as it lives; nothing = it closes the connection.
/// </summary>
public sealed class EvilModbusServer : IAsyncDisposable
{
    private readonly ScriptedModbusServer device = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Task running;

    public EvilModbusServer(Func<byte[], byte[]> answer)
    {
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
