using System.Buffers;
using System.IO.Hashing;
using Sluice.Agent.Buffering.Disk.Storage;

namespace Sluice.Agent.Buffering.Disk.Segments;

/// <summary>
/// The sealed segments and the quarantine, as files: writes them under a temporary name, reads them back, keeps the
/// last two that were read (the backlog's and a replay's), counts their bytes.
/// </summary>
internal sealed class SegmentShelf(IStorage storage)
{
    public const string Temporary = ".new";

    // The backlog's and a replay's.
    private const int LoadedMax = 2;
    private const int DiskBlockBytes = 4096;
    private const int ReadBackBytes = 64 << 10;

    // What directories themselves take: ext4 gives them blocks for their names and never takes them back.
    private const int DirectoriesBytes = 64 << 10;
    public const int NameBytes = 256;

    private readonly LinkedList<(SegmentName Name, List<SealedBlock> Blocks)> loaded = [];
    private readonly SortedDictionary<string, long> quarantined = new(StringComparer.Ordinal);
    private byte[] lastRead = [];
    private int segmentCount;

    public long SegmentBytes { get; private set; }

    public long SegmentReadings { get; private set; }

    /// <summary>Bytes on the disk, without the journals: rounded up as a file system does.</summary>
    public long SizeBytes =>
        DirectoriesBytes + ((long)NameBytes * (segmentCount + quarantined.Count)) + SegmentBytes
        + quarantined.Values.Sum() + ReservedBytes;

    /// <summary>Room that was made for a segment that is being written.</summary>
    public long ReservedBytes { get; set; }

    public static long OnDisk(long lengthBytes) => (lengthBytes + DiskBlockBytes - 1) / DiskBlockBytes * DiskBlockBytes;

    public void Count(HeldSegment segment)
    {
        SegmentBytes += OnDisk(segment.LengthBytes);
        SegmentReadings += segment.Range.Count;
        segmentCount++;
    }

    public void CountQuarantined(StorageEntry entry) => quarantined[entry.Name] = OnDisk(entry.LengthBytes);

    /// <summary>Durable, read back and right under its name when it returns.</summary>
    public HeldSegment Write(StoreId store, ulong generation, IReadOnlyList<SealedBlock> blocks,
        ArraySegment<byte> bytes)
    {
        var segment = WriteFile(storage, store, generation, blocks, bytes);
        Count(segment);
        return segment;
    }

    /// <summary>The same, not counted yet: nothing of the shelf's is touched, so that any thread may do it.</summary>
    public static HeldSegment WriteFile(
        IStorage storage, StoreId store, ulong generation, IReadOnlyList<SealedBlock> blocks,
        ArraySegment<byte> bytes)
    {
        var range = new PositionRange(blocks[0].Range.From, blocks[^1].Range.To);
        var name = new SegmentName(generation, store, range, XxHash3.HashToUInt64(bytes));
        var temporary = name + Temporary;
        try
        {
            using (var file = storage.Open(temporary, create: true))
            {
                file.SetLength(0);
                file.Write(0, bytes);
                file.Sync();
                file.DropCache();
                ReadBack(file, name.Hash, bytes.Count);
            }

            storage.Rename(temporary, name.ToString());
            storage.SyncDirectory();
            return new HeldSegment(name, bytes.Count);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Nobody counts it: it must not stay. Where it cannot be deleted either, it is when the buffer is opened.
            TryDelete(storage, temporary);
            throw;
        }
    }

    /// <summary>A segment that was written and is not wanted.</summary>
    public void Discard(HeldSegment? segment)
    {
        if (segment is not null)
        {
            storage.Delete(segment.Name.ToString());
        }
    }

