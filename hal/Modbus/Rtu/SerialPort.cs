using System.Runtime.InteropServices;

namespace Sluice.Hal.Modbus;

public enum SerialParity : byte
{
    None,
    Even,
    Odd,
}

/// <summary>A serial port and how its bytes look.</summary>
public sealed record SerialPortOptions
{
    /// <summary>The device file; a name under /dev/serial/by-path survives unplugging.</summary>
    public required string Path { get; init; }

    /// <summary>Bits a second. 19,200 is what the standard asks for.</summary>
    public int Baud { get; init; } = 19_200;

    /// <summary>Even with one stop bit, or none with two (Modbus over Serial Line V1.02, 2.5.1).</summary>
    public SerialParity Parity { get; init; } = SerialParity.Even;

    /// <summary>1 or 2. With no parity the standard asks for 2; many devices use 1.</summary>
    public int StopBits { get; init; } = 1;

    /// <summary>The kernel switches the transmitter of an RS-485 port on for each frame.</summary>
    public bool Rs485 { get; init; }

    /// <summary>Bits that one character takes on the line: start, eight of data, parity if any, stop.</summary>
    public int BitsPerCharacter => 1 + 8 + (Parity == SerialParity.None ? 0 : 1) + StopBits;

    /// <summary>
    /// Why this user could not open the port, or null. The port itself is left alone: to open one moves its control
    /// lines, and on a bus that runs already that may be heard as a byte.
    /// </summary>
    public string? AccessProblem() =>
        Directory.Exists(Path) ? "is a folder" : SerialPort.WhyNoAccess(Path);
}

/// <summary>
/// The few kernel calls that a serial line takes, with the kernel's own structures (asm-generic termbits.h, ioctls.h,
/// serial.h), which are the same on x64 and arm64. No native library comes along.
/// </summary>
internal static unsafe partial class SerialPort
{
    public const int InputReady = 1;

    private const int SetTimerSlack = 29;
    private const int ReadWriteNoTerminalNonBlocking = 0x2 | 0x100 | 0x800 | 0x80000;
    private const int MayReadAndWrite = 4 | 2;
    private const uint GetSettings = 0x802C542A;
    private const uint SetSettings = 0x402C542B;
    private const uint Exclusive = 0x540C;
    private const uint SetRs485 = 0x542F;
    private const uint EightBits = 0x30;
    private const uint TwoStopBits = 0x40;
    private const uint EnableReceiver = 0x80;
    private const uint EnableParity = 0x100;
    private const uint OddParity = 0x200;
    private const uint IgnoreModemLines = 0x800;
    private const uint BaudAsGiven = 0x1000;
    private const uint InputParityCheck = 0x10;
    private const uint Rs485Enabled = 1;
    private const uint Rs485RtsOnSend = 2;

    /// <summary>Opens and sets the port; a descriptor, or a negative one and what went wrong.</summary>
    public static int Open(SerialPortOptions options, out string problem)
    {
        var descriptor = open(options.Path, ReadWriteNoTerminalNonBlocking);
        if (descriptor < 0)
        {
            problem = $"{options.Path} {Explain(Marshal.GetLastPInvokeError())}";
            return -1;
        }

        problem = Set(descriptor, options);
        if (problem.Length > 0)
        {
            _ = close(descriptor);
            return -1;
        }

        return descriptor;
    }

    /// <summary>What stands in the way of opening the port, without opening it; null if nothing is seen.</summary>
    public static string? WhyNoAccess(string path) =>
        access(path, MayReadAndWrite) == 0 ? null : Explain(Marshal.GetLastPInvokeError());

    /// <summary>Bytes read; 0 if none wait, -1 if the port is gone.</summary>
    public static int Read(int descriptor, Span<byte> into)
    {
        fixed (byte* bytes = into)
        {
            var count = read(descriptor, bytes, (nuint)into.Length);
            return count > 0 ? (int)count : count < 0 && IsPassing() ? 0 : -1;
        }
    }

    /// <summary>Bytes written; 0 if the port takes none just now, -1 if it is gone.</summary>
    public static int Write(int descriptor, ReadOnlySpan<byte> from)
    {
        fixed (byte* bytes = from)
        {
            var count = write(descriptor, bytes, (nuint)from.Length);
            return count >= 0 ? (int)count : IsPassing() ? 0 : -1;
        }
    }

