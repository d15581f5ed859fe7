using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sluice.Plant.Modbus;

/// <summary>
/// A device on a serial line: the far end of a pseudo terminal that the test opens itself, so that nothing needs to be
/// installed. <see cref="Path"/> is what the source under test opens.
/// </summary>
public sealed partial class ScriptedSerialDevice : IScriptedDevice
{
    private const int RequestBytesMax = 8;
    private const int IdentifyBytes = 7;
    private const byte Identify = 43;
    private const int WaitMilliseconds = 10;
    private const int HeardBytesMax = 1024;
    private const int ReadWriteNoTerminal = 0x2 | 0x100;

    private readonly FileStream master;

    // Held open, so that the far end is not hung up before the source opens it, nor when it closes it.
    private readonly SafeFileHandle held;

    public ScriptedSerialDevice()
    {
        var descriptor = posix_openpt(ReadWriteNoTerminal);
        var name = new byte[64];
        if (descriptor < 0 || grantpt(descriptor) != 0 || unlockpt(descriptor) != 0
            || ptsname_r(descriptor, name, (nuint)name.Length) != 0)
        {
            throw new InvalidOperationException("this machine has no pseudo terminals");
        }

        Path = System.Text.Encoding.ASCII.GetString(name).TrimEnd('\0');
        master = new FileStream(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.ReadWrite, 1);
        held = new SafeFileHandle(open(Path, ReadWriteNoTerminal), ownsHandle: true);

        // Raw from the start: what is sent before the source has set the line must not be edited, nor echoed.
        var settings = new byte[128];
        var line = (int)held.DangerousGetHandle();
        _ = tcgetattr(line, settings);
        cfmakeraw(settings);
        _ = tcsetattr(line, 0, settings);
    }

    public string Path { get; }

    public Task AcceptAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<byte[]> AskAsync(CancellationToken cancellationToken)
    {
        var request = new byte[RequestBytesMax];
        var length = await Task.Run(() => Receive(request, cancellationToken), CancellationToken.None);
        return request[..length];
    }

    /// <summary>Whatever comes, of any length, until the line is quiet again.</summary>
    public Task<byte[]> HearAsync(CancellationToken cancellationToken) =>
        Task.Run(() => Hear(cancellationToken), CancellationToken.None);

    public Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        master.Write(bytes.Span);
        master.Flush();
        return Task.CompletedTask;
    }

    public async Task TrickleAsync(ReadOnlyMemory<byte> bytes, TimeSpan pause, CancellationToken cancellationToken)
    {
        for (var index = 0; index < bytes.Length; index++)
        {
            await Task.Delay(pause, cancellationToken);
            await SendAsync(bytes.Slice(index, 1), cancellationToken);
        }
    }

    public void Close() => throw new NotSupportedException("a serial line has no connection to close");

    public void Reset() => Close();

    public void Vanish() => Close();

    public void Refuse() => Close();

    public void Listen() => Close();

    /// <summary>
    /// A read of a terminal cannot be cancelled, so it is only begun when there is something to read.
    /// </summary>
    private int Receive(byte[] request, CancellationToken cancellationToken)
    {
        var length = RequestBytesMax;
        for (var received = 0; received < length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long[] wanted = [(1L << 32) | (uint)master.SafeFileHandle.DangerousGetHandle()];
            if (poll(wanted, 1, WaitMilliseconds) > 0)
            {
                // The unit and the function first: they say how long the request is.
                var wanting = received < 2 ? 2 - received : length - received;
                received += master.Read(request, received, wanting);
                length = request[1] == Identify ? IdentifyBytes : RequestBytesMax;
            }
        }

        return length;
    }

    private byte[] Hear(CancellationToken cancellationToken)
    {
        var heard = new byte[HeardBytesMax];
        for (var length = 0; length < heard.Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long[] wanted = [(1L << 32) | (uint)master.SafeFileHandle.DangerousGetHandle()];
            if (poll(wanted, 1, WaitMilliseconds) > 0)
            {
                length += master.Read(heard, length, heard.Length - length);
            }
            else if (length > 0)
            {
                return heard[..length];
            }
        }

        return heard;
    }

    public ValueTask DisposeAsync()
    {
        held.Dispose();
        master.Dispose();
        return ValueTask.CompletedTask;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int grantpt(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlockpt(int descriptor);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ptsname_r(int descriptor, byte[] name, nuint length);

    [LibraryImport("libc")]
    private static partial int poll(long[] entries, nuint count, int milliseconds);

    [LibraryImport("libc")]
    private static partial int tcgetattr(int descriptor, byte[] settings);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte[] settings);

    [LibraryImport("libc")]
    private static partial int tcsetattr(int descriptor, int when, byte[] settings);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);
}