    /// <summary>
    /// The blocks of a segment. Throws <see cref="DamagedException"/> where the file is not as it was written.
    /// </summary>
    public List<SealedBlock> Load(SegmentName name)
    {
        for (var node = loaded.First; node is not null; node = node.Next)
        {
            if (node.Value.Name == name)
            {
                loaded.Remove(node);
                loaded.AddFirst(node);
                return node.Value.Blocks;
            }
        }

        var blocks = SegmentFormat.Read(ReadFile(name), name);
        Keep(name, blocks);
        return blocks;
    }

    /// <summary>
    /// The bytes of a segment, whatever they are; none where the file is gone. They are there until the next file is
    /// read: a new array for each segment was most of what a long drain left to the collector.
    /// </summary>
    public ArraySegment<byte> ReadFile(SegmentName name)
    {
        try
        {
            using var file = storage.Open(name.ToString(), create: false);
            var length = (int)Math.Min(file.LengthBytes, int.MaxValue / 4);
            if (lastRead.Length < length)
            {
                lastRead = new byte[OnDisk(length)];
            }

            return new ArraySegment<byte>(lastRead, 0, file.Read(0, lastRead.AsSpan(0, length)));
        }
        catch (FileNotFoundException)
        {
            return [];
        }
    }

    public void Keep(SegmentName name, List<SealedBlock> blocks)
    {
        loaded.AddFirst((name, blocks));
        if (loaded.Count > LoadedMax)
        {
            loaded.RemoveLast();
        }
    }

    public void Delete(HeldSegment segment)
    {
        storage.Delete(segment.Name.ToString());
        Forget(segment);
    }

    /// <summary>Sets a whole file aside.</summary>
    public void SetAside(string name, long lengthBytes)
    {
        var side = $"{DirectoryStorage.Quarantine}/{name}";
        storage.Rename(name, side);
        quarantined[side] = OnDisk(lengthBytes);
    }

    public void SetAside(HeldSegment segment)
    {
        Forget(segment);
        try
        {
            SetAside(segment.Name.ToString(), segment.LengthBytes);
        }
        catch (FileNotFoundException)
        {
            // Somebody deleted it: there is nothing to set aside.
        }
    }

    /// <summary>Sets a part of a file aside, for whoever wants to know what happened.</summary>
    public void SetAside(string name, ReadOnlySpan<byte> bytes)
    {
        var side = $"{DirectoryStorage.Quarantine}/{name}";
        using var file = storage.Open(side, create: true);
        file.SetLength(0);
        file.Write(0, bytes);
        file.Sync();
        quarantined[side] = OnDisk(bytes.Length);
    }

    /// <summary>Makes room from what was set aside; false where nothing is.</summary>
    public bool DeleteOldestQuarantined()
    {
        if (quarantined.Count == 0)
        {
            return false;
        }

        var oldest = quarantined.Keys.First();
        storage.Delete(oldest);
        return quarantined.Remove(oldest);
    }

    private static void ReadBack(IStorageFile file, ulong hash, int lengthBytes)
    {
        var part = ArrayPool<byte>.Shared.Rent(ReadBackBytes);
        try
        {
            var back = new XxHash3();
            for (var at = 0; at < lengthBytes; at += ReadBackBytes)
            {
                var read = file.Read(at, part.AsSpan(0, Math.Min(ReadBackBytes, lengthBytes - at)));
                back.Append(part.AsSpan(0, read));
            }

            if (back.GetCurrentHashAsUInt64() != hash)
            {
                throw new IOException("A segment that was just written does not read back: the disk is failing.");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(part);
        }
    }

    private static void TryDelete(IStorage storage, string name)
    {
        try
        {
            storage.Delete(name);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Said by whoever gets the first fault.
        }
    }

    private void Forget(HeldSegment segment)
    {
        SegmentBytes -= OnDisk(segment.LengthBytes);
        SegmentReadings -= segment.Range.Count;
        segmentCount--;
        for (var node = loaded.First; node is not null; node = node.Next)
        {
            if (node.Value.Name == segment.Name)
            {
                loaded.Remove(node);
                return;
            }
        }
    }
}
