namespace Sluice.Hal.Modbus;

/// <summary>The four tables of the Modbus data model (Modbus Application Protocol V1.1b3, 4.3).</summary>
public enum ModbusTable : byte
{
    /// <summary>Function 1.</summary>
    Coil,

    /// <summary>Function 2.</summary>
    DiscreteInput,

    /// <summary>Function 3.</summary>
    HoldingRegister,

    /// <summary>Function 4.</summary>
    InputRegister,
}

/// <summary>How one request ended. Only <see cref="Answered"/> filled the caller's memory.</summary>
public enum ModbusStatus : byte
{
    Answered,

    /// <summary>The device said no; <see cref="ModbusResult.ExceptionCode"/> says why.</summary>
    DeviceException,

    /// <summary>No answer to this request before the deadline.</summary>
    Timeout,

    /// <summary>An answer came that cannot belong to this request: wrong length, function or unit.</summary>
    BadAnswer,

    /// <summary>No connection, or it broke before the answer.</summary>
    Disconnected,

    /// <summary>
    /// Not put on the wire: its turn was given to others, or a late answer could be taken for its own.
    /// </summary>
    NotAsked,
}

/// <summary>The outcome of one request, as a value.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="ExceptionCode">The Modbus exception code (V1.1b3, section 7) with DeviceException, else 0.</param>
public readonly record struct ModbusResult(ModbusStatus Status, byte ExceptionCode = 0)
{
    public static ModbusResult Answered => default;
}

/// <summary>
/// One bus or connection that answers reads: the seam between the link (framing, matching, deadlines) and everything
/// that decides what to read. A client of another library would implement exactly this. There is no write in it.
/// </summary>
public interface IModbusClient : IAsyncDisposable
{
    /// <summary>How the link goes: a snapshot, from any thread.</summary>
    SourceHealth Health { get; }

    /// <summary>
    /// Reads registers from <paramref name="address"/>, as many as <paramref name="into"/> holds: 1 to 125.
    /// </summary>
    ValueTask<ModbusResult> ReadRegistersAsync(
        byte unitId, ModbusTable table, ushort address, Memory<ushort> into, CancellationToken cancellationToken);

    /// <summary>
    /// Reads bits from <paramref name="address"/>, as many as <paramref name="into"/> holds: 1 to 2,000.
    /// </summary>
    ValueTask<ModbusResult> ReadBitsAsync(
        byte unitId, ModbusTable table, ushort address, Memory<bool> into, CancellationToken cancellationToken);

    /// <summary>
    /// Asks a unit about itself (function 43, MEI type 14), from <paramref name="objectId"/> on: one page, which may
    /// say that there is more. An answer that does not add up is BadAnswer.
    /// </summary>
    ValueTask<IdentificationResult> ReadIdentificationAsync(
        byte unitId, IdentificationScope scope, byte objectId, CancellationToken cancellationToken);
}
