namespace Sluice.Hal.Modbus;

/// <summary>
/// How long requests take on a serial line by its speed alone, so that a cycle that no device could keep is seen before
/// it runs. What a device takes to think comes on top, and is known only to the device.
/// </summary>
public static class RtuLineTime
{
    // Unit id, function and byte count before the data, a checksum behind it.
    private const int AnswerBytesBesidesData = 5;

    /// <summary>The bytes of the request and of its answer, back to back.</summary>
    public static TimeSpan OfBytes(in ReadRequest read, SerialPortOptions port)
    {
        ArgumentNullException.ThrowIfNull(port);
        var characters = RtuFramer.RequestBytesMax + AnswerBytesBesidesData + read.DataBytes;
        return TimeSpan.FromSeconds((double)characters * port.BitsPerCharacter / port.Baud);
    }

    /// <summary>The same with the silence before each of the two frames: what a request costs the line.</summary>
    public static TimeSpan OfExchange(in ReadRequest read, SerialPortOptions port) =>
        OfBytes(read, port) + (RtuFramer.Silence(port.Baud) * 2);
}
