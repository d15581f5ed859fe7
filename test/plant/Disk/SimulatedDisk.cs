using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk.Storage;

namespace Sluice.Plant.Disk;

/// <summary>What a disk was asked to do, in order.</summary>
public abstract record DiskOperation
{
    public sealed record Create(string Name, int File) : DiskOperation;

    public sealed record Write(int File, long Offset, byte[] Bytes) : DiskOperation;

    public sealed record Resize(int File, long LengthBytes) : DiskOperation;

    public sealed record Sync(int File) : DiskOperation;

    /// <summary>The device did not take what was written since the last sync, and the kernel let go of it.</summary>
    public sealed record SyncFailed(int File) : DiskOperation;

    public sealed record Rename(string From, string To) : DiskOperation;

    public sealed record Delete(string Name) : DiskOperation;

    public sealed record SyncDirectory : DiskOperation;

    /// <summary>Not the disk's: something that the test remembers at this point.</summary>
    public sealed record Mark(int Number) : DiskOperation;
}

/// <summary>The machine went dark in the middle of something: not a fault that any code could handle.</summary>
public sealed class PowerLostException() : Exception("The power went.");

/// <summary>What the disk does when it is asked.</summary>
public enum DiskMood
{
    Works,

    /// <summary>Every write, sync, rename and delete fails (read-only remount, EIO).</summary>
    ReadOnly,

    /// <summary>Files cannot grow and cannot be made; what is allocated can be written (ENOSPC).</summary>
    Full,
}

/// <summary>
/// A disk in memory that records everything, so that <see cref="PowerCut"/> can rebuild what a power cut would have
/// left; that can be full or read-only; and that can lie about what it synced.
/// </summary>
public sealed class SimulatedDisk
{
    private readonly Dictionary<string, DiskFile> files = new(StringComparer.Ordinal);
    private int nextFile;
    private bool locked;

    public SimulatedDisk(bool record = true) => Records = record;

    public List<DiskOperation> Operations { get; } = [];

    public bool Records { get; }

    public DiskMood Mood { get; set; }

    /// <summary>
    /// Sync of a name returns and does nothing (empty: the directory): what a power-cut test must catch.
    /// </summary>
    public Func<string, bool> IgnoresSyncOf { get; set; } = _ => false;

    /// <summary>After so many more writing operations, everything fails; null never.</summary>
    public int? FailsAfter { get; set; }

    /// <summary>
    /// Called before the disk changes anything, with the name of the file (empty: the directory): where a test lets
    /// something else happen in between.
    /// </summary>
    public Action<string> Before { get; set; } = _ => { };

    /// <summary>
    /// The next sync of a name for which this is true fails, once: what it was to write is lost, is still read back
    /// until the cache is dropped, and every later sync succeeds. So does Linux after a write error (fsync(2), EIO).
    /// </summary>
    public Func<string, bool>? LosesSyncOf { get; set; }

    /// <summary>Dropping the cache does nothing: what a failed sync lost is read back until the power goes.</summary>
    public bool KeepsCache { get; set; }

    /// <summary>After so many more writing operations the power is gone (<see cref="PowerLostException"/>); null
    /// never.</summary>
    public int? PowerLastsFor { get; set; }

    public bool IsDark => PowerLastsFor < 0;

    /// <summary>The clock by which files are stamped when they are written.</summary>
    public DateTime NowUtc { get; set; } = DateTime.UnixEpoch;

    public long BytesWritten { get; private set; }

    public int Syncs { get; private set; }

    /// <summary>Files that somebody opened and did not close.</summary>
    public int OpenFiles { get; private set; }

    public IReadOnlyDictionary<string, DiskFile> Files => files;

    public IStorage Open()
    {
        if (locked)
        {
            throw new IOException("Another agent has the directory.");
        }

        if (Mood == DiskMood.ReadOnly)
        {
            throw new IOException("Read-only file system.");
        }

        locked = true;
        return new Storage(this);
    }

    /// <summary>The process died: its lock is gone, what it wrote is in the page cache.</summary>
    public void ReleaseLock() => locked = false;

    /// <summary>What the disk takes, as du counts: whole blocks.</summary>
    public long SizeBytes() => files.Values.Sum(file => (file.LengthBytes + 4095) / 4096 * 4096);

    /// <summary>Somebody deletes a file.</summary>
    public void Remove(string name) => files.Remove(name);

    /// <summary>
    /// The same content, made again as a copy makes it: other files under the same names.
    /// </summary>
    public SimulatedDisk CopyOfEverything()
    {
        var copy = new SimulatedDisk(record: false);
        foreach (var (name, file) in files)
        {
            copy.Put(name, file.Copy(nextFile + file.Number + 1000));
        }

        return copy;
    }

    /// <summary>An older state is copied over the same files, in place: they stay the same files.</summary>
    public void RestoreInPlace(SimulatedDisk older)
    {
        foreach (var (name, file) in older.files)
        {
            var here = files[name];
            here.SetLength(0);
            here.Write(0, file.Content);
            here.ChangedUtc = NowUtc;
        }
    }

