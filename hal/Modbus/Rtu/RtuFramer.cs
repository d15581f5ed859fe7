using System.Buffers.Binary;

namespace Sluice.Hal.Modbus;

/// <summary>
/// Frames of Modbus RTU: unit id, PDU, CRC, low byte first (Modbus over Serial Line V1.02, 2.5.1). An answer carries
/// neither an id nor a length of its own, so it is looked for by what the request must produce.
/// <para>
/// Invariants: an answer is found only where unit, function, byte count, length and CRC are all those of the request
/// (or of its exception); an echo of the request itself is skipped; whatever stands before it, noise or another
/// station's answer, is passed over; whatever arrives, nothing is read beyond what was received.
/// </para>
/// <para>
/// What remains: the checksum finds every damage of up to 16 bits in a row, and passes one other in 65,536. A frame
/// whose last byte was lost passes if what follows happens to be that byte, one in 256, and its values are then the
/// device's own. Behind noise an answer may be seen at any place of it, so one that does not stand first counts only if
/// the line is silent behind it (<see cref="StandsFirst"/>).
/// </para>
/// </summary>
public static class RtuFramer
{
    public const int RequestBytesMax = 1 + ReadRequest.PduBytesMax + 2;

    public const int FrameBytesMax = 256;

    private const int IdentifyBytes = 7;
    private const int FrameBytesMin = 4;
    private const int AnswerBytesMin = 5;

    /// <summary>
    /// Silence that ends a frame: 3.5 characters of 11 bits, 1.75 ms above 19,200 baud (V1.02, 2.5.1.1).
    /// </summary>
    public static TimeSpan Silence(int baud) =>
        baud > 19_200 ? TimeSpan.FromMilliseconds(1.75) : TimeSpan.FromSeconds(38.5 / baud);

    /// <summary>Writes the frame, and returns its length.</summary>
    public static int WriteRequest(Span<byte> frame, in ReadRequest request)
    {
        frame[0] = request.UnitId;
        request.WritePdu(frame[1..]);
        var length = 1 + request.PduBytes;
        BinaryPrimitives.WriteUInt16LittleEndian(frame[length..], Checksum(frame[..length]));
        return length + 2;
    }

    /// <summary>Where in <paramref name="received"/> the PDU of the answer stands.</summary>
    public static bool TryFindAnswer(ReadOnlySpan<byte> received, in ReadRequest request, out Range pdu)
    {
        Span<byte> own = stackalloc byte[RequestBytesMax];
        own = own[..WriteRequest(own, request)];
        var from = received.StartsWith(own) ? own.Length : 0;
        for (; from + AnswerBytesMin <= received.Length; from++)
        {
            if (received[from] != request.UnitId)
            {
                continue;
            }

            var pduBytes = request.AnswerPduBytes(received[(from + 1)..]);
            var length = 1 + pduBytes + 2;
            if (pduBytes <= 0 || from + length > received.Length)
            {
                continue;
            }

            var frame = received.Slice(from, length);
            if (request.Judge(frame[1..^2]) is (AnswerVerdict.Answers or AnswerVerdict.Exception) && IsWhole(frame))
            {
                pdu = (from + 1)..(from + length - 2);
                return true;
            }
        }

        pdu = default;
        return false;
    }

    /// <summary>Whether nothing but an echo of the request stands before the answer that was found.</summary>
    public static bool StandsFirst(ReadOnlySpan<byte> received, in ReadRequest request, Range pdu)
    {
        Span<byte> own = stackalloc byte[RequestBytesMax];
        own = own[..WriteRequest(own, request)];
        return pdu.Start.Value == 1 + (received.StartsWith(own) ? own.Length : 0);
    }

    /// <summary>
    /// Whether a request that is not ours was heard: another client on the bus. Two clients collide, and can stop the
    /// machine.
    /// </summary>
    public static bool HearsForeignRequest(ReadOnlySpan<byte> heard, ReadOnlySpan<byte> own)
    {
        for (var from = 0; from < heard.Length; from++)
        {
            if (IsForeign(heard[from..], RequestBytesMax, own) || IsForeign(heard[from..], IdentifyBytes, own))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>CRC-16 with the polynomial A001, reflected, from FFFF (V1.02, 6.2.2).</summary>
    public static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xFFFF;
        foreach (var each in bytes)
        {
            crc ^= each;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xA001 : crc >> 1;
            }
        }

        return (ushort)crc;
    }

    private static bool IsForeign(ReadOnlySpan<byte> heard, int length, ReadOnlySpan<byte> own) =>
        heard.Length >= length
        && (length == IdentifyBytes ? heard[1] == IdentificationPage.Function : heard[1] is >= 1 and <= 6)
        && IsWhole(heard[..length])
        && !IsMaybeAnswer(heard, length)
        && !heard[..length].SequenceEqual(own);

    /// <summary>
    /// An answer with 17 to 24 bits has the length of a request and, with its byte count of 3, the look of one. It is
    /// one if something follows: a request is answered, an answer is not.
    /// </summary>
    private static bool IsMaybeAnswer(ReadOnlySpan<byte> heard, int length) =>
        heard.Length == length && heard[1] is 1 or 2 && heard[2] == 3;

    private static bool IsWhole(ReadOnlySpan<byte> frame) => frame.Length >= FrameBytesMin
        && BinaryPrimitives.ReadUInt16LittleEndian(frame[^2..]) == Checksum(frame[..^2]);
}
