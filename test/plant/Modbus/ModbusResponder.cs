using System.Collections.Concurrent;
using Sluice.Hal.Modbus;

namespace Sluice.Plant.Modbus;

/// <summary>
/// What a well-behaved device answers: request PDU in, answer PDU out (Modbus Application Protocol V1.1b3, section 6).
/// It knows reads only; a write gets exception 1 and is counted, so that a test can prove that none ever came.
/// </summary>
public sealed class ModbusResponder(ModbusMap map)
{
    private readonly ConcurrentDictionary<byte, long> requestsByFunction = new();
    private long requests;

    public ModbusMap Map { get; } = map;

    /// <summary>Requests seen, by function code.</summary>
    public IReadOnlyDictionary<byte, long> RequestsByFunction => requestsByFunction;

    public long Requests => Interlocked.Read(ref requests);

    /// <summary>Most registers that one request may ask for; more gets exception 3, as small devices do.</summary>
    public int RegistersMax { get; set; } = 125;

    /// <summary>While set, every request gets this exception: 5 acknowledge, 6 busy ...</summary>
    public byte AlwaysException { get; set; }

    /// <summary>Objects 0 to 6 of function 43/14, from the vendor on; empty = exception 1.</summary>
    public IReadOnlyList<string> Identification { get; set; } = [];

    /// <summary>Most objects in one page of the identification.</summary>
    public int IdentificationObjectsMax { get; set; } = 7;

    /// <summary>
    /// Called with table, address and count before registers are read for an answer, so that a machine can write down
    /// exactly which values it gave away.
    /// </summary>
    public Action<ModbusTable, int, int>? BeforeRead { get; set; }

    /// <summary>Writes the answer to <paramref name="request"/> and returns its length.</summary>
    public int Answer(ReadOnlySpan<byte> request, Span<byte> answer)
    {
        if (request.IsEmpty)
        {
            return 0;
        }

        var function = request[0];
        Interlocked.Increment(ref requests);
        requestsByFunction.AddOrUpdate(function, 1, (_, count) => count + 1);
        if (AlwaysException != 0)
        {
            return Exception(function, AlwaysException, answer);
        }

        return function switch
        {
            1 => AnswerBits(ModbusTable.Coil, request, answer),
            2 => AnswerBits(ModbusTable.DiscreteInput, request, answer),
            3 => AnswerRegisters(ModbusTable.HoldingRegister, request, answer),
            4 => AnswerRegisters(ModbusTable.InputRegister, request, answer),
            43 when Identification.Count > 0 => AnswerIdentification(request, answer),
            _ => Exception(function, 1, answer),
        };
    }

    private static int Exception(byte function, byte code, Span<byte> answer)
    {
        answer[0] = (byte)(function | 0x80);
        answer[1] = code;
        return 2;
    }

    private int AnswerBits(ModbusTable table, ReadOnlySpan<byte> request, Span<byte> answer)
    {
        if (!TryRange(request, 2000, out var address, out var count))
        {
            return Exception(request[0], 3, answer);
        }

        if (!Map.IsReadable(table, address, count))
        {
            return Exception(request[0], 2, answer);
        }

        var bytes = (count + 7) / 8;
        answer[0] = request[0];
        answer[1] = (byte)bytes;
        Map.CopyBits(table, address, count, answer.Slice(2, bytes));
        return 2 + bytes;
    }

    private int AnswerRegisters(ModbusTable table, ReadOnlySpan<byte> request, Span<byte> answer)
    {
        if (!TryRange(request, RegistersMax, out var address, out var count))
        {
            return Exception(request[0], 3, answer);
        }

        if (!Map.IsReadable(table, address, count))
        {
            return Exception(request[0], 2, answer);
        }

        BeforeRead?.Invoke(table, address, count);
        answer[0] = request[0];
        answer[1] = (byte)(count * 2);
        Map.CopyRegisters(table, address, answer.Slice(2, count * 2));
        return 2 + (count * 2);
    }

    /// <summary>Function 43, MEI type 14 (V1.1b3, 6.21): in pages, as many objects in each as may be.</summary>
    private int AnswerIdentification(ReadOnlySpan<byte> request, Span<byte> answer)
    {
        if (request.Length != 4 || request[1] != 14)
        {
            return Exception(43, 1, answer);
        }

        var (scope, first) = (request[2], (int)request[3]);
        if (scope is not (1 or 2 or 4))
        {
            return Exception(43, 3, answer);
        }

        var last = Math.Min(Identification.Count, scope == 1 ? 3 : 7) - 1;
        if (first > last)
        {
            if (scope == 4)
            {
                return Exception(43, 2, answer);
            }

            first = 0;
        }

        last = scope == 4 ? first : last;
        ReadOnlySpan<byte> head = [43, 14, scope, 0x82, 0x00, 0x00, 0x00];
        head.CopyTo(answer);
        var length = head.Length;
        for (var id = first; id <= last; id++)
        {
            var text = System.Text.Encoding.ASCII.GetBytes(Identification[id]);
            if (answer[6] > 0 && (length + 2 + text.Length > 253 || answer[6] == IdentificationObjectsMax))
            {
                answer[4] = 0xFF;
                answer[5] = (byte)id;
                break;
            }

            answer[length++] = (byte)id;
            answer[length++] = (byte)text.Length;
            text.CopyTo(answer[length..]);
            length += text.Length;
            answer[6]++;
        }

        return length;
    }

    private static bool TryRange(ReadOnlySpan<byte> request, int max, out int address, out int count)
    {
        address = 0;
        count = 0;
        if (request.Length != 5)
        {
            return false;
        }

        address = (request[1] << 8) | request[2];
        count = (request[3] << 8) | request[4];
        return count >= 1 && count <= max;
    }
}
