using Sluice.Hal.Modbus;

namespace Sluice.Fuzz;

/// <summary>
/// A framer and its judge against <see cref="WireOracle"/>: both must find the same answer at the same place, or none;
/// and a right answer that nobody touched must be found.
/// </summary>
public sealed class WireTarget(string name, bool isRtu, WireParser parser)
    : FuzzTarget(name, Enum.GetNames<WireOutcome>())
{
    private readonly WireInput input = new(isRtu);

    public override int Try(ref Dice dice)
    {
        input.Make(ref dice);
        var received = input.Bytes;
        var request = input.Request;
        var found = parser(received, request, input.Transaction);
        var judged = isRtu
            ? WireOracle.Rtu(received, request)
            : WireOracle.Mbap(received, request, input.Transaction);
        if (found != judged)
        {
            var what = found.Outcome == WireOutcome.Good ? "a wrong Good" : "another outcome than the judge's";
            throw new FuzzViolationException($"{what}: {found}, judged {judged}, asked {request}", received.ToArray());
        }

        if (input.IsUntouched && found.Outcome != WireOutcome.Good)
        {
            throw new FuzzViolationException($"a right answer was not found, asked {request}", received.ToArray());
        }

        if (found.Outcome == WireOutcome.Good && request.Scope != IdentificationScope.None)
        {
            Identify(received.Slice(found.PduFrom, found.PduBytes), request);
        }

        return (int)found.Outcome;
    }

    private static void Identify(ReadOnlySpan<byte> pdu, in ReadRequest request)
    {
        var page = IdentificationPage.Read(pdu);
        if (page.Objects.Count != WireOracle.ObjectsOf(pdu, (int)request.Scope))
        {
            throw new FuzzViolationException($"{page.Objects.Count} objects were read", pdu.ToArray());
        }

        foreach (var each in page.Objects)
        {
            if (each.Text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                throw new FuzzViolationException($"object {each.Id} brings a control character", pdu.ToArray());
            }
        }
    }
}
