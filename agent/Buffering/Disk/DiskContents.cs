using Sluice.Agent.Buffering.Disk.Journal;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Buffering.Disk.Storage;

namespace Sluice.Agent.Buffering.Disk;

/// <summary>How a disk store is to be opened.</summary>
public sealed record DiskStoreOptions
{
    /// <summary>Smaller directories have no room for two journals and what is sealed from them.</summary>
    public const long SizeBytesMin = 8 << 20;

    /// <summary>Bytes that the directory never exceeds. 8 MiB at least.</summary>
    public required long SizeBytesMax { get; init; }

    /// <summary>Makes the id of a new life.</summary>
    public required Func<StoreId> NewStore { get; init; }

    /// <summary>
    /// After a commit failed: what this store had made durable before. What it wrote after that may or may not be on
    /// the disk; it went elsewhere and never counts.
    /// </summary>
    public (StoreId Store, long Position)? DurableBelow { get; init; }

    internal int JournalPages => JournalBytes(SizeBytesMax) / JournalPage.Bytes;

    /// <summary>
    /// Bytes of one journal file: a sixteenth of the room, 512 KiB to 1 MiB, because a segment of that size is built
    /// and read in little memory; up to 4 MiB where there is so much room that there would be too many segments.
    /// </summary>
    internal static int JournalBytes(long sizeBytesMax) =>
        (int)Math.Clamp(sizeBytesMax / 16, 512 << 10, Math.Clamp(sizeBytesMax / 8192, 1 << 20, 4 << 20));
}

/// <summary>Everything that lies in the directory, as the disk store knows it.</summary>
internal sealed class DiskContents(IStorage storage, DiskStoreOptions options, JournalFile first, JournalFile second)
    : IDisposable
{
    private readonly JournalFile[] journals = [first, second];
    private int current;

    public IStorage Storage { get; } = storage;

    public DiskStoreOptions Options { get; } = options;

    public SegmentShelf Shelf { get; } = new(storage);

    /// <summary>
    /// Set by the first commit that failed: nothing is written any more until the directory is opened again.
    /// </summary>
    public StorageFault? Fault { get; set; }

    /// <summary>Oldest first; the last one is written.</summary>
    public List<DiskLife> Lives { get; } = [];

    public DiskLife Life => Lives[^1];

    /// <summary>When was recorded and when not, and what the clock did.</summary>
    public RecordBook Book { get; set; } = new();

    public IReadOnlyList<JournalFile> Journals => journals;

    public JournalFile Current => journals[current];

    public JournalFile Other => journals[1 - current];

    public long SizeBytes => ((long)(journals[0].Pages + journals[1].Pages) * JournalPage.Bytes) + Shelf.SizeBytes;

    public void MakeCurrent(JournalFile journal) => current = Array.IndexOf(journals, journal);

    public void Dispose()
    {
        journals[0].Dispose();
        journals[1].Dispose();
        Storage.Dispose();
    }
}
