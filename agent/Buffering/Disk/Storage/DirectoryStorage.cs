using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sluice.Agent.Buffering.Disk.Storage;

/// <summary>A real directory on a Linux file system, locked against a second agent for as long as it is open.</summary>
public sealed class DirectoryStorage : IStorage
{
    public const string Quarantine = "quarantine";

    private const string LockName = "lock";

    private readonly string directory;
    private readonly SafeFileHandle lockHandle;

    private readonly TimeProvider kernel;
    private readonly long place;

    private DirectoryStorage(string directory, TimeProvider kernel, string? place)
    {
        this.directory = directory;
        this.kernel = kernel;
        this.place = place is null ? 0 : (long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(place));
        var side = Path.Combine(directory, Quarantine);
        Directory.CreateDirectory(side);

        // FileShare.None is flock(LOCK_EX | LOCK_NB) here: gone with the process, however it ends.
        lockHandle = File.OpenHandle(
            Path.Combine(directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
    }

    public long FreeBytes => new DriveInfo(directory).AvailableFreeSpace;

    /// <summary>
    /// The machine's own clock, whatever clock the agent was given: the kernel stamps files by it.
    /// </summary>
    public DateTime NowUtc => kernel.GetUtcNow().UtcDateTime;

    /// <summary>
    /// Opens the directory, which is made where it does not exist. Throws as <see cref="IStorage"/> says.
    /// </summary>
    /// <param name="directory">Where.</param>
    /// <param name="place">The card or disk that it lies on, where that says who it is: a file that was copied with all
    /// of its disk is another one too.</param>
    public static DirectoryStorage Open(string directory, string? place = null) =>
        new(directory, TimeProvider.System, place);

    /// <summary>The same as if it had been written at another time.</summary>
    internal static DirectoryStorage Open(string directory, TimeProvider kernel) => new(directory, kernel, null);

    public IReadOnlyList<StorageEntry> List()
    {
        var entries = new List<StorageEntry>();
        Add(directory, "");
        Add(Path.Combine(directory, Quarantine), Quarantine + "/");
        return entries;

        void Add(string where, string prefix)
        {
            foreach (var file in new DirectoryInfo(where).EnumerateFiles())
            {
                if (file.Name != LockName)
                {
                    entries.Add(new StorageEntry(prefix + file.Name, file.Length));
                }
            }
        }
    }

    public IStorageFile Open(string name, bool create)
    {
        var path = PathOf(name);
        var handle = File.OpenHandle(
            path, create ? FileMode.OpenOrCreate : FileMode.Open, FileAccess.ReadWrite,
                FileShare.ReadWrite | FileShare.Delete);
        return new LinuxFile(handle, path, place);
    }

    public void Rename(string from, string to) => File.Move(PathOf(from), PathOf(to), overwrite: true);

    public void Delete(string name) => File.Delete(PathOf(name));

    /// <summary>
    /// By path each time, not by a handle kept: where a worn disk was replaced under a mount point, a kept handle would
    /// speak of the old one for ever.
    /// </summary>
    public void SyncDirectory()
    {
        Sync(Path.Combine(directory, Quarantine));
        Sync(directory);

        static void Sync(string path)
        {
            using var handle = LinuxFile.OpenDirectory(path);
            LinuxFile.SyncAll(handle);
        }
    }

    public void Dispose()
    {
        lockHandle.Dispose();
    }

    private string PathOf(string name) => Path.Combine(directory, name);
}

/// <summary>A file by its descriptor; fdatasync and directory fsync are not in the framework.</summary>
internal sealed partial class LinuxFile(SafeFileHandle handle, string path, long place) : IStorageFile
{
    // fcntl.h, the same on x64 and arm64.
    private const int ReadOnly = 0;
    private const int CloseOnExec = 0x80000;
    private const int EmptyPath = 0x1000;

    // linux/fadvise.h, the same on x64 and arm64.
    private const int DoNotNeed = 4;

    // linux/stat.h: STATX_INO, STATX_CTIME and STATX_BTIME.
    private const int StatBytes = 256;
    private const uint Change = 0x80;
    private const uint Birth = 0x800;
    private const uint InodeAndBirth = 0x100 | Birth;

    public long LengthBytes => RandomAccess.GetLength(handle);

    /// <summary>
    /// Inode, where the file system knows it birth time, and the disk that it lies on: a file that was copied, alone or
    /// with its whole disk, is another one.
    /// </summary>
    public long Identity
    {
        get
        {
            // struct statx of linux/stat.h, the same on every architecture: inode at 32, birth time at 80 and 88.
            Span<byte> stat = stackalloc byte[StatBytes];
            Ask(stat, InodeAndBirth);
            var born = (BinaryPrimitives.ReadUInt32LittleEndian(stat) & Birth) != 0;
            return place ^ (long)XxHash3.HashToUInt64(
                born ? [.. stat.Slice(32, 8), .. stat.Slice(80, 12)] : stat.Slice(32, 8));
        }
    }

    public DateTime ChangedUtc
    {
        get
        {
            // Change time at 96: seconds since 1970, and nanoseconds at 104.
            Span<byte> stat = stackalloc byte[StatBytes];
            Ask(stat, Change);
            return DateTime.UnixEpoch.AddTicks(
                (BinaryPrimitives.ReadInt64LittleEndian(stat[96..]) * TimeSpan.TicksPerSecond)
                + (BinaryPrimitives.ReadUInt32LittleEndian(stat[104..]) / 100));
        }
    }

    public static SafeFileHandle OpenDirectory(string path)
    {
        var handle = new SafeFileHandle(OpenDescriptor(path, ReadOnly | CloseOnExec), ownsHandle: true);
        return handle.IsInvalid ? throw Failed("open", path) : handle;
    }

    public static void SyncAll(SafeFileHandle handle)
    {
        if (Fsync(handle) != 0)
        {
            throw Failed("fsync", "the directory");
        }
    }

    public int Read(long offset, Span<byte> into)
    {
        var done = 0;
        while (done < into.Length)
        {
            var read = RandomAccess.Read(handle, into[done..], offset + done);
            if (read == 0)
            {
                break;
            }

            done += read;
        }

        return done;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes) => RandomAccess.Write(handle, bytes, offset);

    public void SetLength(long lengthBytes) => RandomAccess.SetLength(handle, lengthBytes);

    public void Sync()
    {
        if (Fdatasync(handle) != 0)
        {
            throw Failed("fdatasync", path);
        }
    }

    /// <summary>Advice: a file system without a page cache has nothing to drop, and says so with an error.</summary>
    public void DropCache() => _ = Fadvise(handle, 0, 0, DoNotNeed);

    public void Dispose() => handle.Dispose();

    private unsafe void Ask(Span<byte> stat, uint what)
    {
        fixed (byte* pointer = stat)
        {
            if (Statx(handle, "", EmptyPath, what, pointer) != 0)
            {
                throw Failed("statx", path);
            }
        }
    }

    private static IOException Failed(string call, string what)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{call} of {what} failed: {Marshal.GetPInvokeErrorMessage(error)}.");
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenDescriptor(string path, int flags);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static unsafe partial int Statx(SafeFileHandle directory, string path, int flags, uint mask, byte* into);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(SafeFileHandle handle);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Fadvise(SafeFileHandle handle, long offset, long lengthBytes, int advice);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle handle);
}
