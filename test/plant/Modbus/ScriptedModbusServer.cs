using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Plant.Modbus;

/// <summary>
/// A Modbus TCP device that does exactly what a test tells it, byte by byte: late, wrong, cut, doubled. One connection
/// at a time. Driven by one script; every wait ends with the script's token.
/// </summary>
public sealed class ScriptedModbusServer : IScriptedDevice
{
    private const int RtuIdentifyBytes = 7;
    private const byte Identify = 43;

    private readonly byte[] request;
    private readonly bool isRtu;
    private int requestBytes;
    private Socket? listener;
    private readonly List<Socket> forgotten = [];
    private Socket? connection;

    /// <param name="requestBytes">12 for Modbus TCP, 8 for RTU over TCP: the longest request.</param>
    public ScriptedModbusServer(int requestBytes = 12)
    {
        request = new byte[requestBytes];
        isRtu = requestBytes == 8;
        Listen();
    }

    public int Port { get; private set; }

    /// <summary>Connections accepted so far.</summary>
    public int Accepted { get; private set; }

    /// <summary>Takes new connections, on the same port as before.</summary>
    public void Listen()
    {
        listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        listener.Listen(16);
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
    }

    /// <summary>Refuses new connections; the one that stands stays.</summary>
    public void Refuse()
    {
        listener?.Dispose();
        listener = null;
    }

    public async Task AcceptAsync(CancellationToken cancellationToken)
    {
        connection?.Dispose();
        connection = await listener!.AcceptAsync(cancellationToken);
        connection.NoDelay = true;
        Accepted++;
    }

    /// <summary>The next request, on the connection that stands or on the next one.</summary>
    public async Task<byte[]> AskAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (connection is null)
            {
                await AcceptAsync(cancellationToken);
            }

            if (await TryReceiveAsync(cancellationToken))
            {
                return request[..requestBytes];
            }

            Close();
        }
    }

    /// <summary>
    /// Sends in one piece. A client that has gone meanwhile gets nothing, and that is no fault of the script.
    /// </summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            if (connection is { } open)
            {
                await open.SendAsync(bytes, SocketFlags.None, cancellationToken);
            }
        }
        catch (SocketException)
        {
            Close();
        }
    }

    /// <summary>Sends every byte in a segment of its own.</summary>
    public async Task TrickleAsync(ReadOnlyMemory<byte> bytes, TimeSpan pause, CancellationToken cancellationToken)
    {
        for (var index = 0; index < bytes.Length; index++)
        {
            await Task.Delay(pause, cancellationToken);
            await SendAsync(bytes.Slice(index, 1), cancellationToken);
        }
    }

    public void Close()
    {
        connection?.Dispose();
        connection = null;
    }

    /// <summary>Ends the connection with RST.</summary>
    public void Reset()
    {
        connection?.Close(0);
        connection = null;
    }

    public void Vanish()
    {
        forgotten.Add(connection!);
        connection = null;
    }

    /// <summary>Frames an answer PDU for the request.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> requestAdu, ReadOnlySpan<byte> pdu)
    {
        var frame = new byte[7 + pdu.Length];
        requestAdu[..4].CopyTo(frame);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(4), (ushort)(1 + pdu.Length));
        frame[6] = requestAdu[6];
        pdu.CopyTo(frame.AsSpan(7));
        return frame;
    }

    public ValueTask DisposeAsync()
    {
        Close();
        Refuse();
        forgotten.ForEach(each => each.Dispose());
        return ValueTask.CompletedTask;
    }

    private async Task<bool> TryReceiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            requestBytes = request.Length;
            for (var received = 0; received < requestBytes;)
            {
                var known = isRtu ? 2 : 6;
                var count = await connection!.ReceiveAsync(
                    request.AsMemory(received, (received < known ? known : requestBytes) - received),
                    SocketFlags.None,
                    cancellationToken);
                if (count == 0)
                {
                    return false;
                }

                received += count;
                if (received >= known)
                {
                    requestBytes = isRtu
                        ? request[1] == Identify ? RtuIdentifyBytes : request.Length
                        : Math.Min(6 + BinaryPrimitives.ReadUInt16BigEndian(request.AsSpan(4)), request.Length);
                }
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
