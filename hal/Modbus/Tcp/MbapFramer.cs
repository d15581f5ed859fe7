using System.Buffers.Binary;

namespace Sluice.Hal.Modbus;

public enum FrameOutcome : byte
{
    /// <summary>The bytes so far can still become a frame.</summary>
    NeedsMore,

    Frame,

    /// <summary>This is not Modbus TCP, or no longer: nobody can tell where the next frame begins.</summary>
    Broken,
}

/// <summary>A frame found in what was received: <see cref="PduBytes"/> of PDU from <see cref="PduFrom"/> on.</summary>
public readonly record struct MbapFrame(ushort Transaction, byte UnitId, int PduFrom, int PduBytes)
{
    public int EndsAt => PduFrom + PduBytes;
}

/// <summary>
/// Frames of Modbus TCP: transaction id, protocol id 0, length, unit id, PDU (Modbus Messaging on TCP/IP V1.0b, 3.1.3).
/// <para>
/// Invariants: a frame is at most 260 bytes, so whatever arrives, the outcome is known after 7 bytes and a buffer of
/// 260 always suffices; a wrong protocol id or an impossible length is Broken at once, without waiting for more.
/// </para>
/// </summary>
public static class MbapFramer
{
    public const int HeaderBytes = 7;

    public const int RequestBytesMax = HeaderBytes + ReadRequest.PduBytesMax;

    public const int FrameBytesMax = HeaderBytes + 253;

    // The length field counts unit id and PDU: 3 for the shortest answer (an exception), 254 for the longest PDU.
    private const int LengthMin = 3;
    private const int LengthMax = 254;

    /// <summary>Writes the frame, and returns its length.</summary>
    public static int WriteRequest(Span<byte> frame, ushort transaction, in ReadRequest request)
    {
        BinaryPrimitives.WriteUInt16BigEndian(frame, transaction);
        BinaryPrimitives.WriteUInt16BigEndian(frame[2..], 0);
        BinaryPrimitives.WriteUInt16BigEndian(frame[4..], (ushort)(1 + request.PduBytes));
        frame[6] = request.UnitId;
        request.WritePdu(frame[HeaderBytes..]);
        return HeaderBytes + request.PduBytes;
    }

    /// <summary>
    /// As <see cref="TryTake"/>, but a frame counts only if what came behind it can be a frame too: a frame that lost
    /// its last byte takes the first byte of the next one for it, and would give a wrong value that looks right.
    /// </summary>
    public static FrameOutcome TryTakeTrusted(ReadOnlySpan<byte> received, out MbapFrame frame)
    {
        var outcome = TryTake(received, out frame);
        return outcome == FrameOutcome.Frame && TryTake(received[frame.EndsAt..], out _) == FrameOutcome.Broken
            ? FrameOutcome.Broken
            : outcome;
    }

    public static FrameOutcome TryTake(ReadOnlySpan<byte> received, out MbapFrame frame)
    {
        frame = default;
        if ((received.Length > 2 && received[2] != 0) || (received.Length > 3 && received[3] != 0))
        {
            return FrameOutcome.Broken;
        }

        if (received.Length < 6)
        {
            return FrameOutcome.NeedsMore;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(received[4..]);
        if (length is < LengthMin or > LengthMax)
        {
            return FrameOutcome.Broken;
        }

        if (received.Length < 6 + length)
        {
            return FrameOutcome.NeedsMore;
        }

        frame = new MbapFrame(BinaryPrimitives.ReadUInt16BigEndian(received), received[6], HeaderBytes, length - 1);
        return FrameOutcome.Frame;
    }
}
