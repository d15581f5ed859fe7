using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sluice.Provisioning.Bundles;

namespace Sluice.Agent.Enrolment.Sticks;

/// <summary>
/// A mounted stick. The folder is opened once, and every file by its name in it, without following a link: on a stick
/// with another file system than FAT a link could lead to the gateway's key. Used by one verb.
/// </summary>
internal sealed unsafe partial class LinuxStick : IStick, IDisposable
{
    // fcntl.h: these two differ between the architectures, the others do not.
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    private static readonly int OnlyFolder = IsArm ? 0x4000 : 0x10000;
    private static readonly int NoLink = IsArm ? 0x8000 : 0x20000;

    private const int WriteOnly = 0x1;
    private const int Create = 0x40;
    private const int Exclusive = 0x80;
    private const int NoWait = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int WorkingFolder = -100;
    private const int OfHandle = 0x1000;
    private const uint BasicStatus = 0x7FF;
    private const int StatusBytes = 256;
    private const int ModeAt = 28;
    private const int TypeMask = 0xF000;
    private const int PlainFile = 0x8000;
    private const uint ReadableByAll = 0x1A4;

    private const long OverwrittenMax = 1 << 20;

    private const int NotThere = 2;
    private const int NoSpace = 28;
    private const int ReadOnlyDisk = 30;
    private const int IsLink = 40;

    private readonly SafeFileHandle folder;
    private readonly string mount;

    private LinuxStick(SafeFileHandle folder, string mount)
    {
        this.folder = folder;
        this.mount = mount;
    }

    public long FreeBytes
    {
        get
        {
            try
            {
                return new DriveInfo(mount).AvailableFreeSpace;
            }
            catch (Exception world) when (world is IOException or UnauthorizedAccessException)
            {
                return 0;
            }
        }
    }

    /// <summary>The stick mounted there; null and a sentence where it is none of ours.</summary>
    public static LinuxStick? Open(string mount, out string problem)
    {
        using var above = new SafeFileHandle(OpenAt(WorkingFolder, mount, OnlyFolder | CloseOnExec, 0), true);
        if (above.IsInvalid)
        {
            problem = $"{mount} cannot be opened: {Why()}";
            return null;
        }

        var inner = OpenAt(Number(above), StickLayout.Folder, OnlyFolder | NoLink | CloseOnExec, 0);
        problem = inner < 0 ? $"There is no folder {StickLayout.Folder} on {mount}" : "";
        return inner < 0 ? null : new LinuxStick(new SafeFileHandle(inner, true), mount);
    }

    public StickFile Read(string name, int bytesMax)
    {
        using var file = new SafeFileHandle(OpenAt(Number(folder), name, NoLink | NoWait | CloseOnExec, 0), true);
        if (file.IsInvalid)
        {
            return Marshal.GetLastPInvokeError() == NotThere
                ? default
                : new StickFile(null, $"{name} cannot be read: {Why()}");
        }

        var status = stackalloc byte[StatusBytes];
        if (Statx(Number(file), "", OfHandle, BasicStatus, status) != 0
            || (*(ushort*)(status + ModeAt) & TypeMask) != PlainFile)
        {
            return new StickFile(null, $"{name} is no plain file");
        }

        try
        {
            var length = RandomAccess.GetLength(file);
            if (length > bytesMax)
            {
                return new StickFile(null, $"{name} has {length} bytes, more than the {bytesMax} that it can have: it "
                    + "is another file");
            }

            var bytes = new byte[length];
            var read = 0;
            while (read < bytes.Length)
            {
                var count = RandomAccess.Read(file, bytes.AsSpan(read), read);
                if (count == 0)
                {
                    return new StickFile(null, $"{name} ends before its end: the stick is damaged");
                }

                read += count;
            }

            return new StickFile(bytes, null);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return new StickFile(null, $"{name} cannot be read: {world.Message}");
        }
    }

    public string? Write(string name, ReadOnlySpan<byte> bytes)
    {
        var fresh = $".{name}.new";
        _ = UnlinkAt(Number(folder), fresh, 0);
        var handle = OpenAt(
            Number(folder), fresh, WriteOnly | Create | Exclusive | NoLink | CloseOnExec, ReadableByAll);
        if (handle < 0)
        {
            return $"{name} cannot be written: {Why()}";
        }

        try
        {
            using var file = new SafeFileHandle(handle, true);
            RandomAccess.Write(file, bytes, 0);
            RandomAccess.FlushToDisk(file);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            _ = UnlinkAt(Number(folder), fresh, 0);
            return $"{name} cannot be written: {world.Message}";
        }

        var problem = Rename(fresh, name);
        if (problem is not null)
        {
            _ = UnlinkAt(Number(folder), fresh, 0);
        }

        return problem;
    }

    public string? Rename(string from, string to) =>
        RenameAt(Number(folder), from, Number(folder), to) != 0 ? $"{to} cannot be written: {Why()}"
        : Fsync(Number(folder)) != 0 ? $"The stick did not keep {to}: {Why()}"
        : null;

    public string? Remove(string name)
    {
        using (var file = new SafeFileHandle(
            OpenAt(Number(folder), name, WriteOnly | NoLink | NoWait | CloseOnExec, 0), true))
        {
            if (file.IsInvalid)
            {
                return Marshal.GetLastPInvokeError() == NotThere ? null : $"{name} cannot be overwritten: {Why()}";
            }

            try
            {
                RandomAccess.Write(file, new byte[Math.Min(RandomAccess.GetLength(file), OverwrittenMax)], 0);
                RandomAccess.FlushToDisk(file);
            }
            catch (Exception world) when (world is IOException or UnauthorizedAccessException)
            {
                return $"{name} cannot be overwritten: {world.Message}";
            }
        }

        return UnlinkAt(Number(folder), name, 0) != 0 ? $"{name} cannot be removed: {Why()}"
            : Fsync(Number(folder)) != 0 ? $"The stick did not keep that {name} is gone: {Why()}"
            : null;
    }

    public IReadOnlyList<string> Names(int countMax)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries($"/proc/self/fd/{Number(folder)}").Take(countMax)
                .Select(path => Path.GetFileName(path))];
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    public void Dispose() => folder.Dispose();

    private static int Number(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    private static string Why() => Marshal.GetLastPInvokeError() switch
    {
        NoSpace => "the stick is full",
        ReadOnlyDisk => "the stick is read-only (a switch on its side, or its file system is damaged)",
        IsLink => "it is a link, and links are not followed",
        _ => Marshal.GetLastPInvokeErrorMessage(),
    };

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAt(int folder, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt(int fromFolder, string from, int toFolder, string to);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnlinkAt(int folder, string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int handle);
}
