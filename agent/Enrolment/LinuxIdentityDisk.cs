using System.Runtime.InteropServices;
using Sluice.Hal;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Enrolment;

/// <summary>
/// A real identity directory, locked against a second verb for as long as it is open. What root makes in it belongs to
/// whoever owns the directory: the agent's user must be able to read its own key. Used by the verbs.
/// </summary>
internal sealed unsafe partial class LinuxIdentityDisk : IIdentityDisk, IDisposable
{
    private const string LockName = "lock";
    private const int HereFollowingNoLink = -100;
    private const int NoFollow = 0x100;
    private const uint BasicStatus = 0x7FF;
    private const int StatusBytes = 256;
    private const int UserAt = 20;
    private const int GroupAt = 24;

    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Public = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Closed = Secret | UnixFileMode.UserExecute;

    private readonly string directory;
    private readonly uint user;
    private readonly uint group;
    private readonly FileStream? held;

    private LinuxIdentityDisk(string directory, bool locks)
    {
        this.directory = directory;
        var owner = directory;
        while (!Directory.Exists(owner) && Path.GetDirectoryName(owner) is { } above)
        {
            owner = above;
        }

        var status = stackalloc byte[StatusBytes];
        if (Statx(HereFollowingNoLink, owner, 0, BasicStatus, status) == 0)
        {
            (user, group) = (*(uint*)(status + UserAt), *(uint*)(status + GroupAt));
        }

        if (!locks)
        {
            return;
        }

        if (owner != directory)
        {
            Directory.CreateDirectory(directory, Closed);
            Give(directory);
            DirectorySync.Sync(Path.GetDirectoryName(directory)!);
        }

        held = new FileStream(At(LockName), new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            UnixCreateMode = Secret,
        });
        Give(At(LockName));
    }

    /// <summary>Makes the directory where there is none. Throws IOException where another verb is at it.</summary>
    public static LinuxIdentityDisk Open(string directory) =>
        new(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)), locks: true);

    /// <summary>The same, but null where a verb, or the agent's renewal, is at it.</summary>
    public static LinuxIdentityDisk? TryOpen(string directory)
    {
        try
        {
            return Open(directory);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>
    /// To look, and for what is written in one step: changes no identity, waits for no verb, makes no directory.
    /// </summary>
    public static LinuxIdentityDisk Beside(string directory) =>
        new(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)), locks: false);

    public byte[]? Read(string name, int bytesMax)
    {
        try
        {
            using var file = new FileStream(At(name), FileMode.Open, FileAccess.Read, FileShare.Read);
            if (file.Length > bytesMax)
            {
                throw new IOException($"{At(name)} has {file.Length} bytes, more than it can have.");
            }

            var bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public string? ReadLink(string name) => new FileInfo(At(name)).LinkTarget;

    public IReadOnlyList<string> List(string folder) => Directory.Exists(At(folder))
        ? [.. new DirectoryInfo(At(folder)).EnumerateFileSystemInfos().Select(entry => entry.Name)]
        : [];

    public bool IsFolder(string name) => Directory.Exists(At(name));

    public void MakeFolder(string name)
    {
        if (!Directory.Exists(At(name)))
        {
            Directory.CreateDirectory(At(name), Closed);
            Give(At(name));
        }
    }

    public void Write(string name, ReadOnlySpan<byte> bytes, bool isSecret)
    {
        File.Delete(At(name));
        Put(At(name), FileMode.CreateNew, bytes, isSecret ? Secret : Public);
    }

    public void Append(string name, ReadOnlySpan<byte> bytes) => Put(At(name), FileMode.Append, bytes, Secret);

    public void Truncate(string name, long lengthBytes)
    {
        using var file = new FileStream(At(name), FileMode.Open, FileAccess.Write, FileShare.Read);
        file.SetLength(lengthBytes);
        file.Flush(flushToDisk: true);
    }

    public void Link(string name, string target)
    {
        File.CreateSymbolicLink(At(name), target);
        Give(At(name));
    }

    public void Rename(string from, string to)
    {
        // Not File.Move: that refuses a link which leads to a folder, and replaces in two steps.
        if (RenameFile(At(from), At(to)) != 0)
        {
            throw new IOException($"{At(from)} cannot become {to}: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    public void Delete(string name)
    {
        try
        {
            File.Delete(At(name));
        }
        catch (DirectoryNotFoundException)
        {
            // Its folder is not there either.
        }
    }

    public void DeleteFolder(string name)
    {
        if (Directory.Exists(At(name)))
        {
            Directory.Delete(At(name), recursive: true);
        }
    }

    public void SyncFolder(string name) => DirectorySync.Sync(At(name));

    public IDisposable Hold(string name)
    {
        var file = FileHold.Take(At(name));
        Give(At(name));
        return file;
    }

    public void Dispose() => held?.Dispose();

    private void Put(string path, FileMode mode, ReadOnlySpan<byte> bytes, UnixFileMode access)
    {
        using var file = new FileStream(path, new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.Write,
            Share = FileShare.Read,
            UnixCreateMode = access,

            // A full disk takes a part: what is in a buffer would be written a second time when it is closed.
            BufferSize = 0,
        });
        Give(path);
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Only root may give a file away; for anybody else the owner is right already.</summary>
    private void Give(string path) => _ = Chown(HereFollowingNoLink, path, user, group, NoFollow);

    private string At(string name) => Path.Combine(directory, name);

    [LibraryImport("libc", EntryPoint = "rename", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int RenameFile(string from, string to);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* status);

    [LibraryImport("libc", EntryPoint = "fchownat", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(int folder, string path, uint user, uint group, int flags);
}
