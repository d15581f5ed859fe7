namespace Sluice.Hal.Modbus;

/// <summary>
/// How long requests take on a serial line by its speed, so that a cycle that cannot be kept is seen before it runs,
/// and that reading along is decided before it can be measured. What a device takes to begin its answer is an
/// assumption until then: the turnaround.
/// </summary>
public static class RtuLineTime
{
    // Unit id, function and byte count before the data, a checksum behind it.
    private const int AnswerBytesBesidesData = 5;

    /// <summary>The bytes of the request and of its answer, back to back.</summary>
    public static TimeSpan OfBytes(in ReadRequest read, SerialPortOptions port) =>
        OfCharacters(RtuFramer.RequestBytesMax + AnswerBytesBesidesData + read.DataBytes, port);

    /// <summary>
    /// The same with the silence before each of the two frames and the turnaround: what a request costs the line.
    /// </summary>
    public static TimeSpan OfExchange(in ReadRequest read, SerialPortOptions port, TimeSpan turnaround = default) =>
        OfBytes(read, port) + Silences(port, turnaround);

    /// <summary>So many registers take as long as a request does besides its data.</summary>
    public static int GapThatPays(SerialPortOptions port, TimeSpan turnaround)
    {
        var request = OfCharacters(RtuFramer.RequestBytesMax + AnswerBytesBesidesData, port)
            + Silences(port, turnaround);
        return (int)Math.Min(request / OfCharacters(2, port), ReadRequest.RegistersMax - 1);
    }

    /// <summary>The device is silent for its turnaround, or for what the line demands, whichever is longer.</summary>
    private static TimeSpan Silences(SerialPortOptions port, TimeSpan turnaround)
    {
        var silence = RtuFramer.Silence(port.Baud);
        return silence + (turnaround > silence ? turnaround : silence);
    }

    private static TimeSpan OfCharacters(int characters, SerialPortOptions port)
    {
        ArgumentNullException.ThrowIfNull(port);
        return TimeSpan.FromSeconds((double)characters * port.BitsPerCharacter / port.Baud);
    }
}