    /// <summary>
    /// Waits until there is something to read, or the port is gone, at most for this long. In nanoseconds: a silence of
    /// 1.75 ms that ends at 2 or 3 ms is a fifth of what a line can carry.
    /// </summary>
    public static bool WaitForInput(int descriptor, TimeSpan atMost)
    {
        var wanted = new PollEntry { Descriptor = descriptor, Events = InputReady };
        var left = atMost > TimeSpan.Zero ? atMost.Ticks : 0;
        var time = new KernelTime
        {
            Seconds = (nint)(left / TimeSpan.TicksPerSecond),
            Nanoseconds = (nint)(left % TimeSpan.TicksPerSecond * 100),
        };

        // Less than 0: a signal to the process (a reload, a child that ended) cut the wait short. There is nothing to
        // read then, and a read that gets nothing is how a port says that it is gone.
        return ppoll(&wanted, 1, &time, null) > 0;
    }

    /// <summary>
    /// The calling thread's waits end when they should; by default the kernel lets them be 50 us late, to save
    /// wake-ups.
    /// </summary>
    public static void WakePunctually() => _ = prctl(SetTimerSlack, 1, 0, 0, 0);

    public static void Close(int descriptor) => _ = close(descriptor);

    /// <summary>EAGAIN or EINTR: nothing is wrong, there is just nothing now.</summary>
    private static bool IsPassing() => Marshal.GetLastPInvokeError() is 11 or 4;

    private static string Explain(int error) => error switch
    {
        2 or 6 or 19 or 20 => "is not there: is the adapter plugged in? "
            + "A name under /dev/serial/by-path survives unplugging",
        13 => "may not be opened: add the agent's user to the group dialout",
        16 => "is held by another program: stop it",
        _ => $"cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}",
    };

    private static string Set(int descriptor, SerialPortOptions options)
    {
        Settings settings;
        if (ioctl(descriptor, GetSettings, &settings) != 0)
        {
            return $"{options.Path} is no serial port";
        }

        // Raw: no translation, no echo, no signals; a read returns what is there.
        settings.Input = options.Parity == SerialParity.None ? 0 : InputParityCheck;
        settings.Output = 0;
        settings.Local = 0;
        settings.Control = EightBits | EnableReceiver | IgnoreModemLines | BaudAsGiven
            | (options.StopBits == 2 ? TwoStopBits : 0)
            | (options.Parity == SerialParity.None ? 0 : EnableParity)
            | (options.Parity == SerialParity.Odd ? OddParity : 0);
        settings.InputBaud = (uint)options.Baud;
        settings.OutputBaud = (uint)options.Baud;
        new Span<byte>(settings.Characters, 19).Clear();
        if (ioctl(descriptor, SetSettings, &settings) != 0)
        {
            return $"{options.Path} does not take {options.Baud} baud with these settings";
        }

        if (ioctl(descriptor, Exclusive, null) != 0)
        {
            return $"{options.Path} cannot be held for the agent alone";
        }

        var direction = new Rs485 { Flags = Rs485Enabled | Rs485RtsOnSend };
        return options.Rs485 && ioctl(descriptor, SetRs485, &direction) != 0
            ? $"{options.Path} has no RS-485 direction control: leave out rs485 if its adapter switches by itself"
            : "";
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int descriptor, byte* into, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, byte* from, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ppoll(PollEntry* entries, nuint count, KernelTime* atMost, void* signals);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nuint value, nuint third, nuint fourth, nuint fifth);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int descriptor, nuint request, void* argument);

    private struct Settings
    {
        public uint Input;
        public uint Output;
        public uint Control;
        public uint Local;
        public byte Discipline;
        public fixed byte Characters[19];
        public uint InputBaud;
        public uint OutputBaud;
    }

    private struct Rs485
    {
        public uint Flags;
        public uint DelayBeforeMilliseconds;
        public uint DelayAfterMilliseconds;
        public fixed uint Unused[5];
    }

    private struct KernelTime
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Seen;
    }
}
