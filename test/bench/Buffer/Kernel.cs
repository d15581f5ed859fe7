using System.Globalization;
using Sluice.Bench.Footprint;

namespace Sluice.Bench.Buffer;

/// <summary>What the kernel says of this process, and folders to work in.</summary>
internal static class Kernel
{
    /// <summary>
    /// /proc/self/io, write_bytes: pages that were sent to the device for this process. A file system's own journal is
    /// not in it.
    /// </summary>
    public static long WrittenBytes()
    {
        var line = File.ReadLines("/proc/self/io").First(l => l.StartsWith("write_bytes:", StringComparison.Ordinal));
        var number = line.AsSpan("write_bytes:".Length);
        return long.Parse(number, NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
    }

    public static double ResidentMebibytes() =>
        ProcessFigures.Of(Environment.ProcessId).ResidentBytes / (double)(1 << 20);

    public static double PeakMebibytes() => ProcessFigures.Of(Environment.ProcessId).PeakBytes / (double)(1 << 20);

    public static string Empty(string directory, string name)
    {
        var path = Path.Combine(directory, name);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        Directory.CreateDirectory(path);
        return path;
    }
}
