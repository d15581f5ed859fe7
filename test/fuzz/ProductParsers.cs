using Sluice.Hal.Modbus;

namespace Sluice.Fuzz;

public enum WireOutcome
{
    /// <summary>Its data would become values.</summary>
    Good,

    /// <summary>The device's own no.</summary>
    Exception,

    /// <summary>No answer to this request, or not yet.</summary>
    Nothing,

    /// <summary>The stream is lost.</summary>
    Broken,
}

/// <summary>What was taken for the answer, and where its PDU stands.</summary>
public readonly record struct Found(WireOutcome Outcome, int PduFrom = 0, int PduBytes = 0);

/// <summary>Looks for the answer to a request in what was received.</summary>
public delegate Found WireParser(ReadOnlySpan<byte> received, in ReadRequest request, ushort transaction);

/// <summary>The product's framers and its judge of answers, put together as its connections do.</summary>
public static class ProductParsers
{
    public static Found Mbap(ReadOnlySpan<byte> received, in ReadRequest request, ushort transaction)
    {
        var at = 0;
        while (true)
        {
            var outcome = MbapFramer.TryTakeTrusted(received[at..], out var frame);
            if (outcome != FrameOutcome.Frame)
            {
                return new Found(outcome == FrameOutcome.Broken ? WireOutcome.Broken : WireOutcome.Nothing);
            }

            if (frame.Transaction == transaction)
            {
                return frame.UnitId == request.UnitId
                    ? Judged(request, received.Slice(at + frame.PduFrom, frame.PduBytes), at + frame.PduFrom)
                    : new Found(WireOutcome.Nothing);
            }

            at += frame.EndsAt;
        }
    }

    public static Found Rtu(ReadOnlySpan<byte> received, in ReadRequest request, ushort transaction)
    {
        if (!RtuFramer.TryFindAnswer(received, request, out var range))
        {
            return new Found(WireOutcome.Nothing);
        }

        var (from, bytes) = range.GetOffsetAndLength(received.Length);
        return Judged(request, received.Slice(from, bytes), from);
    }

    private static Found Judged(in ReadRequest request, ReadOnlySpan<byte> pdu, int from) => request.Judge(pdu) switch
    {
        AnswerVerdict.Answers => new Found(WireOutcome.Good, from, pdu.Length),
        AnswerVerdict.Exception => new Found(WireOutcome.Exception, from, pdu.Length),
        _ => new Found(WireOutcome.Nothing),
    };
}
