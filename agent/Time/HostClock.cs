using System.Runtime.InteropServices;

namespace Sluice.Agent.Time;

/// <summary>What the machine says of its clock: the seam by which a test makes a clock that is not set.</summary>
public interface IHostClock
{
    /// <summary>Names this boot; another one after each restart of the machine.</summary>
    Guid Boot { get; }

    /// <summary>Whether a time service keeps the wall clock right, now or earlier in this boot.</summary>
    bool IsSynchronised();
}

/// <summary>
/// The clock of a Linux machine. Asked by the loop that owns the buffer, a few times a second: one system call that
/// changes nothing and needs no right.
/// <para>
/// Synchronised: adjtimex(2) with modes 0 does not say STA_UNSYNC (chrony, timesyncd and ntpd clear it with their first
/// correction, the kernel sets it at boot, when somebody sets the clock by hand, and when its estimated error has grown
/// past 16 s), or <c>/run/systemd/timesync/synchronized</c> exists (systemd-timesyncd(8): touched at a synchronisation;
/// /run is empty after a boot). A machine that forbids the call goes by the file alone.
/// </para>
/// </summary>
/// <param name="bootFile">Where the boot's name stands.</param>
/// <param name="synchronisedFile">The mark of systemd-timesyncd.</param>
/// <param name="otherwise">Names the boot where the file does not: every start is a boot of its own then.</param>
public sealed class HostClock(string bootFile, string synchronisedFile, Func<Guid> otherwise) : IHostClock
{
    private const string BootFile = "/proc/sys/kernel/random/boot_id";
    private const string SynchronisedFile = "/run/systemd/timesync/synchronized";

    public Guid Boot { get; } = Name(bootFile) ?? otherwise();

    /// <summary>This machine.</summary>
    public static HostClock Here(Func<Guid> otherwise) => new(BootFile, SynchronisedFile, otherwise);

    public bool IsSynchronised() => KernelClock.Ask() is { IsSynchronised: true } || File.Exists(synchronisedFile);

    private static Guid? Name(string file)
    {
        try
        {
            return Guid.TryParse(File.ReadAllText(file).Trim(), out var boot) ? boot : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>A clock that the configuration declares to be right (<c>time.clock: "trusted"</c>).</summary>
public sealed class TrustedClock(Guid boot) : IHostClock
{
    public Guid Boot { get; } = boot;

    public bool IsSynchronised() => true;
}

/// <summary>The clock as somebody else has watched it since the agent started.</summary>
/// <param name="isSet">Whether it was set in this boot.</param>
public sealed class WatchedHostClock(Func<bool> isSet) : IHostClock
{
    public Guid Boot => Guid.Empty;

    public bool IsSynchronised() => isSet();
}

/// <summary>What adjtimex(2) returned.</summary>
/// <param name="State">TIME_OK (0) to TIME_ERROR (5).</param>
/// <param name="Status">The bits of timex.status.</param>
/// <param name="ErrorMaxMicroseconds">timex.maxerror.</param>
public readonly record struct KernelClockState(int State, int Status, long ErrorMaxMicroseconds)
{
    private const int TimeError = 5;
    private const int Unsynchronised = 0x40;

    /// <summary>adjtimex(2): STA_UNSYNC makes the state TIME_ERROR on a machine without a pulse input.</summary>
    public bool IsSynchronised => (Status & Unsynchronised) == 0 && State is >= 0 and < TimeError;
}

/// <summary>adjtimex(2), to ask only.</summary>
public static partial class KernelClock
{
    // struct timex of linux/timex.h on a 64-bit machine, the same on x64 and arm64: modes at 0 (0: change nothing),
    // maxerror at 24, status at 40; 208 bytes.
    private const int TimexBytes = 208;
    private const int ErrorMaxAt = 24;
    private const int StatusAt = 40;

    /// <summary>Null where the machine does not let us ask.</summary>
    public static unsafe KernelClockState? Ask()
    {
        Span<byte> timex = stackalloc byte[TimexBytes];
        timex.Clear();
        fixed (byte* pointer = timex)
        {
            var state = Adjtimex(pointer);
            return state < 0
                ? null
                : new KernelClockState(
                    state, MemoryMarshal.Read<int>(timex[StatusAt..]), MemoryMarshal.Read<long>(timex[ErrorMaxAt..]));
        }
    }

    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    private static unsafe partial int Adjtimex(byte* timex);
}
