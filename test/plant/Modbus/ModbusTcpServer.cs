using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Plant.Modbus;

/// <summary>
/// A simulated Modbus TCP device on a real socket: machine models write into <see cref="Map"/>, clients read it. Port 0
/// takes a free one. <see cref="StopListening"/> and <see cref="StartListening"/> unplug and replug it on the same
/// port.
/// </summary>
public sealed class ModbusTcpServer : IAsyncDisposable
{
    private const int AduBytesMax = 260;

    private static readonly TimeSpan BetweenBytes = TimeSpan.FromMilliseconds(60);

    private readonly Lock gate = new();
    private readonly IPAddress address;
    private readonly Dictionary<byte, ModbusResponder> units = [];
    private readonly HashSet<Socket> connections = [];
    private readonly List<Task> running = [];
    private readonly CancellationTokenSource stop = new();
    private Socket? listener;
    private long accepted;

    public ModbusTcpServer(IPAddress address, int port)
    {
        this.address = address;
        Port = port;
        Map = new ModbusMap();
        Responder = new ModbusResponder(Map);
        StartListening();
    }

    public int Port { get; private set; }

    /// <summary>What every unit answers from, but for those of <see cref="AddUnit"/>.</summary>
    public ModbusMap Map { get; }

    public ModbusResponder Responder { get; }

    /// <summary>Answer each request only after this.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Read requests and answer none, as a device does whose application hangs.</summary>
    public bool Silent { get; set; }

    /// <summary>Connections served at once; one more is closed at once, as panels do. 0 = no limit.</summary>
    public int ConnectionsMax { get; set; }

    /// <summary>Units that answer out of <see cref="Map"/>; the others stay silent. Null = every unit.</summary>
    public Func<byte, bool>? Answers { get; set; }

    /// <summary>What answers in place of the map, writes too, where a judge needs it.</summary>
    public WritableDevice? Judged { get; init; }

    public long Accepted => Interlocked.Read(ref accepted);

    public int Connections
    {
        get
        {
            lock (gate)
            {
                return connections.Count;
            }
        }
    }

    /// <summary>Gives one unit a map of its own.</summary>
    public ModbusMap AddUnit(byte unit)
    {
        var map = new ModbusMap();
        lock (gate)
        {
            units[unit] = new ModbusResponder(map);
        }

        return map;
    }

    public void StartListening()
    {
        lock (gate)
        {
            if (listener is not null)
            {
                return;
            }

            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(new IPEndPoint(address, Port));
            socket.Listen(64);
            Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            listener = socket;
            running.Add(AcceptAsync(socket));
        }
    }

    /// <summary>Refuses new connections and resets those that stand.</summary>
    public void StopListening()
    {
        lock (gate)
        {
            listener?.Dispose();
            listener = null;
        }

        CloseConnections();
    }

    /// <summary>Resets the connections that stand; the device goes on listening.</summary>
    public void CloseConnections()
    {
        lock (gate)
        {
            foreach (var each in connections)
            {
                each.Close(0);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        StopListening();
        Task[] all;
        lock (gate)
        {
            all = [.. running];
        }

        await Task.WhenAll(all);
        stop.Dispose();
    }

    private async Task AcceptAsync(Socket socket)
    {
        await Task.Yield();
        while (!stop.IsCancellationRequested)
        {
            Socket connection;
            try
            {
                connection = await socket.AcceptAsync(stop.Token);
            }
            catch (Exception fault) when (IsEnd(fault))
            {
                return;
            }

            Interlocked.Increment(ref accepted);
            lock (gate)
            {
                if (listener != socket || (ConnectionsMax > 0 && connections.Count >= ConnectionsMax))
                {
                    connection.Close(0);
                    continue;
                }

                connections.Add(connection);
                running.RemoveAll(each => each.IsCompleted);
                running.Add(ServeAsync(connection));
            }
        }
    }

    private async Task ServeAsync(Socket connection)
    {
        await Task.Yield();
        connection.NoDelay = true;
        try
        {
            await AnswerAllAsync(connection);
        }
        catch (Exception fault) when (IsEnd(fault))
        {
            // The client went away or the device was unplugged: both are what the test asked for.
        }
        finally
        {
            lock (gate)
            {
                connections.Remove(connection);
            }

            connection.Dispose();
        }
    }

    private static bool IsEnd(Exception fault) =>
        fault is SocketException or ObjectDisposedException or OperationCanceledException;

    private async Task AnswerAllAsync(Socket connection)
    {
        var received = new byte[4096];
        var answer = new byte[AduBytesMax];
        var length = 0;
        while (true)
        {
            var count = await connection.ReceiveAsync(received.AsMemory(length), SocketFlags.None, stop.Token);
            if (count == 0)
            {
                return;
            }

            length += count;
            var taken = 0;
            while (length - taken >= 8)
            {
                var size = 6 + BinaryPrimitives.ReadUInt16BigEndian(received.AsSpan(taken + 4));
                if (size is < 8 or > AduBytesMax)
                {
                    return;
                }

                if (length - taken < size)
                {
                    break;
                }

                if (Judged is { } judged)
                {
                    await AnswerJudgeAsync(connection, judged, received.AsMemory(taken, size));
                    taken += size;
                    continue;
                }

                var answered = Answer(received.AsSpan(taken, size), answer);
                taken += size;
                if (Latency > TimeSpan.Zero)
                {
                    await Task.Delay(Latency, stop.Token);
                }

                if (answered > 0)
                {
                    await connection.SendAsync(answer.AsMemory(0, answered), SocketFlags.None, stop.Token);
                }
            }

            received.AsSpan(taken, length - taken).CopyTo(received);
            length -= taken;
        }
    }

    private async Task AnswerJudgeAsync(Socket connection, WritableDevice judged, ReadOnlyMemory<byte> request)
    {
        var answer = judged.Answer(request.Span[7..]);
        await Task.Delay(answer.After, stop.Token);
        var frame = ScriptedModbusServer.Frame(request.Span, answer.Pdu);
        frame[1] += (byte)(answer.FromAnother ? 1 : 0);
        var piece = answer.ByteByByte ? 1 : frame.Length;
        for (var at = 0; at < frame.Length; at += piece)
        {
            await Task.Delay(answer.ByteByByte ? BetweenBytes : TimeSpan.Zero, stop.Token);
            await connection.SendAsync(frame.AsMemory(at, piece), SocketFlags.None, stop.Token);
        }
    }

    private int Answer(ReadOnlySpan<byte> request, Span<byte> answer)
    {
        var unit = request[6];
        ModbusResponder? responder;
        lock (gate)
        {
            responder = units.GetValueOrDefault(unit) ?? (Answers?.Invoke(unit) is false ? null : Responder);
        }

        if (Silent || responder is null)
        {
            return 0;
        }

        var length = responder.Answer(request[7..], answer[7..]);
        request[..4].CopyTo(answer);
        BinaryPrimitives.WriteUInt16BigEndian(answer[4..], (ushort)(length + 1));
        answer[6] = unit;
        return 7 + length;
    }
}
