using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sluice.Hal.Modbus;

/// <summary>What a device takes in one request, and what is worth reading along.</summary>
public sealed record ReadPlanOptions
{
    /// <summary>Most registers in one request, 1 to 125; for bits 16 times as many, up to 2,000.</summary>
    public int RegistersMax { get; init; } = ReadRequest.RegistersMax;

    /// <summary>
    /// Most registers between two signals that are ever read along unasked, 0 to 124; for bits 16 times as many.
    /// </summary>
    public int GapRegistersMax { get; init; } = ReadRequest.RegistersMax - 1;

    /// <summary>
    /// So many are read along until it was measured how many pay. 16; on a serial line its arithmetic says.
    /// </summary>
    public int GapRegistersFirst { get; init; } = 16;

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
/// Which requests read the signals that are due: sorted by unit, table and address, merged across gaps as far as
/// it pays.
/// <para>
/// Invariants: every due signal is a member of exactly one block and lies whole inside it; no block is larger than the
/// caps; with one request per signal, every block has one member; a place that the device was found to refuse is never
/// read along again (<see cref="Split"/>), until <see cref="RetryOldest"/>. Planning allocates nothing once its lists
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
    private readonly TimeSpan[] splitAt;
    private string? fingerprint;
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

        GapRegisters = options.GapRegistersFirst;
        isSplitBefore = new bool[signals.Count];
        splitAt = new TimeSpan[signals.Count];
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

    /// <summary>
    /// Registers between two signals that are read along now; set, it counts from the next plan on, within the cap.
    /// </summary>
    public int GapRegisters
    {
        get;
        set => field = Math.Clamp(value, 0, options.GapRegistersMax);
    }

    /// <summary>Places that the device refused to read along.</summary>
    public int Splits { get; private set; }

    /// <summary>How often a place was learned or given up.</summary>
    public int SplitChanges { get; private set; }

    /// <summary>SHA-256 of where the signals lie: what was learned about another list says nothing here.</summary>
    public string Fingerprint => fingerprint ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Concat(signalAt.Select(index => signals[index]).Select(each => string.Create(
            CultureInfo.InvariantCulture,
            $"{each.UnitId} {each.Address.Table} {each.Address.Address} {SizeOf(each)}\n"))))));

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
    public (ReadBlock Front, ReadBlock Back) Split(in ReadBlock block, TimeSpan now)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(block.Members, 2);
        var at = WhereToSplit(block);
        Bar(ranks[at], now);

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

    /// <summary>The device may have changed: the oldest place, if it was learned by then, is tried again.</summary>
    public bool RetryOldest(TimeSpan learnedBy)
    {
        var oldest = -1;
        for (var rank = 0; rank < isSplitBefore.Length; rank++)
        {
            if (isSplitBefore[rank] && splitAt[rank] <= learnedBy && (oldest < 0 || splitAt[rank] < splitAt[oldest]))
            {
                oldest = rank;
            }
        }

        if (oldest < 0)
        {
            return false;
        }

        isSplitBefore[oldest] = false;
        Splits--;
        SplitChanges++;
        return true;
    }

    /// <summary>The places that the device refused, for another run of this plan.</summary>
    public IReadOnlyList<ReadHole> Holes(TimeSpan now) =>
    [
        .. Enumerable.Range(0, signalAt.Length).Where(rank => isSplitBefore[rank]).Select(rank =>
        {
            var signal = signals[signalAt[rank]];
            return new ReadHole(signal.UnitId, signal.Address.Table, signal.Address.Address, now - splitAt[rank]);
        }),
    ];

    /// <summary>Takes over what another run of this plan learned; what no signal lies behind does not count.</summary>
    public void Learn(IReadOnlyList<ReadHole> holes, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(holes);
        foreach (var hole in holes)
        {
            var rank = Array.FindIndex(signalAt, index =>
                signals[index].UnitId == hole.UnitId && signals[index].Address.Table == hole.Table
                && signals[index].Address.Address == hole.Address);
            if (rank >= 0)
            {
                Bar(rank, now - hole.Age);
            }
        }
    }

    /// <summary>Registers or bits that the signal takes.</summary>
    public static int SizeOf(ModbusSignal signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        return signal.Address.Table is ModbusTable.Coil or ModbusTable.DiscreteInput
            ? 1
            : signal.Signal.Type.Registers;
    }

    private void Bar(int rank, TimeSpan at)
    {
        if (!isSplitBefore[rank])
        {
            isSplitBefore[rank] = true;
            splitAt[rank] = at;
            Splits++;
            SplitChanges++;
        }
    }

    private ReadBlock Grow(int first, int places)
    {
        var head = signals[SignalAt(first)];
        var isBits = head.Address.Table is ModbusTable.Coil or ModbusTable.DiscreteInput;
        var sizeMax = isBits ? options.BitsMax : options.RegistersMax;
        var gapMax = isBits ? GapRegisters * 16 : GapRegisters;
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
