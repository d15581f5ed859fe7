using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sluice.Hal.Gpio.CharacterDevice;

/// <summary>struct pollfd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public const short Readable = 0x001;
    public const short Broken = 0x008 | 0x010 | 0x020;     // POLLERR, POLLHUP, POLLNVAL

    public int FileDescriptor;
    public short Events;
    public short Returned;
}

/// <summary>
/// The few kernel calls that GPIO needs, straight from the C library that every binary of ours is linked with anyway:
/// no native library beside the binary.
/// </summary>
internal static unsafe partial class Kernel
{
    public const int InterruptedError = 4;
    public const int TryAgainError = 11;
    public const int BusyError = 16;
    public const int InvalidError = 22;
    public const int NoSuchDeviceOrAddressError = 6;

    public const int NoWait = 0;
    public const int WaitForEver = -1;

    private const string C = "libc.so.6";
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;

    public static SafeFileHandle OpenDevice(string path) =>
        // FileShare.ReadWrite: no lock is taken on the device file, others may look at the chip too.
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);

    /// <summary>True where the kernel took the request; else <paramref name="error"/> is its errno.</summary>
    public static bool Control<T>(SafeFileHandle file, uint request, ref T argument, out int error)
        where T : unmanaged
    {
        fixed (T* pointer = &argument)
        {
            while (Ioctl(file, request, pointer) < 0)
            {
                error = Marshal.GetLastPInvokeError();
                if (error != InterruptedError)
                {
                    return false;
                }
            }
        }

        error = 0;
        return true;
    }

    /// <summary>
    /// Reads what is there: the number of bytes, 0 where nothing is, -1 where the file is broken.
    /// </summary>
    public static int Read(SafeFileHandle file, Span<byte> into, out int error)
    {
        fixed (byte* pointer = into)
        {
            var read = (int)ReadBytes(file, pointer, (nuint)into.Length);
            error = read < 0 ? Marshal.GetLastPInvokeError() : 0;
            return read < 0 && error is InterruptedError or TryAgainError ? 0 : read;
        }
    }

    public static void Wake(SafeFileHandle eventFile)
    {
        ulong one = 1;
        _ = WriteBytes(eventFile, (byte*)&one, sizeof(ulong));
    }

    /// <summary>A file that becomes readable when somebody calls <see cref="Wake"/>.</summary>
    public static SafeFileHandle MakeEventFile() =>
        new(EventFile(0, CloseOnExec | NonBlocking), ownsHandle: true);

    /// <summary>Waits until one of the files is readable or broken. False where none is, or the wait was cut short.
    /// </summary>
    public static bool PollAny(Span<PollEntry> entries, int waitMilliseconds)
    {
        fixed (PollEntry* pointer = entries)
        {
            return Poll(pointer, (nuint)entries.Length, waitMilliseconds) > 0;
        }
    }

    public static string Say(int error) => Marshal.GetPInvokeErrorMessage(error);

    [LibraryImport(C, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(SafeFileHandle file, nuint request, void* argument);

    [LibraryImport(C, EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadBytes(SafeFileHandle file, byte* into, nuint count);

    [LibraryImport(C, EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteBytes(SafeFileHandle file, byte* from, nuint count);

    [LibraryImport(C, EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFile(uint initial, int flags);

    [LibraryImport(C, EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollEntry* entries, nuint count, int timeoutMilliseconds);
}
