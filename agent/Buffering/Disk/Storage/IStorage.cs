namespace Sluice.Agent.Buffering.Disk.Storage;

/// <summary>
/// One directory that the disk store owns: the seam to the file system, so that a disk that lies, fills up or loses
/// power is an input of a test. Names are plain, or <c>quarantine/name</c>. Every call may throw IOException or
/// UnauthorizedAccessException; the disk store turns them into <see cref="StorageFault"/>.
/// </summary>
public interface IStorage : IDisposable
{
    /// <summary>Names and lengths of everything in the directory (and in <c>quarantine/</c>), in no order.</summary>
    IReadOnlyList<StorageEntry> List();

    /// <summary>
    /// Opens a file to read and write; creates it where it does not exist and <paramref name="create"/>.
    /// </summary>
    IStorageFile Open(string name, bool create);

    /// <summary>Replaces what may be there. Durable after <see cref="SyncDirectory"/>.</summary>
    void Rename(string from, string to);

    /// <summary>Durable after <see cref="SyncDirectory"/>. No fault where there is no such file.</summary>
    void Delete(string name);

    /// <summary>
    /// The clock by which <see cref="IStorageFile.ChangedUtc"/> is told; to be compared with that and nothing else.
    /// </summary>
    DateTime NowUtc { get; }

    /// <summary>Bytes that may still be written by this user, as the file system says.</summary>
    long FreeBytes { get; }

    /// <summary>Makes created, renamed and deleted names durable.</summary>
    void SyncDirectory();
}

/// <param name="Name">As <see cref="IStorage.Open"/> takes it.</param>
/// <param name="LengthBytes">The file's length; what it takes on the disk is this, rounded up to 4 KiB.</param>
public readonly record struct StorageEntry(string Name, long LengthBytes);

/// <summary>An open file. Nothing written is durable before <see cref="Sync"/> returned.</summary>
public interface IStorageFile : IDisposable
{
    long LengthBytes { get; }

    /// <summary>Which file it is, not what it is called: another number for a copy that was put back.</summary>
    long Identity { get; }

    /// <summary>
    /// When somebody last wrote to the file or changed its owner or mode, whoever it was: nobody can set this back.
    /// After a power cut it may be older than the file's content, never much younger.
    /// </summary>
    DateTime ChangedUtc { get; }

    /// <summary>Reads up to a whole span; fewer bytes only at the end of the file.</summary>
    int Read(long offset, Span<byte> into);

    void Write(long offset, ReadOnlySpan<byte> bytes);

    void SetLength(long lengthBytes);

    /// <summary>
    /// fdatasync. Where it throws, nothing written since the last one that did not is known: the kernel may have let go
    /// of it, still read it back, and let the next sync succeed.
    /// </summary>
    void Sync();

    /// <summary>What was synced is read from the device from now on, not from what the kernel remembers.</summary>
    void DropCache();
}
