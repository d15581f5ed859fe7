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
/// </summary>
public static class RtuFramer
{
    public const int RequestBytes = 1 + ReadRequest.PduBytes + 2;

    public const int FrameBytesMax = 256;

    private const int ExceptionBytes = 5;
    private const int FrameBytesMin = 4;

    /// <summary>
    /// Silence that ends a frame: 3.5 characters of 11 bits, 1.75 ms above 19,200 baud (V1.02, 2.5.1.1).
    /// </summary>
    public static TimeSpan Silence(int baud) =>
        baud > 19_200 ? TimeSpan.FromMilliseconds(1.75) : TimeSpan.FromSeconds(38.5 / baud);

    public static void WriteRequest(Span<byte> frame, in ReadRequest request)
    {
        frame[0] = request.UnitId;
        request.WritePdu(frame[1..]);
        BinaryPrimitives.WriteUInt16LittleEndian(
            frame[(RequestBytes - 2)..], Checksum(frame[..(RequestBytes - 2)]));
    }

    /// <summary>Where in <paramref name="received"/> the PDU of the answer stands.</summary>
    public static bool TryFindAnswer(ReadOnlySpan<byte> received, in ReadRequest request, out Range pdu)
    {
        Span<byte> own = stackalloc byte[RequestBytes];
        WriteRequest(own, request);
        var from = received.StartsWith(own) ? RequestBytes : 0;
        for (; from + ExceptionBytes <= received.Length; from++)
        {
            if (received[from] != request.UnitId)
            {
                continue;
            }

            var length = received[from + 1] == (request.Function | 0x80) ? ExceptionBytes : 5 + request.DataBytes;
            if (from + length > received.Length)
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

    /// <summary>
    /// Whether a request that is not ours was heard: another client on the bus. Two clients collide, and can stop the
    /// machine.
    /// </summary>
    public static bool HearsForeignRequest(ReadOnlySpan<byte> heard, ReadOnlySpan<byte> own)
    {
        for (var from = 0; from + RequestBytes <= heard.Length; from++)
        {
            var frame = heard.Slice(from, RequestBytes);
            if (frame[1] is >= 1 and <= 6 && IsWhole(frame) && !frame.SequenceEqual(own))
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

    private static bool IsWhole(ReadOnlySpan<byte> frame) => frame.Length >= FrameBytesMin
        && BinaryPrimitives.ReadUInt16LittleEndian(frame[^2..]) == Checksum(frame[..^2]);
}
