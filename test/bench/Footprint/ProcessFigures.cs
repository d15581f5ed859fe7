using System.Globalization;

namespace Sluice.Bench.Footprint;

/// <summary>What the kernel counts for a process (proc(5)).</summary>
/// <param name="ResidentBytes">VmRSS: memory in RAM now, the binary's own pages included.</param>
/// <param name="PrivateBytes">RssAnon: the part of it that no file backs: heap and stacks.</param>
/// <param name="PeakBytes">VmHWM: the most that was ever resident.</param>
/// <param name="Threads">Threads.</param>
/// <param name="Cpu">User and system time since it started, in steps of 10 ms.</param>
internal readonly record struct ProcessFigures(
    long ResidentBytes, long PrivateBytes, long PeakBytes, int Threads, TimeSpan Cpu)
{
    /// <summary>USER_HZ: the unit of the times in /proc/PID/stat, 100 on every Linux of today.</summary>
    private const int TicksPerSecond = 100;

    public static ProcessFigures Of(int process)
    {
        var status = File.ReadLines($"/proc/{process}/status")
            .Select(line => line.Split(':', 2))
            .ToDictionary(parts => parts[0], parts => parts[1].Trim(), StringComparer.Ordinal);

        // The name in parentheses may hold blanks; utime and stime are fields 14 and 15, 11 and 12 after it.
        var stat = File.ReadAllText($"/proc/{process}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = fields[11..13].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
        return new ProcessFigures(
            KibiBytes(status["VmRSS"]),
            KibiBytes(status["RssAnon"]),
            KibiBytes(status["VmHWM"]),
            int.Parse(status["Threads"], CultureInfo.InvariantCulture),
            TimeSpan.FromSeconds((double)ticks / TicksPerSecond));
    }

    private static long KibiBytes(string text) => long.Parse(text.Split(' ')[0], CultureInfo.InvariantCulture) << 10;
}
