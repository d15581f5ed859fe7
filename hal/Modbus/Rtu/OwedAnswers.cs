namespace Sluice.Hal.Modbus;

/// <summary>
/// Which units of a bus still owe an answer, and for whose the next request has to wait. A core of
/// <see cref="ModbusRtuClient"/>, stepped by it.
/// <para>
/// Invariants: a unit that owes an answer is not asked again before the answer came or its time is over, because its
/// late answer could be taken for the next one; for another unit's late answer, which cannot be mistaken but could
/// collide, a request waits only while that unit has lately spoken. So a dead unit costs one deadline and not two.
/// </para>
/// </summary>
internal sealed class OwedAnswers
{
    private readonly Unit[] units = new Unit[256];
    private byte last;

    /// <summary>A request goes out: from its first byte on its unit owes an answer.</summary>
    public void Asked(in ReadRequest request, TimeSpan until)
    {
        last = request.UnitId;
        ref var unit = ref units[last];
        unit.Request = request;
        unit.Until = until;
    }

    /// <summary>The answer came, be it late.</summary>
    public void Answered(byte unit) => units[unit] = new Unit { HasSpoken = true };

    /// <summary>It did not come in all the time that it had.</summary>
    public void Over(byte unit) => units[unit] = default;

    /// <summary>The line is new: what was owed on the old one is gone with it.</summary>
    public void Forget() => Array.Clear(units);

    /// <summary>The answer to wait for, and until when, before <paramref name="next"/> may be asked.</summary>
    public bool TryFind(byte next, TimeSpan now, out ReadRequest request, out TimeSpan until)
    {
        ref readonly var found = ref units[units[next].Until > now || !units[last].HasSpoken ? next : last];
        request = found.Request;
        until = found.Until;
        return until > now;
    }

    private struct Unit
    {
        public ReadRequest Request;
        public TimeSpan Until;
        public bool HasSpoken;
    }
}
