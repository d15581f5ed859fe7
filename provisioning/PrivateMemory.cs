using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Sluice.Provisioning;

/// <summary>
/// What lies in memory stays there: a process that holds keys and passphrases writes no core dump, and no other process
/// of its user looks into it. Called first of all by both programs.
/// </summary>
public static class PrivateMemory
{
    private const int LimitCore = 4;
    private const int SetDumpable = 4;

    /// <summary>
    /// True where the system promised it. Both are asked for: the limit does not count where a program takes the dumps
    /// (a pipe in core_pattern), and the mark is lost by execve, which keeps the limit.
    /// </summary>
    public static bool Keep()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }

        var none = default(Limit);
        return SetLimit(LimitCore, in none) == 0 & Control(SetDumpable, 0, 0, 0, 0) == 0;
    }

    [SupportedOSPlatform("linux")]
    [DllImport("libc", EntryPoint = "setrlimit")]
    private static extern int SetLimit(int resource, in Limit limit);

    [SupportedOSPlatform("linux")]
    [DllImport("libc", EntryPoint = "prctl")]
    private static extern int Control(int option, nuint value, nuint third, nuint fourth, nuint fifth);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Limit
    {
        private readonly nuint soft;
        private readonly nuint hard;
    }
}
