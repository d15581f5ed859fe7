namespace Sluice.Hal.Modbus;

/// <summary>
/// A serial line through the kernel's own terminal interface. Its calls wait inside the kernel, to the nanosecond, and
/// look up after each <see cref="Slice"/> whether they are still wanted. Called by its RTU client on
/// <see cref="Thread"/>, one call at a time, so that an exchange is one thread's from its first byte to its last.
/// </summary>
public sealed class SerialByteLine(SerialPortOptions options) : IByteLine
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(20);

    // The longest frame at 1,200 baud takes 2.4 s; a port that takes no byte for so long does not work.
    private const int WriteSlicesMax = 150;

    private readonly LineThread thread = new();
    private int descriptor = -1;

    public string Name => options.Path;

    public bool IsOpen => descriptor >= 0;

    public bool MayBeHalfOpen => false;

    public LineThread Thread => thread;

    public ValueTask<string> OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        descriptor = SerialPort.Open(options, out var problem);
        return ValueTask.FromResult(problem);
    }

    public int TakeWaiting(Span<byte> into)
    {
        var count = IsOpen && into.Length > 0 && SerialPort.WaitForInput(descriptor, TimeSpan.Zero)
            ? SerialPort.Read(descriptor, into)
            : 0;
        if (count < 0)
        {
            Close();
        }

        return Math.Max(count, 0);
    }

    public ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Write(bytes.Span, cancellationToken));

    public ValueTask<int> ReadAsync(Memory<byte> into, TimeSpan within, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var count = IsOpen && SerialPort.WaitForInput(descriptor, within < Slice ? within : Slice)
            ? SerialPort.Read(descriptor, into.Span)
            : 0;
        if (count < 0)
        {
            Close();
        }

        return ValueTask.FromResult(Math.Max(count, 0));
    }

    public ValueTask PauseAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        SerialPort.WaitForInput(descriptor, time < Slice ? time : Slice);
        return ValueTask.CompletedTask;
    }

    public void Close()
    {
        if (IsOpen)
        {
            SerialPort.Close(descriptor);
            descriptor = -1;
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        thread.Dispose();
        return ValueTask.CompletedTask;
    }

    private bool Write(ReadOnlySpan<byte> bytes, CancellationToken cancellationToken)
    {
        for (var slice = 0; bytes.Length > 0 && slice < WriteSlicesMax; slice++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = SerialPort.Write(descriptor, bytes);
            if (count < 0)
            {
                break;
            }

            bytes = bytes[count..];
            if (count == 0)
            {
                SerialPort.WaitForInput(-1, Slice);
            }
        }

        if (bytes.Length > 0)
        {
            Close();
        }

        return IsOpen;
    }
}
