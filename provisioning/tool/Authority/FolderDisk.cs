using System.Runtime.InteropServices;
using Sluice.Provisioning.Store;

namespace Sluice.Provision.Authority;

/// <summary>The CA's folder as its log sees it.</summary>
internal sealed class FolderDisk(string directory) : IFileDisk
{
    public byte[]? Read(string name, int bytesMax)
    {
        if (!File.Exists(At(name)))
        {
            return null;
        }

        return new FileInfo(At(name)).Length <= bytesMax
            ? File.ReadAllBytes(At(name))
            : throw new IOException($"{At(name)} is larger than it can be.");
    }

    public IReadOnlyList<string> List(string folder) => Directory.Exists(At(folder))
        ? [.. new DirectoryInfo(At(folder)).EnumerateFileSystemInfos().Select(entry => entry.Name)]
        : [];

    public void MakeFolder(string name) => Directory.CreateDirectory(At(name));

    public void Write(string name, ReadOnlySpan<byte> bytes, bool isSecret)
    {
        File.Delete(At(name));
        AuthorityFolder.Put(At(name), FileMode.CreateNew, bytes, isSecret);
    }

    public void Append(string name, ReadOnlySpan<byte> bytes) =>
        AuthorityFolder.Put(At(name), FileMode.Append, bytes, isSecret: true);

    public void Truncate(string name, long lengthBytes)
    {
        using var file = new FileStream(At(name), FileMode.Open, FileAccess.Write);
        file.SetLength(lengthBytes);
        file.Flush(flushToDisk: true);
    }

    public void Rename(string from, string to) => File.Move(At(from), At(to), overwrite: true);

    public void Delete(string name) => File.Delete(At(name));

    public void SyncFolder(string name) => FolderSync.Sync(At(name));

    public IDisposable Hold(string name) => FileHold.Take(At(name));

    private string At(string name) => Path.Combine(directory, name);
}

/// <summary>
/// Makes the names in a folder durable, where the system can: a file that was renamed may else have its old name after
/// a power cut. A filesystem that knows no such thing (a FAT stick) has done what it can.
/// </summary>
internal static partial class FolderSync
{
    public static void Sync(string directory)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var handle = Open(directory, 0);
        if (handle >= 0)
        {
            _ = Fsync(handle);
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Fsync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
