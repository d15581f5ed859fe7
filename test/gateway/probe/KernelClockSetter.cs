using System.Runtime.InteropServices;

namespace Sluice.Probe;

/// <summary>
/// Tells the guest's kernel that its clock is right, or is not, as a time service does: adjtimex(2). The agent itself
/// only ever asks.
/// </summary>
internal static partial class KernelClockSetter
{
    // struct timex of linux/timex.h on a 64-bit machine: modes at 0, maxerror at 24, esterror at 32, status at 40.
    private const int TimexBytes = 208;
    private const int ErrorMaxAt = 24;
    private const int StatusAt = 40;

    private const int SetErrorMax = 0x4;
    private const int SetErrorEstimate = 0x8;
    private const int SetStatus = 0x10;
    private const int Unsynchronised = 0x40;

    /// <summary>
    /// Both errors become 0 with it: the kernel's own starts at 16 s and would take the word back within a second.
    /// Prints what the kernel said: its state, status and largest error afterwards.
    /// </summary>
    public static unsafe int Set(bool isSynchronised)
    {
        Span<byte> timex = stackalloc byte[TimexBytes];
        timex.Clear();
        MemoryMarshal.Write(timex, SetErrorMax | SetErrorEstimate | SetStatus);
        MemoryMarshal.Write(timex[StatusAt..], isSynchronised ? 0 : Unsynchronised);
        fixed (byte* pointer = timex)
        {
            var state = Adjtimex(pointer);
            Console.WriteLine(state < 0
                ? $"adjtimex: error {Marshal.GetLastPInvokeError()}"
                : $"state {state} status {MemoryMarshal.Read<int>(timex[StatusAt..])} "
                    + $"maxerror {MemoryMarshal.Read<long>(timex[ErrorMaxAt..])}");
            return state < 0 ? 1 : 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    private static unsafe partial int Adjtimex(byte* timex);
}
