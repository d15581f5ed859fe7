namespace Sluice.Agent.Commissioning.Discovery;

/// <summary>
/// Which units to ask, and in which order. A core.
/// <para>
/// Invariants: each unit is asked once; a device that answers whatever unit id it is given is found out with the first
/// few, and counts as one unit.
/// </para>
/// </summary>
internal sealed class UnitScan
{
    /// <summary>What a Modbus TCP device usually is, and two that nobody gives a device on purpose.</summary>
    private static readonly byte[] Telling = [1, 255, 0, 247, 113];

    private readonly List<byte> units;
    private readonly int telling;
    private readonly List<byte> found = [];
    private int at;

    private UnitScan(IEnumerable<byte> units, int telling)
    {
        this.units = [.. units];
        this.telling = telling;
    }

    /// <summary>A device or gateway on TCP: likely units first.</summary>
    public static UnitScan OnTcp() => new(
        Telling.Concat(Enumerable.Range(2, 246).Select(unit => (byte)unit).Except(Telling)), Telling.Length);

    /// <summary>A bus: 1 to 247 in turn (Modbus over Serial Line V1.02, 2.2).</summary>
    public static UnitScan OnBus() => new(Enumerable.Range(1, 247).Select(unit => (byte)unit), 0);

    public static UnitScan Of(IEnumerable<byte> units) => new(units, 0);

    /// <summary>The unit to ask now; null where all were.</summary>
    public byte? Next => AnswersAll || at == units.Count ? null : units[at];

    /// <summary>Units that answered, in the order of asking.</summary>
    public IReadOnlyList<byte> Found => found;

    /// <summary>It answers every unit id alike: the unit id means nothing to it, and 1 stands for all.</summary>
    public bool AnswersAll { get; private set; }

    /// <summary>Whether what was found is yet to be trusted: the telling units are not all asked.</summary>
    public bool IsDeciding => at < telling;

    public int Asked => at;

    public int Count => units.Count;

    public void Observe(bool answers)
    {
        if (answers)
        {
            found.Add(units[at]);
        }

        at++;
        if (telling > 0 && at == telling && found.Count == telling)
        {
            AnswersAll = true;
            found.RemoveRange(1, found.Count - 1);
        }
    }
}
