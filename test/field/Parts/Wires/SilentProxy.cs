using System.Net;
using System.Net.Sockets;

namespace Sluice.Field.Parts.Wires;

/// <summary>
/// A cable between two ends that can be pulled: it forwards bytes until <see cref="Pull"/>, then swallows nothing and
/// closes nothing, as a dead switch does. Connections made while it is pulled are accepted by the kernel and never
/// answered. <see cref="Plug"/> serves new connections again; the old ones stay dead, as they do behind a firewall that
/// forgot them. <see cref="AnswerBytesPerSecond"/> makes the far end slow to answer.
/// </summary>
internal sealed class SilentProxy : IAsyncDisposable
{
    /// <summary>About one PUBACK in a TLS record.</summary>
    private const int AnswerBytes = 32;

    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Socket> open = [];
    private readonly int target;
    private readonly Task accepting;
    private volatile bool pulled;
    private volatile int generation;

    public SilentProxy(int target)
    {
        this.target = target;
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(64);
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Connections accepted so far.</summary>
    public int Connections { get; private set; }

    /// <summary>
    /// The far end's bytes pass one answer at a time, no faster than this; 0: as they come. So a broker looks that has
    /// more to do than it can.
    /// </summary>
    public int AnswerBytesPerSecond { get; set; }

    public void Pull()
    {
        generation++;
        pulled = true;
    }

    public void Plug() => pulled = false;

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Dispose();
        lock (open)
        {
            open.ForEach(socket => socket.Dispose());
        }

        await accepting;
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptAsync(stopping.Token);
                Connections++;
                Keep(near);
                if (!pulled)
                {
                    _ = ServeAsync(near, generation);
                }
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket near, int born)
    {
        var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        Keep(far);
        try
        {
            await far.ConnectAsync(new IPEndPoint(IPAddress.Loopback, target), stopping.Token);
            await Task.WhenAny(
                ForwardAsync(near, far, born, () => 0), ForwardAsync(far, near, born, () => AnswerBytesPerSecond));
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Nobody listens behind us, or the test is over.
        }

        if (born == generation)
        {
            near.Dispose();
            far.Dispose();
        }
    }

    private async Task ForwardAsync(Socket from, Socket to, int born, Func<int> bytesPerSecond)
    {
        var bytes = new byte[16 << 10];
        try
        {
            while (true)
            {
                var read = await from.ReceiveAsync(bytes, stopping.Token);
                if (born != generation)
                {
                    await Task.Delay(Timeout.Infinite, stopping.Token);
                }

                if (read == 0)
                {
                    return;
                }

                for (var sent = 0; sent < read;)
                {
                    var rate = bytesPerSecond();
                    var piece = rate > 0 ? Math.Min(AnswerBytes, read - sent) : read - sent;
                    sent += await to.SendAsync(bytes.AsMemory(sent, piece), stopping.Token);
                    if (rate > 0)
                    {
                        await Task.Delay(TimeSpan.FromSeconds((double)piece / rate), stopping.Token);
                    }
                }
            }
        }
        catch (Exception end) when (end is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // One end is gone: the other hears of it when both are closed, unless the cable is pulled.
        }
    }

    private void Keep(Socket socket)
    {
        lock (open)
        {
            open.Add(socket);
        }
    }
}
