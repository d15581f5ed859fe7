namespace Sluice.Hal.Modbus;

/// <summary>
/// Which answers a bus still owes, and what may be asked meanwhile. A core of <see cref="ModbusRtuClient"/>, stepped by
/// it; ADR 0013 has the argument.
/// <para>
/// Invariants: while an answer is owed, its unit is asked nothing that an answer of that shape (function and length)
/// would fit, so that whatever arrives, in whatever order, says by its shape whose it is; only the answer itself or
/// <c>feared</c> time ends a debt: no exception, because one exception looks like another, and no new connection,
/// because behind a converter the bus is still the old one. Before that, a unit that owes an answer is listened to, and
/// one that has lately spoken is so for every unit's sake: its late answer could collide. So a dead unit costs one
/// deadline and not two.
/// </para>
/// </summary>
internal sealed class OwedAnswers(TimeSpan feared, int readAlongMax, int registersMax)
{
    // One for each deadline of the feared time in the worst case; far fewer where units are given up.
    private const int DebtsMax = 256;

    private readonly Unit[] units = new Unit[256];
    private readonly List<Debt> debts = new(8);
    private byte last;

    /// <summary>
    /// What to ask for <paramref name="wanted"/>: the same, or the same with registers (bits: eights) read along behind
    /// it, so that its answer is of a shape that the unit does not owe. Null where there is no such request now.
    /// </summary>
    public ReadRequest? Distinct(in ReadRequest wanted, TimeSpan now)
    {
        var isOwing = false;
        for (var index = debts.Count - 1; index >= 0; index--)
        {
            if (debts[index].Until <= now)
            {
                debts.RemoveAt(index);
                continue;
            }

            isOwing |= debts[index].Request.UnitId == wanted.UnitId;
        }

        ref var unit = ref units[wanted.UnitId];
        unit.RefusesMore &= isOwing;
        if (wanted.Scope != IdentificationScope.None || debts.Count == 0)
        {
            return wanted;
        }

        for (var more = 0; more <= (unit.RefusesMore ? 0 : readAlongMax) && debts.Count < DebtsMax; more++)
        {
            var wider = wanted with { Count = wanted.Count + (wanted.IsBits ? more * 8 : more) };
            if (more > 0 && (wider.Address + wider.Count > 65_536 || wider.DataBytes > registersMax * 2))
            {
                break;
            }

            if (IndexOf(wider) < 0)
            {
                return wider;
            }
        }

        return null;
    }

    /// <summary>A request goes out: from its first byte on its unit owes an answer.</summary>
    public void Asked(in ReadRequest request, TimeSpan now, TimeSpan listenUntil)
    {
        last = request.UnitId;
        ref var unit = ref units[last];
        unit.Request = request;
        unit.Until = listenUntil;
        if (request.Scope == IdentificationScope.None)
        {
            debts.Add(new Debt(request, now + feared));
        }
    }

    /// <summary>An answer came that fits this request, be it late.</summary>
    /// <param name="request">As it was asked.</param>
    /// <param name="isException">It says no, and the request may be another one that is owed an answer.</param>
    public void Answered(in ReadRequest request, bool isException)
    {
        ref var unit = ref units[request.UnitId];
        unit = new Unit { HasSpoken = true, RefusesMore = unit.RefusesMore };
        if (!isException || !OwesMoreThan(request))
        {
            Settle(request);
        }
    }

    /// <summary>Reading along is refused: not again while the unit owes anything.</summary>
    public void RefusesMore(byte unit) => units[unit].RefusesMore = true;

    /// <summary>It did not come while it was listened for.</summary>
    public void Over(byte unit) => units[unit] = new Unit { RefusesMore = units[unit].RefusesMore };

    /// <summary>The far end closed the line instead of an answer: it never had this request, or lost it.</summary>
    public void Settle(in ReadRequest request)
    {
        if (IndexOf(request) is >= 0 and var index)
        {
            debts.RemoveAt(index);
        }
    }

    /// <summary>Settles the debts whose answers are among these bytes, and counts them.</summary>
    /// <param name="received">What came.</param>
    /// <param name="but">Not this one.</param>
    public int SettleLate(ReadOnlySpan<byte> received, in ReadRequest but)
    {
        var settled = 0;
        for (var index = debts.Count - 1; index >= 0; index--)
        {
            var request = debts[index].Request;
            if (request != but && RtuFramer.TryFindAnswer(received, request, out var pdu)
                && request.Judge(received[pdu]) == AnswerVerdict.Answers)
            {
                debts.RemoveAt(index);
                settled++;
            }
        }

        return settled;
    }

    /// <summary>The line is new: nothing collides with what is said on it, but what is owed is owed.</summary>
    public void Reopened()
    {
        Array.Clear(units);
        last = 0;
    }

    /// <summary>The answer to wait for, and until when, before <paramref name="next"/> may be asked.</summary>
    public bool TryFind(byte next, TimeSpan now, out ReadRequest request, out TimeSpan until)
    {
        ref readonly var found = ref units[units[next].Until > now || !units[last].HasSpoken ? next : last];
        request = found.Request;
        until = found.Until;
        return until > now;
    }

    private bool OwesMoreThan(in ReadRequest request)
    {
        foreach (var debt in debts)
        {
            if (debt.Request.UnitId == request.UnitId && debt.Request.Function == request.Function
                && debt.Request.DataBytes != request.DataBytes)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The debt whose answer has the shape of this request's.</summary>
    private int IndexOf(in ReadRequest request)
    {
        for (var index = 0; index < debts.Count; index++)
        {
            var owed = debts[index].Request;
            if (request.Scope == IdentificationScope.None && owed.UnitId == request.UnitId
                && owed.Function == request.Function && owed.DataBytes == request.DataBytes)
            {
                return index;
            }
        }

        return -1;
    }

    private readonly record struct Debt(ReadRequest Request, TimeSpan Until);

    private struct Unit
    {
        public ReadRequest Request;
        public TimeSpan Until;
        public bool HasSpoken;
        public bool RefusesMore;
    }
}
