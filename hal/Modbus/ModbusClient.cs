namespace Sluice.Hal.Modbus;

/// <summary>
/// What our clients have in common above their transports: each question becomes one <see cref="ReadRequest"/>, which
/// is held against the protocol's bounds before anything is sent. Nobody outside derives from it.
/// </summary>
public abstract class ModbusClient : IModbusClient
{
    public ModbusCounters Counters { get; } = new();

    public abstract SourceHealth Health { get; }

    public ValueTask<ModbusResult> ReadRegistersAsync(
        byte unitId, ModbusTable table, ushort address, Memory<ushort> into, CancellationToken cancellationToken) =>
        AskAsync(new ReadRequest(unitId, table, address, into.Length), into, default, cancellationToken);

    public ValueTask<ModbusResult> ReadBitsAsync(
        byte unitId, ModbusTable table, ushort address, Memory<bool> into, CancellationToken cancellationToken) =>
        AskAsync(new ReadRequest(unitId, table, address, into.Length), default, into, cancellationToken);

    public async ValueTask<IdentificationResult> ReadIdentificationAsync(
        byte unitId, IdentificationScope scope, byte objectId, CancellationToken cancellationToken)
    {
        var page = new ushort[ReadRequest.PageRegisters];
        var request = ReadRequest.Identification(unitId, scope, objectId);
        return IdentificationResult.Of(
            await AskAsync(request, page, default, cancellationToken).ConfigureAwait(false), page);
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>Sends a request that holds, and fills the memory that is for its kind of table.</summary>
    private protected abstract ValueTask<ModbusResult> ReadAsync(
        ReadRequest read, Memory<ushort> registers, Memory<bool> bits, CancellationToken cancellationToken);

    private ValueTask<ModbusResult> AskAsync(
        ReadRequest read, Memory<ushort> registers, Memory<bool> bits, CancellationToken cancellationToken)
    {
        if (read.IsBits ? registers.Length > 0 : bits.Length > 0)
        {
            throw new ArgumentException($"{read.Table} does not hold what it was asked for");
        }

        read.Check();
        return ReadAsync(read, registers, bits, cancellationToken);
    }
}
