using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Hal.Modbus;

/// <summary>
/// The bus behind a serial converter, over its TCP port. Called by its RTU client, one call at a time.
/// </summary>
public sealed class TcpByteLine(IPAddress address, int port, TimeSpan timeout, TimeProvider clock) : IByteLine
{
    private Socket? socket;

    public string Name => string.Create(CultureInfo.InvariantCulture, $"{address}:{port}");

    public bool IsOpen => socket is not null;

    public bool MayBeHalfOpen => true;

    public async ValueTask<string> OpenAsync(CancellationToken cancellationToken)
    {
#pragma warning disable RS0030 // the one socket of an RTU-over-TCP source, to the address of its configuration
        var made = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
#pragma warning restore RS0030
        using var deadline = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            await made.ConnectAsync(new IPEndPoint(address, port), either.Token).ConfigureAwait(false);
            socket = made;
            return "";
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            made.Dispose();
            throw;
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException)
        {
            made.Dispose();
            return fault is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? $"{Name} refuses the connection: check the port, and that the converter is in TCP server mode"
                : $"{Name} cannot be reached: check the address, the cable and the converter's power";
        }
    }

    public int TakeWaiting(Span<byte> into)
    {
        try
        {
            return socket is { Available: > 0 } open ? open.Receive(into) : 0;
        }
        catch (SocketException)
        {
            Close();
            return 0;
        }
    }

    public async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            while (bytes.Length > 0 && socket is { } open)
            {
                bytes = bytes[await open.SendAsync(bytes, SocketFlags.None, cancellationToken).ConfigureAwait(false)..];
            }

            return IsOpen;
        }
        catch (SocketException)
        {
            Close();
            return false;
        }
    }

    public async ValueTask<int> ReadAsync(Memory<byte> into, TimeSpan within, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(within, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            var count = socket is { } open
                ? await open.ReceiveAsync(into, SocketFlags.None, either.Token).ConfigureAwait(false)
                : 0;
            if (count == 0)
            {
                Close();
            }

            return count;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return 0;
        }
        catch (SocketException)
        {
            Close();
            return 0;
        }
    }

    public ValueTask PauseAsync(TimeSpan time, CancellationToken cancellationToken) =>
        new(Task.Delay(time, clock, cancellationToken));

    public void Close()
    {
        socket?.Dispose();
        socket = null;
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }
}
