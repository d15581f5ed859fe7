namespace Sluice.Hal.Modbus;

/// <summary>
/// A serial line through the kernel's own terminal interface. A wait for bytes takes a thread of the pool for as long
/// as it lasts, and looks up every <see cref="SliceMilliseconds"/> whether it is still wanted. Called by its RTU
/// client, one call at a time.
/// </summary>
public sealed class SerialByteLine(SerialPortOptions options) : IByteLine
{
    private const int SliceMilliseconds = 20;

    // The longest frame at 1,200 baud takes 2.4 s; a port that takes no byte for so long does not work.
    private const int WriteSlicesMax = 150;

    private int descriptor = -1;

    public string Name => options.Path;

    public bool IsOpen => descriptor >= 0;

    public bool MayBeHalfOpen => false;

    public ValueTask<string> OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        descriptor = SerialPort.Open(options, out var problem);
        return ValueTask.FromResult(problem);
    }

    public int TakeWaiting(Span<byte> into)
    {
        var count = IsOpen && into.Length > 0 && SerialPort.WaitForInput(descriptor, 0)
            ? SerialPort.Read(descriptor, into)
            : 0;
        if (count < 0)
        {
            Close();
        }

        return Math.Max(count, 0);
    }

    public ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        new(Task.Run(() => Write(bytes.Span, cancellationToken), CancellationToken.None));

    public ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken cancellationToken) =>
        new(Task.Run(() => Read(into.Span, cancellationToken), CancellationToken.None));

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
                SerialPort.WaitForInput(-1, SliceMilliseconds);
            }
        }

        if (bytes.Length > 0)
        {
            Close();
        }

        return IsOpen;
    }

    private int Read(Span<byte> into, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!SerialPort.WaitForInput(descriptor, SliceMilliseconds))
            {
                continue;
            }

            var count = SerialPort.Read(descriptor, into);
            if (count < 0)
            {
                Close();
                return 0;
            }

            if (count > 0)
            {
                return count;
            }
        }
    }
}