    /// <summary>The same disk with a fresh record that begins with what it holds.</summary>
    public SimulatedDisk Resume(bool record = true)
    {
        var fresh = new SimulatedDisk(record);
        foreach (var (name, file) in files)
        {
            fresh.Put(name, file.Copy());
            if (!record)
            {
                continue;
            }

            fresh.Record(new DiskOperation.Create(name, file.Number));
            fresh.Record(new DiskOperation.Write(file.Number, 0, file.Content));
            fresh.Record(new DiskOperation.Sync(file.Number));
        }

        fresh.Record(new DiskOperation.SyncDirectory());
        return fresh;
    }

    public void Mark(int number) => Record(new DiskOperation.Mark(number));

    public DiskFile Put(string name, DiskFile file)
    {
        files[name] = file;
        nextFile = Math.Max(nextFile, file.Number + 1);
        return file;
    }

    private void Record(DiskOperation operation)
    {
        if (Records)
        {
            Operations.Add(operation);
        }
    }

    private void Ask(string name, bool grows)
    {
        Before(name);
        if (PowerLastsFor is { } lasts)
        {
            PowerLastsFor = lasts - 1;
            if (lasts <= 0)
            {
                throw new PowerLostException();
            }
        }

        if (FailsAfter is { } left)
        {
            FailsAfter = left - 1;
            if (left <= 0)
            {
                throw new IOException("Input/output error.");
            }
        }

        if (Mood == DiskMood.ReadOnly)
        {
            throw new IOException("Read-only file system.");
        }

        if (Mood == DiskMood.Full && grows)
        {
            throw new IOException("No space left on device.");
        }
    }

    private sealed class Storage(SimulatedDisk disk) : IStorage
    {
        public DateTime NowUtc => disk.NowUtc;

        public long FreeBytes => disk.Mood == DiskMood.Full ? 0 : 1L << 40;

        public IReadOnlyList<StorageEntry> List() =>
            disk.files.Select(file => new StorageEntry(file.Key, file.Value.LengthBytes)).ToArray();

        public IStorageFile Open(string name, bool create)
        {
            if (!disk.files.TryGetValue(name, out var file))
            {
                if (!create)
                {
                    throw new FileNotFoundException($"There is no {name}.");
                }

                disk.Ask(name, grows: true);
                file = new DiskFile(disk.nextFile++);
                disk.files.Add(name, file);
                disk.Record(new DiskOperation.Create(name, file.Number));
            }

            disk.OpenFiles++;
            return new Handle(disk, file, name);
        }

        public void Rename(string from, string to)
        {
            disk.Ask(to, grows: false);
            if (!disk.files.Remove(from, out var file))
            {
                throw new FileNotFoundException($"There is no {from}.");
            }

            disk.files[to] = file;
            disk.Record(new DiskOperation.Rename(from, to));
        }

        public void Delete(string name)
        {
            disk.Ask(name, grows: false);
            if (disk.files.Remove(name))
            {
                disk.Record(new DiskOperation.Delete(name));
            }
        }

        public void SyncDirectory()
        {
            disk.Ask("", grows: false);
            disk.Syncs++;
            if (!disk.IgnoresSyncOf(""))
            {
                disk.Record(new DiskOperation.SyncDirectory());
            }
        }

        public void Dispose() => disk.locked = false;
    }

    private sealed class Handle(SimulatedDisk disk, DiskFile file, string name) : IStorageFile
    {
        private bool closed;

        public long LengthBytes => file.LengthBytes;

        public long Identity => file.Number;

        public DateTime ChangedUtc => file.ChangedUtc;

        public int Read(long offset, Span<byte> into) => file.Read(offset, into);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            disk.Ask(name, grows: offset + bytes.Length > file.LengthBytes);
            file.WriteCached(offset, bytes);
            file.ChangedUtc = disk.NowUtc;
            disk.BytesWritten += bytes.Length;
            if (disk.Records)
            {
                disk.Operations.Add(new DiskOperation.Write(file.Number, offset, bytes.ToArray()));
            }
        }

        public void SetLength(long lengthBytes)
        {
            disk.Ask(name, grows: lengthBytes > file.LengthBytes);
            file.SetLength(lengthBytes);
            disk.Record(new DiskOperation.Resize(file.Number, lengthBytes));
        }

        public void Sync()
        {
            disk.Ask(name, grows: false);
            disk.Syncs++;
            if (disk.LosesSyncOf?.Invoke(name) == true)
            {
                disk.LosesSyncOf = null;
                file.SyncFailed();
                disk.Record(new DiskOperation.SyncFailed(file.Number));
                throw new IOException("Input/output error.");
            }

            file.Synced();
            if (!disk.IgnoresSyncOf(name))
            {
                disk.Record(new DiskOperation.Sync(file.Number));
            }
        }

        public void DropCache()
        {
            if (!disk.KeepsCache)
            {
                file.DropCache();
            }
        }

        public void Dispose()
        {
            disk.OpenFiles -= closed ? 0 : 1;
            closed = true;
        }
    }
}
