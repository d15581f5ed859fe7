using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sluice.Agent.Updating.Files;
using Sluice.Hal;

namespace Sluice.Agent.Updating.Slots;

/// <summary>
/// The slots of this machine: the boot partition where it is mounted, and the root partitions of the disk from which
/// the running root was mounted, by their names in its own partition table. Another disk with the same names, a second
/// card that was flashed, is not looked at.
/// </summary>
internal sealed partial class LinuxUpdatePlace : IUpdatePlace
{
    private const int SectorBytes = 512;
    private const int PieceBytes = 1 << 20;
    private const int NotNeeded = 4;                     // POSIX_FADV_DONTNEED

    private readonly string boot;
    private readonly IReadOnlyDictionary<string, (string Device, long Bytes)> partitions;

    private LinuxUpdatePlace(string boot, IReadOnlyDictionary<string, (string Device, long Bytes)> partitions)
    {
        this.boot = boot;
        this.partitions = partitions;
    }

    private string EntryFolder => Path.Combine(boot, "loader", "entries");

    /// <summary>The place, or a sentence that says what is not as an image of ours has it.</summary>
    /// <param name="boot">Where the boot partition is mounted.</param>
    /// <param name="root">The root of the file system; another one in a test.</param>
    public static (LinuxUpdatePlace? Place, string Problem) Open(string boot, string root = "/")
    {
        if (!Directory.Exists(Path.Combine(boot, "loader", "entries")))
        {
            return (null, $"The boot partition is not mounted at {boot}.");
        }

        var number = RootDevice(File.ReadAllLines(Path.Combine(root, "proc/self/mountinfo")));
        var own = number is null ? null : Resolve(Path.Combine(root, "sys/dev/block", number));
        if (own is null || Path.GetDirectoryName(own) is not { } disk)
        {
            return (null, "The root file system is on no partition of a disk.");
        }

        var partitions = new Dictionary<string, (string, long)>();
        foreach (var each in Directory.EnumerateDirectories(disk))
        {
            if (Value(Path.Combine(each, "uevent"), "PARTNAME") is { } name
                && Value(Path.Combine(each, "uevent"), "DEVNAME") is { } device)
            {
                var sectors = long.Parse(File.ReadAllText(Path.Combine(each, "size")), CultureInfo.InvariantCulture);
                partitions[name] = (Path.Combine(root, "dev", device), sectors * SectorBytes);
            }
        }

        return partitions.ContainsKey(Slot.A.Partition) && partitions.ContainsKey(Slot.B.Partition)
            ? (new LinuxUpdatePlace(boot, partitions), "")
            : (null, "The disk that this runs from has no two partitions for the system.");
    }

    public long RootBytes(Slot slot) => partitions[slot.Partition].Bytes;

    public IReadOnlyList<string> Entries() =>
        [.. Directory.EnumerateFiles(EntryFolder).Select(path => Path.GetFileName(path))];

    public void RemoveEntry(string name)
    {
        File.Delete(Path.Combine(EntryFolder, name));
        DirectorySync.Sync(EntryFolder);
    }

    public void WriteEntry(string name, string text)
    {
        using (var file = new FileStream(Path.Combine(EntryFolder, name), FileMode.Create, FileAccess.Write))
        {
            file.Write(Encoding.ASCII.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        DirectorySync.Sync(EntryFolder);
    }

    public void RenameEntry(string from, string to)
    {
        File.Move(Path.Combine(EntryFolder, from), Path.Combine(EntryFolder, to), overwrite: true);
        DirectorySync.Sync(EntryFolder);
    }

    public IPartWriter Write(Slot slot, UpdatePart part)
    {
        if (part.Name == UpdateManifest.Root)
        {
            var device = partitions[slot.Partition].Device;
            return new Writer(File.OpenHandle(device, FileMode.Open, FileAccess.Write), null);
        }

        var path = BootFile(slot, part);
        var folder = Path.GetDirectoryName(path)!;
        Directory.CreateDirectory(folder);
        return new Writer(File.OpenHandle(path, FileMode.Create, FileAccess.Write), folder);
    }

    public string Digest(Slot slot, UpdatePart part, CancellationToken cancellationToken)
    {
        var path = part.Name == UpdateManifest.Root ? partitions[slot.Partition].Device : BootFile(slot, part);
        using var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

        // Not what the kernel still has in memory: a card that lost it would be found out by the next start only.
        _ = Fadvise(handle, 0, 0, NotNeeded);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = new byte[PieceBytes];
        for (var at = 0L; at < part.Bytes;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = RandomAccess.Read(handle, piece.AsSpan(0, (int)Math.Min(PieceBytes, part.Bytes - at)), at);
            if (read == 0)
            {
                break;
            }

            hash.AppendData(piece, 0, read);
            at += read;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Number of the device that <c>/</c> lies on (proc(5), mountinfo); null where it has none.</summary>
    internal static string? RootDevice(IEnumerable<string> mounts) => mounts
        .Select(line => line.Split(' '))
        .Where(fields => fields.Length > 4 && fields[4] == "/" && !fields[2].StartsWith("0:", StringComparison.Ordinal))
        .Select(fields => fields[2])
        .LastOrDefault();

    private string BootFile(Slot slot, UpdatePart part) => Path.Combine(
        boot, "sluice", slot.ToString(), part.Name == UpdateManifest.Kernel ? "vmlinuz" : "initrd");

    private static string? Resolve(string link) => Directory.Exists(link)
        ? new DirectoryInfo(link).ResolveLinkTarget(returnFinalTarget: true)?.FullName
        : null;

    private static string? Value(string file, string key) => !File.Exists(file) ? null : File.ReadLines(file)
        .FirstOrDefault(line => line.StartsWith(key + "=", StringComparison.Ordinal))?[(key.Length + 1)..];

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Fadvise(SafeFileHandle handle, long offset, long lengthBytes, int advice);

    private sealed class Writer(SafeFileHandle handle, string? folder) : IPartWriter
    {
        private long at;

        public void Append(ReadOnlySpan<byte> bytes)
        {
            RandomAccess.Write(handle, bytes, at);
            at += bytes.Length;
        }

        public void Finish()
        {
            RandomAccess.FlushToDisk(handle);
            if (folder is not null)
            {
                DirectorySync.Sync(folder);
                DirectorySync.Sync(Path.GetDirectoryName(folder)!);
            }
        }

        public void Dispose() => handle.Dispose();
    }
}
