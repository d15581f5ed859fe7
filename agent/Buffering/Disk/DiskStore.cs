using Sluice.Agent.Buffering.Disk.Journal;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Buffering.Disk.Storage;
using Sluice.Agent.Time;
using Sluice.Hal;

namespace Sluice.Agent.Buffering.Disk;

/// <summary>Either a store, or why there is none.</summary>
public sealed record DiskOpening(DiskStore? Store, StorageFault? Fault);

/// <summary>
/// The buffer on disk: an append-only journal in two files, sealed into LiteDB segments (FORMAT.md, docs/adr/0004).
/// Owned by one loop.
/// <para>
/// Opening never fails over what lies in the directory: what is damaged is set aside and named in the ledger. After a
/// commit that failed the store is read and acknowledged only; it has to be opened again to be written.
/// </para>
/// </summary>
public sealed class DiskStore : IReadingBuffer
{
    private readonly DiskContents contents;
    private readonly DiskWriter writer;
    private readonly DiskReader reader;
    private readonly List<StoredReading> pending = [];

    internal DiskStore(DiskContents contents, DiskWriter writer)
    {
        this.contents = contents;
        this.writer = writer;
        reader = new DiskReader(contents, writer);
        Older = contents.Lives[..^1].ConvertAll(life => new OlderLife(this, life)).AsReadOnly();
    }

    public StoreId Store => contents.Life.Store;

    public bool IsVolatile => false;

    public long First => contents.Life.First;

    public long Durable => contents.Life.Next;

    public long Next => contents.Life.Next + pending.Count;

    public long DroppedCount => contents.Life.Ledger.DroppedCount;

    public StoreView View => contents.Life.View(contents.SizeBytes) with
    {
        SealedReadings = contents.Shelf.SegmentReadings,
        SealedBytes = contents.Shelf.SegmentBytes,
    };

    /// <summary>
    /// Earlier lives of the directory that still hold readings: read and acknowledged, never written.
    /// </summary>
    public IReadOnlyList<IReadingBuffer> Older { get; }

    /// <summary>The commit that failed, or a full journal that could not be sealed yet.</summary>
    public StorageFault? Fault => contents.Fault ?? (writer.Sealer.Fault is { } fault ? StorageFaults.Of(fault) : null);

    /// <summary>
    /// A piece of the sealing of a full journal that is to be run, on whatever thread, and then
    /// <see cref="Proceed"/> to be called; null where there is none. Where nobody runs it, the commit that needs the
    /// journal does.
    /// </summary>
    public SealStep? SealStep => writer.Sealer.Step;

    /// <summary>
    /// Opens the directory of <paramref name="open"/>. Fails only where it cannot be written: no permission, no room,
    /// a failing disk, or another agent that has it.
    /// </summary>
    public static DiskOpening Open(Func<IStorage> open, DiskStoreOptions options)
    {
        IStorage? storage = null;
        try
        {
            storage = open();
            return new DiskOpening(DiskRecovery.Open(storage, options), null);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            storage?.Dispose();
            return new DiskOpening(null, StorageFaults.Of(fault));
        }
    }

    public static DiskOpening Open(string directory, DiskStoreOptions options) =>
        Open(() => DirectoryStorage.Open(directory), options);

    public bool AwaitsClock => contents.Life.Clock.IsWaiting;

    /// <summary>When was recorded and when not. Written with the next commit.</summary>
    internal RecordBook Book
    {
        get => contents.Book;
        set => contents.Book = value;
    }

    public void Append(ReadOnlySpan<Reading> readings) => Append(readings, ReadingClock.Unknown);

    public void Append(ReadOnlySpan<Reading> readings, ReadingClock clock)
    {
        if (readings.Length > 0)
        {
            contents.Life.Clock.Note(new PositionRange(Next, Next + readings.Length - 1), clock);
        }

        foreach (ref readonly var reading in readings)
        {
            pending.Add(new StoredReading(
                Next, reading.Signal.Name, reading.Value, reading.Quality, reading.SourceTimestamp)
            {
                Clock = clock,
            });
        }
    }

    public StorageFault? Commit()
    {
        if (contents.Fault is not null)
        {
            return contents.Fault;
        }

        try
        {
            writer.Write(pending);
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            contents.Fault = StorageFaults.Of(fault);
            return contents.Fault;
        }
    }

    /// <summary>
    /// Takes over what <see cref="SealStep"/> found out; on the owner's loop. False where it is not done.
    /// </summary>
    public bool Proceed() => writer.Sealer.Proceed();

    public StorageFault? Peek(long from, int readingsMax, StoredBatch into) =>
        Peek(contents.Life, from, readingsMax, into);

    public void Acknowledge(PositionRange range) => contents.Life.Acknowledge(range);

    public void Release(PositionRange range) => contents.Life.Clock.Release(range);

    public void Observe(ReadingClock now) => contents.Life.Observe(now);

    public void Dispose()
    {
        writer.Sealer.Stop();
        contents.Dispose();
    }

    /// <summary>
    /// After a fault: whether the directory can be written again, and has the room that the next commits need.
    /// </summary>
    public StorageFault? Probe()
    {
        try
        {
            var needed = 2L * contents.Options.JournalPages * JournalPage.Bytes;
            if (contents.Storage.FreeBytes < needed)
            {
                throw new IOException($"The disk has less than {needed >> 20} MiB left.");
            }

            const string name = "probe" + SegmentShelf.Temporary;
            using (var file = contents.Storage.Open(name, create: true))
            {
                file.Write(0, new byte[JournalPage.Bytes]);
                file.Sync();
            }

            contents.Storage.Delete(name);
            contents.Storage.SyncDirectory();
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return StorageFaults.Of(fault);
        }
    }

    private StorageFault? Peek(DiskLife life, long from, int readingsMax, StoredBatch into)
    {
        try
        {
            reader.Peek(life, from, readingsMax, into);
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return StorageFaults.Of(fault);
        }
    }

    /// <summary>A life that ended, seen as a buffer of its own.</summary>
    private sealed class OlderLife(DiskStore owner, DiskLife life) : IReadingBuffer
    {
        public StoreId Store => life.Store;

        public bool IsVolatile => false;

        public long First => life.First;

        public long Durable => life.Next;

        public long Next => life.Next;

        public long DroppedCount => life.Ledger.DroppedCount;

        public StoreView View => life.View(life.Held.OfType<HeldSegment>().Sum(segment => segment.LengthBytes));

        public bool AwaitsClock => life.Clock.IsWaiting;

        public void Append(ReadOnlySpan<Reading> readings) => Append(readings, ReadingClock.Unknown);

        public void Append(ReadOnlySpan<Reading> readings, ReadingClock clock) =>
            throw new InvalidOperationException("An earlier life takes no readings.");

        public StorageFault? Commit() => owner.Commit();

        public StorageFault? Peek(long from, int readingsMax, StoredBatch into) =>
            owner.Peek(life, from, readingsMax, into);

        public void Acknowledge(PositionRange range) => life.Acknowledge(range);

        public void Release(PositionRange range) => life.Clock.Release(range);

        public void Observe(ReadingClock now) => life.Observe(now);

        public void Dispose()
        {
            // The owner has the files.
        }
    }
}

/// <summary>What a file system's exception means to a technician.</summary>
internal static class StorageFaults
{
    public static StorageFault Of(Exception fault) => new(
        $"The buffer's directory cannot be used: {fault.Message.TrimEnd('.')}. Look whether the disk is full, mounted "
        + "read-only or worn out, whether the directory belongs to the agent's user, and whether a second agent runs.");
}
