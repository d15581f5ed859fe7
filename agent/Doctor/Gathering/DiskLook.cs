using System.Globalization;

namespace Sluice.Agent.Doctor.Gathering;

/// <summary>
/// The disk under a folder: /proc/self/mounts says which, /sys how it is. Reads only; what cannot be read is not known.
/// </summary>
/// <param name="root">Where the machine's files are: /.</param>
internal sealed class DiskLook(string root = "/")
{
    public DiskFacts? Under(string folder)
    {
        if (Mount(Text("proc/self/mounts"), folder) is not { } mount)
        {
            return null;
        }

        var device = Path.GetFileName(mount.Device);
        var whole = Whole(device);
        var life = Text($"sys/block/{whole}/device/life_time").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return mount with
        {
            Errors = Number(Text($"sys/fs/ext4/{device}/errors_count")),
            LifeTenthsUsed = life.Select(Hexadecimal).Max(),
            SpareState = Hexadecimal(Text($"sys/block/{whole}/device/pre_eol_info")),
        };
    }

    /// <summary>
    /// The mount that a folder lies on, out of the text of /proc/mounts (proc(5)): the longest mount point above it,
    /// and of several at one place the last, which hides the others. A blank in a name is written \040 there.
    /// </summary>
    internal static DiskFacts? Mount(string mounts, string folder)
    {
        DiskFacts? found = null;
        foreach (var line in mounts.Split('\n'))
        {
            var fields = line.Split(' ');
            if (fields.Length < 4)
            {
                continue;
            }

            var point = fields[1].Replace("\\040", " ", StringComparison.Ordinal);
            var below = point == "/" ? "/" : point + "/";
            if ((folder == point || folder.StartsWith(below, StringComparison.Ordinal))
                && point.Length >= (found?.MountPoint.Length ?? 0))
            {
                found = new DiskFacts(point, fields[0], fields[2], fields[3].Split(',').Contains("ro"));
            }
        }

        return found;
    }

    /// <summary>The disk of a partition: mmcblk0p2 is one of mmcblk0, sda1 of sda.</summary>
    internal static string Whole(string device)
    {
        var stem = device.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        return stem.Length == device.Length ? device
            : stem is [.., var digit, 'p'] && char.IsAsciiDigit(digit) ? stem[..^1]
            : device.StartsWith("mmcblk", StringComparison.Ordinal)
                || device.StartsWith("nvme", StringComparison.Ordinal) ? device : stem;
    }

    private string Text(string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(root, file)).Trim();
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>0 says that the card does not tell.</summary>
    private static int? Hexadecimal(string text) =>
        text.StartsWith("0x", StringComparison.Ordinal)
        && int.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number)
        && number > 0 ? number : null;
}
