using Sluice.Hal.Modbus;

namespace Sluice.Fuzz;

/// <summary>
/// Says what an answer is, after the text of the standards and with none of the product's code: every byte of a frame
/// is compared with what it must be. Slow and plain on purpose.
/// </summary>
public static class WireOracle
{
    private static readonly ushort[] CrcTable = MakeCrcTable();

    /// <summary>What stands in the stream of a Modbus TCP connection for this request.</summary>
    public static Found Mbap(ReadOnlySpan<byte> stream, in ReadRequest request, ushort transaction)
    {
        for (var at = 0; ;)
        {
            switch (Header(stream[at..]))
            {
                case < 0:
                    return new Found(WireOutcome.Broken);
                case 0:
                    return new Found(WireOutcome.Nothing);
                case var end when Header(stream[(at + end)..]) < 0:
                    // What follows is no frame: this one may have lost a byte and taken its neighbour's first.
                    return new Found(WireOutcome.Broken);
                case var end when (stream[at] * 256) + stream[at + 1] != transaction:
                    at += end;
                    break;
                case var end:
                    var isOurs = stream[at + 6] == request.UnitId;
                    return isOurs ? Pdu(stream, at + 7, end - 7, request) : new Found(WireOutcome.Nothing);
            }
        }
    }

    /// <summary>The first place of what was heard at which an answer to this request stands.</summary>
    public static Found Rtu(ReadOnlySpan<byte> heard, in ReadRequest request)
    {
        var start = StartsWithEcho(heard, request, out var echo) ? echo : 0;
        for (var at = start; at < heard.Length; at++)
        {
            if (heard[at] != request.UnitId)
            {
                continue;
            }

            for (var pduBytes = 2; at + 1 + pduBytes + 2 <= heard.Length && pduBytes <= 253; pduBytes++)
            {
                var found = Pdu(heard, at + 1, pduBytes, request);
                if (found.Outcome != WireOutcome.Nothing && HasCrc(heard.Slice(at, 1 + pduBytes + 2)))
                {
                    return found;
                }
            }
        }

        return new Found(WireOutcome.Nothing);
    }

    public static ushort Crc(ReadOnlySpan<byte> bytes)
    {
        ushort crc = 0xFFFF;
        foreach (var each in bytes)
        {
            crc = (ushort)((crc >> 8) ^ CrcTable[(crc ^ each) & 0xFF]);
        }

        return crc;
    }

    /// <summary>Objects of an identification page of exactly these bytes; -1 if it is none.</summary>
    public static int ObjectsOf(ReadOnlySpan<byte> pdu, int scope)
    {
        if (pdu.Length < 7 || pdu[0] != 43 || pdu[1] != 14 || pdu[2] != scope || pdu[4] is not (0 or 255)
            || pdu[3] is not (1 or 2 or 3 or 0x81 or 0x82 or 0x83))
        {
            return -1;
        }

        var rest = pdu[7..];
        for (var left = (int)pdu[6]; left > 0; left--)
        {
            if (rest.Length < 2 || rest.Length < 2 + rest[1])
            {
                return -1;
            }

            rest = rest[(2 + rest[1])..];
        }

        return rest.Length == 0 ? pdu[6] : -1;
    }

    /// <summary>Length of the frame that begins here; 0 if more must come, -1 if none can begin so.</summary>
    private static int Header(ReadOnlySpan<byte> at)
    {
        for (var index = 2; index < Math.Min(at.Length, 4); index++)
        {
            if (at[index] != 0)
            {
                return -1;
            }
        }

        if (at.Length < 6)
        {
            return 0;
        }

        var follows = (at[4] * 256) + at[5];
        return follows < 3 || follows > 254 ? -1 : at.Length >= 6 + follows ? 6 + follows : 0;
    }

    private static Found Pdu(ReadOnlySpan<byte> bytes, int from, int count, in ReadRequest request)
    {
        var pdu = bytes.Slice(from, count);
        if (count == 2 && pdu[0] == request.Function + 128 && pdu[1] != 0)
        {
            return new Found(WireOutcome.Exception, from, count);
        }

        var isAnswer = request.Scope != IdentificationScope.None
            ? ObjectsOf(pdu, (int)request.Scope) >= 0
            : pdu[0] == request.Function && pdu[1] == Data(request) && count == 2 + Data(request);
        return isAnswer ? new Found(WireOutcome.Good, from, count) : new Found(WireOutcome.Nothing);
    }

    private static int Data(in ReadRequest request) => request.Table is ModbusTable.Coil or ModbusTable.DiscreteInput
        ? (request.Count / 8) + (request.Count % 8 > 0 ? 1 : 0)
        : request.Count + request.Count;

    private static bool StartsWithEcho(ReadOnlySpan<byte> heard, in ReadRequest request, out int length)
    {
        Span<byte> own = stackalloc byte[8];
        (own[0], own[1]) = (request.UnitId, request.Function);
        if (request.Scope == IdentificationScope.None)
        {
            (own[2], own[3]) = ((byte)(request.Address / 256), (byte)(request.Address % 256));
            (own[4], own[5]) = ((byte)(request.Count / 256), (byte)(request.Count % 256));
        }
        else
        {
            own = own[..7];
            (own[2], own[3], own[4]) = (14, (byte)request.Scope, (byte)request.Address);
        }

        length = own.Length;
        var crc = Crc(own[..^2]);
        (own[^2], own[^1]) = ((byte)(crc % 256), (byte)(crc / 256));
        return heard.StartsWith(own);
    }

    private static bool HasCrc(ReadOnlySpan<byte> frame) =>
        Crc(frame[..^2]) == frame[^2] + (frame[^1] * 256);

    /// <summary>The table of the guide's own example (Modbus over Serial Line V1.02, 6.2.2).</summary>
    private static ushort[] MakeCrcTable()
    {
        var table = new ushort[256];
        for (var index = 0; index < 256; index++)
        {
            var value = index;
            for (var bit = 0; bit < 8; bit++)
            {
                value = value % 2 == 1 ? (value / 2) ^ 0xA001 : value / 2;
            }

            table[index] = (ushort)value;
        }

        return table;
    }
}
