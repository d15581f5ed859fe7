using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Hal.Modbus;

/// <summary>Modbus TCP, one request at a time.</summary>
public sealed class ModbusTcpClient(ModbusTcpOptions options, TimeProvider clock) : IModbusClient
{
    private readonly byte[] frame = new byte[260];
    private Socket? socket;
    private ushort transaction;

    public async ValueTask<ModbusResult> ReadRegistersAsync(
        byte unitId, ModbusTable table, ushort address, Memory<ushort> into, CancellationToken cancellationToken)
    {
        var result = await AskAsync(unitId, table, address, into.Length, into.Length * 2, cancellationToken)
            .ConfigureAwait(false);
        for (var index = 0; result.Status == ModbusStatus.Answered && index < into.Length; index++)
        {
            into.Span[index] = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(9 + (index * 2)));
        }

        return result;
    }

    public async ValueTask<ModbusResult> ReadBitsAsync(
        byte unitId, ModbusTable table, ushort address, Memory<bool> into, CancellationToken cancellationToken)
    {
        var result = await AskAsync(unitId, table, address, into.Length, (into.Length + 7) / 8, cancellationToken)
            .ConfigureAwait(false);
        for (var index = 0; result.Status == ModbusStatus.Answered && index < into.Length; index++)
        {
            into.Span[index] = (frame[9 + (index / 8)] >> (index % 8) & 1) != 0;
        }

        return result;
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private async ValueTask<ModbusResult> AskAsync(
        byte unitId, ModbusTable table, ushort address, int count, int bytes, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var connected = socket is not null;
        try
        {
            if (socket is null)
            {
#pragma warning disable RS0030 // the one socket of this client, to the configured address
                socket = new Socket(options.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
#pragma warning restore RS0030
                await socket.ConnectAsync(new IPEndPoint(options.Address, options.Port), either.Token)
                    .ConfigureAwait(false);
                connected = true;
            }

            var function = (byte)((int)table + 1);
            Encode(unitId, function, address, count);
            await socket.SendAsync(frame.AsMemory(0, 12), SocketFlags.None, either.Token).ConfigureAwait(false);
            if (!await ReceiveAsync(0, 9, either.Token).ConfigureAwait(false))
            {
                Close();
                return new ModbusResult(ModbusStatus.Disconnected);
            }

            return await FinishAsync(unitId, function, bytes, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Close();
            return new ModbusResult(connected ? ModbusStatus.Timeout : ModbusStatus.Disconnected);
        }
        catch (SocketException)
        {
            Close();
            return new ModbusResult(ModbusStatus.Disconnected);
        }
    }

    private void Encode(byte unitId, byte function, ushort address, int count)
    {
        BinaryPrimitives.WriteUInt16BigEndian(frame, ++transaction);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), 0);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(4), 6);
        frame[6] = unitId;
        frame[7] = function;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(8), address);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(10), (ushort)count);
    }

    private async ValueTask<ModbusResult> FinishAsync(
        byte unitId, byte function, int bytes, CancellationToken cancellationToken)
    {
        var length = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(4));
        var own = BinaryPrimitives.ReadUInt16BigEndian(frame) == transaction
            && BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(2)) == 0 && frame[6] == unitId;
        if (own && length == 3 && frame[7] == (function | 0x80))
        {
            return new ModbusResult(ModbusStatus.DeviceException, frame[8]);
        }

        if (!own || length != 3 + bytes || frame[7] != function || frame[8] != bytes)
        {
            Close();
            return new ModbusResult(ModbusStatus.BadAnswer);
        }

        if (!await ReceiveAsync(9, bytes, cancellationToken).ConfigureAwait(false))
        {
            Close();
            return new ModbusResult(ModbusStatus.Disconnected);
        }

        return ModbusResult.Answered;
    }

    private async ValueTask<bool> ReceiveAsync(int from, int count, CancellationToken cancellationToken)
    {
        while (count > 0)
        {
            var received = await socket!.ReceiveAsync(frame.AsMemory(from, count), SocketFlags.None, cancellationToken)
                .ConfigureAwait(false);
            if (received == 0)
            {
                return false;
            }

            from += received;
            count -= received;
        }

        return true;
    }

    private void Close()
    {
        socket?.Dispose();
        socket = null;
    }
}
