namespace Sluice.Hal.Modbus;

/// <summary>How one RTU bus is spoken to, be it a serial line or behind a converter. Every wait has a bound.</summary>
public sealed record ModbusRtuOptions
{
    /// <summary>From the end of the request to the last byte of its answer. 500 ms.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// What a device is taken to need between a request and its answer until it was measured. 5 ms.
    /// </summary>
    public TimeSpan Turnaround { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Silence on the line before a request (<see cref="RtuFramer.Silence"/>). 1.75 ms.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromMilliseconds(1.75);

    /// <summary>
    /// How long to listen before the first byte is sent: if another client is heard, nothing is ever sent. 5 s on a
    /// serial line; 0 behind a converter that has the bus to itself.
    /// </summary>
    public TimeSpan ListenFirst { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Most registers in one request, 1 to 125.</summary>
    public int RegistersMax { get; init; } = ReadRequest.RegistersMax;

    /// <summary>Most registers between two signals that are read along, unasked, where that pays: 0 to 124. 124.
    /// </summary>
    public int GapRegistersMax { get; init; } = 124;

    public bool OneRequestPerSignal { get; init; }

    /// <summary>Ask each unit who it is (function 43/14) once it has answered. true.</summary>
    public bool Identify { get; init; } = true;

    /// <summary>
    /// For how many deadlines an answer that did not come is reckoned with: for so long its unit is asked nothing that
    /// it would fit. 30.
    /// </summary>
    public int LateDeadlinesMax { get; init; } = 30;

    /// <summary>
    /// Requests in a row without an answer after which a converter's connection, that had brought answers before, is
    /// taken for half-open and made anew. 3.
    /// </summary>
    public int TimeoutsBeforeReconnect { get; init; } = 3;

    /// <summary>Wait after the line first failed to open; doubles up to <see cref="ReconnectMax"/>. 250 ms.</summary>
    public TimeSpan ReconnectFirst { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest wait between two tries to open the line. 5 s.</summary>
    public TimeSpan ReconnectMax { get; init; } = TimeSpan.FromSeconds(5);
}
