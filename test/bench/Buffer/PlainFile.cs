using System.Runtime.InteropServices;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Blocks;
using Sluice.Agent.Buffering.Disk.Storage;
using Sluice.Hal;

namespace Sluice.Bench.Buffer;

/// <summary>
/// The limit: the same encoded blocks appended to a plain file, one fdatasync a commit, and nothing else.
/// </summary>
internal sealed class PlainFile : IContestant
{
    private const int BlockReadings = 1000;

    private readonly StorageMeter meter = new();
    private readonly CountedStorage storage;
    private readonly IStorageFile file;
    private readonly BlockEncoder encoder = new();
    private readonly ByteWriter block = new();
    private readonly List<StoredReading> pending = [];
    private long offset;
    private long next = 1;

    public PlainFile(string directory)
    {
        storage = new CountedStorage(DirectoryStorage.Open(directory), meter);
        file = storage.Open("append", create: true);
    }

    public long Syncs => meter.Syncs;

    public void Append(ReadOnlySpan<Reading> readings)
    {
        foreach (ref readonly var reading in readings)
        {
            pending.Add(new StoredReading(
                next++, reading.Signal.Name, reading.Value, reading.Quality, reading.SourceTimestamp));
        }
    }

    public void Commit()
    {
        block.Clear();
        for (var start = 0; start < pending.Count; start += BlockReadings)
        {
            var count = Math.Min(BlockReadings, pending.Count - start);
            encoder.Encode(CollectionsMarshal.AsSpan(pending).Slice(start, count), block);
        }

        file.Write(offset, block.Written);
        file.Sync();
        offset += block.Length;
        pending.Clear();
    }

    public void Dispose()
    {
        file.Dispose();
        storage.Dispose();
    }
}
