using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Sluice.Agent.Binding;

/// <summary>A block device's number, or that of a file system without one (major 0).</summary>
internal readonly record struct DeviceNumber(uint Major, uint Minor);

/// <summary>
/// What the card, disk or eMMC under a directory says of itself: what a copy of its contents does not take along. A
/// file system's own id is no such thing, because it is copied with the rest.
/// </summary>
internal static unsafe partial class StorageId
{
    private const int LettersMax = 64;
    private const int FileBytesMax = 256;
    private const int StackedMax = 4;
    private const int ParentsMax = 8;

    // struct statx of linux/stat.h: device of the file system at 136 and 140.
    private const int StatusBytes = 256;
    private const int MajorAt = 136;
    private const int MinorAt = 140;
    private const int HereFollowingLinks = -100;
    private const uint BasicStatus = 0x7FF;

    /// <summary>Of the whole disk, in the order in which they are asked: NVMe, SCSI and SATA, eMMC and SD, virtio.
    /// </summary>
    private static readonly string[] Files = ["wwid", "device/wwid", "device/cid", "serial", "device/serial"];

    /// <summary>The id of the storage that a directory lies on; null where it has none, or nobody can tell.</summary>
    /// <param name="directory">It, or what it will be made in, exists.</param>
    /// <param name="root">Where the machine's files are: /.</param>
    public static string? Of(string directory, string root = "/")
    {
        var folder = directory;
        while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } above)
        {
            folder = above;
        }

        var status = stackalloc byte[StatusBytes];
        return Statx(HereFollowingLinks, folder, 0, BasicStatus, status) == 0
            ? Of(new DeviceNumber(*(uint*)(status + MajorAt), *(uint*)(status + MinorAt)), root)
            : null;
    }

    /// <summary>The same for a device that is known by its number.</summary>
    public static string? Of(DeviceNumber device, string root)
    {
        try
        {
            var number = string.Create(CultureInfo.InvariantCulture, $"{device.Major}:{device.Minor}");
            return Disk(Path.Combine(root, "sys/dev/block", number), StackedMax);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Disk(string link, int deeper)
    {
        if (!Directory.Exists(link))
        {
            // A file system in memory, of a container or over the network: no block device, no id.
            return null;
        }

        var disk = Behind(link);
        if (File.Exists(Path.Combine(disk, "partition")) && Path.GetDirectoryName(disk) is { } whole)
        {
            disk = whole;
        }

        var below = Path.Combine(disk, "slaves");
        var under = Directory.Exists(below) ? Directory.GetFileSystemEntries(below) : [];
        if (under.Length > 0)
        {
            // Encrypted, or a logical volume: the one disk below it. Of an array, disks come and go.
            return under.Length == 1 && deeper > 0 ? Disk(under[0], deeper - 1) : null;
        }

        return Files.Select(file => Read(Path.Combine(disk, file))).FirstOrDefault(id => id is not null)
            ?? OnUsb(disk);
    }

    /// <summary>A stick or a reader on USB says its number above the disk.</summary>
    private static string? OnUsb(string disk)
    {
        var parent = Path.GetDirectoryName(disk);
        for (var up = 0; up < ParentsMax && parent is not null; up++, parent = Path.GetDirectoryName(parent))
        {
            if (File.Exists(Path.Combine(parent, "idVendor")))
            {
                return Read(Path.Combine(parent, "serial"));
            }
        }

        return null;
    }

    private static string Behind(string link) =>
        Directory.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName ?? link;

    private static string? Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);
            var bytes = new byte[FileBytesMax];
            var length = file.ReadAtLeast(bytes, FileBytesMax, throwOnEndOfStream: false);
            var letters = string.Concat(Encoding.Latin1.GetString(bytes, 0, length).Where(letter =>
                char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.'));

            // The end of it is what differs: what stands before names the maker.
            var text = letters.Length > LettersMax ? letters[^LettersMax..] : letters;
            return text.Trim('0', '.', '-', '_').Length == 0 ? null : text;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, byte* status);
}
