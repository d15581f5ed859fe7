namespace Sluice.Hal.Modbus;

/// <summary>What a device takes in one request, and what is worth reading along.</summary>
public sealed record ReadPlanOptions
{
    /// <summary>Most registers in one request, 1 to 125; for bits 16 times as many, up to 2,000.</summary>
    public int RegistersMax { get; init; } = ReadRequest.RegistersMax;

    /// <summary>
    /// Most registers between two signals that are read along unasked, 0 to 124; for bits 16 times as many.
    /// </summary>
    public int GapRegistersMax { get; init; } = 16;

    /// <summary>Every signal in a request of its own.</summary>
    public bool OneRequestPerSignal { get; init; }

    public int BitsMax => Math.Min(RegistersMax * 16, ReadRequest.BitsMax);
}

/// <summary>
/// One request of a plan: <see cref="Count"/> registers or bits from <see cref="Address"/>, which hold the
/// <see cref="Members"/> signals that stand in the plan from <see cref="First"/> on.
/// </summary>
public readonly record struct ReadBlock(
    byte UnitId, ModbusTable Table, ushort Address, int Count, int First, int Members)
{
    public ReadRequest Request => new(UnitId, Table, Address, Count);
}

/// <summary>
/// Which requests read the signals that are due: sorted by unit, table and address, merged across small gaps.
/// <para>
/// Invariants: every due signal is a member of exactly one block and lies whole inside it; no block is larger than the
/// caps; with one request per signal, every block has one member; a place that the device was found to refuse is never
/// read along again (<see cref="Split"/>), until <see cref="ForgetSplits"/>. Planning allocates nothing once its lists
/// have grown. Owned by the source's loop.
/// </para>
/// </summary>
public sealed class ReadPlan
{
    private readonly IReadOnlyList<ModbusSignal> signals;
    private readonly ReadPlanOptions options;
    private readonly int[] rankOf;
    private readonly int[] signalAt;
    private readonly bool[] isSplitBefore;
    private readonly List<ReadBlock> blocks = [];
    private int[] ranks;

    public ReadPlan(IReadOnlyList<ModbusSignal> signals, ReadPlanOptions options)
    {
        ArgumentNullException.ThrowIfNull(signals);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.RegistersMax, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.RegistersMax, ReadRequest.RegistersMax);
        this.signals = signals;
        this.options = options;
        signalAt = [.. Enumerable.Range(0, signals.Count).OrderBy(each => signals[each].UnitId)
            .ThenBy(each => signals[each].Address.Table).ThenBy(each => signals[each].Address.Address)
            .ThenBy(each => each)];
        rankOf = new int[signals.Count];
        for (var rank = 0; rank < signalAt.Length; rank++)
        {
            rankOf[signalAt[rank]] = rank;
        }

        isSplitBefore = new bool[signals.Count];
        ranks = new int[Math.Max(signals.Count, 1)];
        for (var index = 0; index < signals.Count; index++)
        {
            if (ModbusSignalRules.Problem(signals[index], options) is { } problem)
            {
                throw new ArgumentException($"{signals[index].Signal.Name}: {problem}", nameof(signals));
            }
        }
    }

    public IReadOnlyList<ReadBlock> Blocks => blocks;

    /// <summary>Places that the device refused to read along.</summary>
    public int Splits { get; private set; }

    /// <summary>The signal that stands at <paramref name="place"/> of the plan.</summary>
    public int SignalAt(int place) => signalAt[ranks[place]];

    /// <summary>
    /// Plans anew: <see cref="Blocks"/> afterwards read exactly the signals of <paramref name="due"/>.
    /// </summary>
    public void Plan(ReadOnlySpan<int> due)
    {
        if (due.Length > ranks.Length)
        {
            ranks = new int[due.Length];
        }

        for (var index = 0; index < due.Length; index++)
        {
            ranks[index] = rankOf[due[index]];
        }

        ranks.AsSpan(0, due.Length).Sort();
        blocks.Clear();
        var first = 0;
        while (first < due.Length)
        {
            var block = Grow(first, due.Length);
            blocks.Add(block);
            first += block.Members;
        }
    }

    /// <summary>
    /// The device refuses this block, which has several members: takes it apart at its largest gap, else in the middle,
    /// and never merges there again. Each split is one barrier, so there are at most as many as signals.
    /// </summary>
    public (ReadBlock Front, ReadBlock Back) Split(in ReadBlock block)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(block.Members, 2);
        var at = WhereToSplit(block);
        if (!isSplitBefore[ranks[at]])
        {
            isSplitBefore[ranks[at]] = true;
            Splits++;
        }

        return (Around(block.First, at), Around(at, block.First + block.Members));
    }

    /// <summary>
    /// The largest gap, and of several the one nearest to the middle; the middle where there is none.
    /// </summary>
    private int WhereToSplit(in ReadBlock block)
    {
        var middle = block.First + (block.Members / 2);
        var at = middle;
        var gapMax = 0;
        var end = 0;
        for (var place = block.First; place < block.First + block.Members; place++)
        {
            var signal = signals[SignalAt(place)];
            var gap = place > block.First ? signal.Address.Address - end : 0;
            if (gap > gapMax || (gap == gapMax && gap > 0 && Math.Abs(place - middle) < Math.Abs(at - middle)))
            {
                gapMax = gap;
                at = place;
            }

            end = Math.Max(end, signal.Address.Address + SizeOf(signal));
        }

        return at;
    }

    /// <summary>The device may have changed: what it refused is tried again.</summary>
    public void ForgetSplits()
    {
        Array.Clear(isSplitBefore);
        Splits = 0;
    }

    /// <summary>Registers or bits that the signal takes.</summary>
    public static int SizeOf(ModbusSignal signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        return signal.Address.Table is ModbusTable.Coil or ModbusTable.DiscreteInput
            ? 1
            : signal.Signal.Type.Registers;
    }

    private ReadBlock Grow(int first, int places)
    {
        var head = signals[SignalAt(first)];
        var isBits = head.Address.Table is ModbusTable.Coil or ModbusTable.DiscreteInput;
        var sizeMax = isBits ? options.BitsMax : options.RegistersMax;
        var gapMax = isBits ? options.GapRegistersMax * 16 : options.GapRegistersMax;
        var start = (int)head.Address.Address;
        var end = start + SizeOf(head);
        var next = first + 1;
        for (; next < places && !options.OneRequestPerSignal; next++)
        {
            var signal = signals[SignalAt(next)];
            var newEnd = Math.Max(end, signal.Address.Address + SizeOf(signal));
            if (signal.UnitId != head.UnitId || signal.Address.Table != head.Address.Table
                || isSplitBefore[ranks[next]] || signal.Address.Address - end > gapMax || newEnd - start > sizeMax)
            {
                break;
            }

            end = newEnd;
        }

        return new ReadBlock(head.UnitId, head.Address.Table, head.Address.Address, end - start, first, next - first);
    }

    private ReadBlock Around(int first, int last)
    {
        var head = signals[SignalAt(first)];
        var end = 0;
        for (var place = first; place < last; place++)
        {
            var signal = signals[SignalAt(place)];
            end = Math.Max(end, signal.Address.Address + SizeOf(signal));
        }

        return new ReadBlock(
            head.UnitId, head.Address.Table, head.Address.Address, end - head.Address.Address, first, last - first);
    }
}
