using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Buffering.Stamps;
using Sluice.Agent.Time;
using Sluice.Hal;

namespace Sluice.Agent.Buffering;

/// <summary>
/// The durable log of readings. Not thread-safe: one loop owns it (BufferLoop). Two implementations: on
/// disk and in memory; one contract suite and one model test run against both.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Positions start at 1, grow by one with each reading, and are never given twice in a store, whatever
/// happens.</item>
/// <item>Nothing at or above <see cref="Durable"/> is ever handed out: durable first, published after.</item>
/// <item>What was handed out once is handed out again byte for byte until it is acknowledged and its room is needed,
/// or until a drop record says that it is gone. Only what is marked <see cref="StoredReading.IsProvisional"/> may come
/// again with another time.</item>
/// <item>A fault of the storage is a value (<see cref="StorageFault"/>), never an exception.</item>
/// </list>
/// </summary>
public interface IReadingBuffer : IDisposable
{
    StoreId Store { get; }

    /// <summary>True where a power cut or a stop loses everything: memory only.</summary>
    bool IsVolatile { get; }

    /// <summary>
    /// The oldest position that is still held (acknowledged or not); equals <see cref="Durable"/> when empty.
    /// </summary>
    long First { get; }

    /// <summary>Everything below is durable. The ledger's <c>next</c>: the MES judges only below it.</summary>
    long Durable { get; }

    /// <summary>The position that the next appended reading gets.</summary>
    long Next { get; }

    /// <summary>All readings ever dropped from this store: <see cref="View"/> without the rest of it.</summary>
    long DroppedCount { get; }

    /// <summary>What was acknowledged, dropped and produced: the proof of completeness.</summary>
    StoreView View { get; }

    /// <summary>Takes readings in; they are durable after the next successful <see cref="Commit"/>.</summary>
    void Append(ReadOnlySpan<Reading> readings);

    /// <summary>The same with the clock that stamped them, for a clock that may not be set yet.</summary>
    void Append(ReadOnlySpan<Reading> readings, ReadingClock clock);

    /// <summary>
    /// Makes everything appended durable. On a fault nothing that was durable is lost, and a later call may succeed.
    /// </summary>
    StorageFault? Commit();

    /// <summary>
    /// Adds up to <paramref name="readingsMax"/> durable readings from position <paramref name="from"/> on (or the next
    /// that is held), acknowledged or not, in order and without a hole other than dropped ranges.
    /// </summary>
    StorageFault? Peek(long from, int readingsMax, StoredBatch into);

    /// <summary>
    /// These may be forgotten. Durable with the next commit that has something to write, or <see cref="Commit"/>
    /// itself:
    /// an acknowledgement that a crash loses costs a second delivery, never a reading.
    /// </summary>
    void Acknowledge(PositionRange range);

    /// <summary>
    /// These are about to be handed to the link: whatever the clock says later, they stay as they are. Holds after the
    /// next successful <see cref="Commit"/>.
    /// </summary>
    void Release(PositionRange range);

    /// <summary>Readings were stored before the clock was set that may still be corrected.</summary>
    bool AwaitsClock { get; }

    /// <summary>
    /// The clock as it is. Once it is set, what was read in this boot and never released gets the right time, with the
    /// next successful <see cref="Commit"/>. A new boot: what was read in another one stays as it is.
    /// </summary>
    void Observe(ReadingClock now);
}

/// <summary>What the storage said, in words for a technician.</summary>
public sealed record StorageFault(string Sentence);

/// <summary>Why readings left the buffer without having been acknowledged.</summary>
public enum DropReason : byte
{
    /// <summary>sizeMax was reached; the oldest block went.</summary>
    Overflow,

    /// <summary>A checksum was wrong; the damaged part was set aside.</summary>
    Corrupt,

    /// <summary>They were held in memory only, because the storage failed, and did not fit.</summary>
    Volatile,

    /// <summary>
    /// A power cut tore the last commit, and it cannot be told how many readings it had (the range is the most it can
    /// have been). The positions are skipped, so that none is ever given twice.
    /// </summary>
    Torn,
}

/// <summary>Readings that will never arrive, and why.</summary>
/// <param name="Range">Where they were.</param>
/// <param name="Count">How many of the range: all of it, unless the record had to be folded.</param>
/// <param name="Reason">Why.</param>
public sealed record DropRecord(PositionRange Range, long Count, DropReason Reason)
{
    public bool IsWhole => Count == Range.Count;
}

/// <summary>One store's account, immutable, for publisher, ledger and status.</summary>
public sealed record StoreView
{
    public required StoreId Store { get; init; }

    public required bool IsVolatile { get; init; }

    /// <summary>Oldest position still held.</summary>
    public required long First { get; init; }

    /// <summary>Everything below is durable.</summary>
    public required long Next { get; init; }

    /// <summary>Ascending, disjoint, not touching; bounded.</summary>
    public required IReadOnlyList<PositionRange> Acknowledged { get; init; }

    /// <summary>Newest last; bounded by folding, never by forgetting (<see cref="DropFolding"/>).</summary>
    public required IReadOnlyList<DropRecord> Drops { get; init; }

    /// <summary>All readings ever dropped from this store.</summary>
    public required long DroppedCount { get; init; }

    /// <summary>Readings that got another time, because the clock was not set when they were read. Ascending.</summary>
    public IReadOnlyList<ClockCorrection> Corrections { get; init; } = [];

    /// <summary>Bytes that the store takes on its disk (or in memory).</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Readings that are held and not acknowledged.</summary>
    public required long Waiting { get; init; }

    /// <summary>Of what is held, the readings that are in sealed segments, and the bytes that those take.</summary>
    public long SealedReadings { get; init; }

    public long SealedBytes { get; init; }
}
