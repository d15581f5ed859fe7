using Sluice.Agent.Buffering;
using Sluice.Hal;
using Sluice.Mes;
using Sluice.Mes.Streams;

namespace Sluice.Plant.World;

/// <summary>A reading as the device gave it, when it was handed to the buffer, and when it was read.</summary>
internal readonly record struct GivenReading(Reading Reading, TimeSpan At, TimeSpan ReadAt);

/// <summary>
/// What the world knows of one store: which reading each position is, what the broker took, what arrived, and what may
/// be missing without anybody's fault.
/// </summary>
internal sealed class StoreBook(StoreId store, bool isVolatile)
{
    private readonly List<GivenReading?> given = [];
    private readonly Dictionary<long, Fate> notSet = [];
    private readonly Dictionary<string, long> newest = new(StringComparer.Ordinal);

    public StoreId Store { get; } = store;

    public bool IsVolatile { get; } = isVolatile;

    /// <summary>It was memory, and the process that had it is gone.</summary>
    public bool Died { get; set; }

    public long Next => given.Count + 1;

    /// <summary>What it said last.</summary>
    public long DroppedCount { get; set; }

    /// <summary>The oldest position that it held when it was last looked at.</summary>
    public long First { get; set; } = 1;

    /// <summary>It has readings whose clock was not set.</summary>
    public bool HasNotSet => notSet.Count > 0;

    /// <summary>What the broker answered with success.</summary>
    public PositionSet Taken { get; } = new(int.MaxValue);

    /// <summary>What the broker took and then lost: its word, not the gateway's.</summary>
    public PositionSet LostByBroker { get; } = new(int.MaxValue);

    public PositionSet Arrived { get; } = new(int.MaxValue);

    /// <summary>What the store's own ledger has named as dropped.</summary>
    public PositionSet Dropped { get; } = new(int.MaxValue);

    /// <summary>
    /// What went on in memory because the disk failed while it was writing it: it may be on the disk as well.
    /// </summary>
    public List<GivenReading> Ghosts { get; set; } = [];

    /// <summary>The ghosts live on in memory; else they were still waiting when the process ended.</summary>
    public bool GhostsMoved { get; set; }

    public GivenReading? this[long position] =>
        position >= 1 && position < Next ? given[(int)position - 1] : null;

    /// <summary>The youngest position of each signal.</summary>
    public IEnumerable<long> Newest => newest.Values;

    /// <param name="reading">What lies at the next position.</param>
    /// <param name="isNotSet">Its clock was not set.</param>
    public void Give(GivenReading reading, bool isNotSet)
    {
        newest[reading.Reading.Signal.Name] = Next;
        if (isNotSet)
        {
            notSet.Add(Next, new Fate());
        }

        given.Add(reading);
    }

    /// <summary>What became of a reading whose clock was not set; null where it was.</summary>
    public Fate? FateOf(long position) => notSet.GetValueOrDefault(position);

    /// <summary>A position that no reading has: skipped after a torn commit.</summary>
    public void Skip() => given.Add(null);
}
