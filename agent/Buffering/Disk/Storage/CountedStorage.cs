namespace Sluice.Agent.Buffering.Disk.Storage;

/// <summary>
/// What a directory's disk was asked to do since the buffer was opened. Counted where it is asked, so that nothing else
/// that the machine writes is in it. Written and read from any thread.
/// </summary>
public sealed class StorageMeter
{
    private const int PageBytes = 4096;

    private long bytesWritten;
    private long syncs;

    /// <summary>
    /// Bytes handed to the disk, in whole pages of 4 KiB as the kernel writes them. What the file system writes about
    /// them, and what a flash writes inside, is not in it.
    /// </summary>
    public long BytesWritten => Interlocked.Read(ref bytesWritten);

    /// <summary>fdatasync of files and fsync of directories.</summary>
    public long Syncs => Interlocked.Read(ref syncs);

    /// <summary>Counts from nothing again.</summary>
    internal void Restart()
    {
        Interlocked.Exchange(ref bytesWritten, 0);
        Interlocked.Exchange(ref syncs, 0);
    }

    internal void Wrote(long offset, int lengthBytes)
    {
        if (lengthBytes > 0)
        {
            var pages = ((offset + lengthBytes - 1) / PageBytes) - (offset / PageBytes) + 1;
            Interlocked.Add(ref bytesWritten, pages * PageBytes);
        }
    }

    internal void Synced(int times) => Interlocked.Add(ref syncs, times);
}

/// <summary>A storage that counts what it is asked to write.</summary>
public sealed class CountedStorage(IStorage storage, StorageMeter meter) : IStorage
{
    public long FreeBytes => storage.FreeBytes;

    public DateTime NowUtc => storage.NowUtc;

    public IReadOnlyList<StorageEntry> List() => storage.List();

    public IStorageFile Open(string name, bool create) => new CountedFile(storage.Open(name, create), meter);

    public void Rename(string from, string to) => storage.Rename(from, to);

    public void Delete(string name) => storage.Delete(name);

    public void SyncDirectory()
    {
        // The directory and its quarantine.
        storage.SyncDirectory();
        meter.Synced(2);
    }

    public void Dispose() => storage.Dispose();

    private sealed class CountedFile(IStorageFile file, StorageMeter meter) : IStorageFile
    {
        public long LengthBytes => file.LengthBytes;

        public long Identity => file.Identity;

        public DateTime ChangedUtc => file.ChangedUtc;

        public int Read(long offset, Span<byte> into) => file.Read(offset, into);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            meter.Wrote(offset, bytes.Length);
            file.Write(offset, bytes);
        }

        public void SetLength(long lengthBytes) => file.SetLength(lengthBytes);

        public void Sync()
        {
            file.Sync();
            meter.Synced(1);
        }

        public void DropCache() => file.DropCache();

        public void Dispose() => file.Dispose();
    }
}
