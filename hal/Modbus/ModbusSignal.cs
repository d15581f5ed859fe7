namespace Sluice.Hal.Modbus;

/// <summary>Where a value lies on a Modbus device, by PDU address (0-based).</summary>
/// <param name="Table">Which of the four tables.</param>
/// <param name="Address">PDU address of the first register or bit.</param>
/// <param name="Bit">0 to 15 for one bit of a register (0 = least significant), -1 for the whole.</param>
public readonly record struct ModbusAddress(ModbusTable Table, ushort Address, sbyte Bit = -1);

/// <summary>
/// Order of the bytes of a value of more than 16 bits, as the signal list writes it for 32 bits. For 64 bits the same
/// letters mean ABCDEFGH, GHEFCDAB, BADCFEHG, HGFEDCBA.
/// </summary>
public enum ByteOrder : byte
{
    /// <summary>High word first, high byte first: what the standard suggests.</summary>
    ABCD,

    /// <summary>Low word first, high byte first.</summary>
    CDAB,

    /// <summary>High word first, low byte first.</summary>
    BADC,

    /// <summary>Low word first, low byte first.</summary>
    DCBA,
}

/// <summary>A signal and all that is needed to read and decode it from a Modbus device.</summary>
public sealed record ModbusSignal
{
    public required Signal Signal { get; init; }

    public required byte UnitId { get; init; }

    public required ModbusAddress Address { get; init; }

    public ByteOrder Order { get; init; } = ByteOrder.ABCD;

    /// <summary>value = raw * Scale + Offset. 1 and 0 leave the raw type as it is.</summary>
    public double Scale { get; init; } = 1;

    public double Offset { get; init; }
}

/// <summary>How one Modbus TCP source is spoken to. Every wait has a bound, and these are they.</summary>
public sealed record ModbusTcpOptions
{
    public required System.Net.IPAddress Address { get; init; }

    public int Port { get; init; } = 502;

    /// <summary>From the request to the last byte of its answer. Also the bound of a connect. 500 ms.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Requests outstanding at once, 1 to 16. Panels: 1.</summary>
    public int Window { get; init; } = 1;

    /// <summary>Deadlines missed in a row after which the connection is closed and made anew. 3.</summary>
    public int TimeoutsBeforeReconnect { get; init; } = 3;

    /// <summary>Most registers in one request, 1 to 125.</summary>
    public int RegistersMax { get; init; } = 125;

    /// <summary>Every signal in a request of its own: for devices whose block reads differ from single ones.</summary>
    public bool OneRequestPerSignal { get; init; }

    /// <summary>Pause between the end of one request and the next. 0. More than 0 makes the window 1.</summary>
    public TimeSpan PauseBetweenRequests { get; init; } = TimeSpan.Zero;

    /// <summary>Pause after a connect, for devices that drop what comes at once. 0.</summary>
    public TimeSpan PauseAfterConnect { get; init; } = TimeSpan.Zero;

    /// <summary>
    /// Most registers between two signals that are read along, unasked, where that takes less time than another
    /// request: 0 to 124. For bits, 16 times as many. 124.
    /// </summary>
    public int GapRegistersMax { get; init; } = 124;

    /// <summary>Ask each unit who it is (function 43/14) once it has answered. true.</summary>
    public bool Identify { get; init; } = true;

    /// <summary>Wait after the first failed connect; doubles up to <see cref="ReconnectMax"/>. 250 ms.</summary>
    public TimeSpan ReconnectFirst { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest wait between two tries to connect. 5 s.</summary>
    public TimeSpan ReconnectMax { get; init; } = TimeSpan.FromSeconds(5);
}
