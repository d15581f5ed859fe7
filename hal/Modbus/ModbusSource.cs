namespace Sluice.Hal.Modbus;

/// <summary>Signals of the units behind one Modbus connection. Called by the sampler, on its loop.</summary>
public sealed class ModbusSource : ISignalSource
{
    private readonly IReadOnlyList<ModbusSignal> addressed;
    private readonly IModbusClient client;
    private readonly TimeProvider clock;
    private readonly ushort[] registers = new ushort[125];
    private readonly bool[] bits = new bool[1];
    private long requests;
    private long failures;
    private ModbusStatus last = ModbusStatus.Disconnected;

    public ModbusSource(
        string name, IReadOnlyList<ModbusSignal> signals, ModbusTcpOptions options, TimeProvider clock)
        : this(name, signals, new ModbusTcpClient(options, clock), clock)
    {
    }

    /// <summary>The same over any other client, which the source then owns.</summary>
    public ModbusSource(string name, IReadOnlyList<ModbusSignal> signals, IModbusClient client, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(signals);
        Name = name;
        addressed = signals;
        Signals = [.. signals.Select(each => each.Signal)];
        this.clock = clock;
        this.client = client;
    }

    public string Name { get; }

    public IReadOnlyList<Signal> Signals { get; }

    public SourceHealth Health => new(
        last switch
        {
            ModbusStatus.Answered or ModbusStatus.DeviceException => "connected",
            ModbusStatus.Disconnected => "connecting",
            _ => "silent",
        },
        "",
        [
            KeyValuePair.Create("requests", Interlocked.Read(ref requests)),
            KeyValuePair.Create("failures", Interlocked.Read(ref failures)),
        ]);

    public async ValueTask ReadAsync(
        ReadOnlyMemory<int> due, ReadingBatch into, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(into);
        for (var index = 0; index < due.Length; index++)
        {
            var signal = addressed[due.Span[index]];
            var isBit = signal.Address.Table is ModbusTable.Coil or ModbusTable.DiscreteInput;
            var size = isBit ? 1 : signal.Signal.Type.Registers;
            var result = isBit
                ? await client.ReadBitsAsync(
                    signal.UnitId, signal.Address.Table, signal.Address.Address, bits, cancellationToken)
                    .ConfigureAwait(false)
                : await client.ReadRegistersAsync(
                    signal.UnitId, signal.Address.Table, signal.Address.Address, registers.AsMemory(0, size),
                    cancellationToken).ConfigureAwait(false);
            Interlocked.Increment(ref requests);
            last = result.Status;
            var decoded = result.Status != ModbusStatus.Answered ? Failed(result)
                : isBit ? RegisterDecoding.FromBit(bits[0])
                : RegisterDecoding.FromRegisters(signal, registers.AsSpan(0, size));
            into.Add(new Reading(signal.Signal, decoded.Value, decoded.Quality, Reading.Stamp(clock)));
        }
    }

    public ValueTask DisposeAsync() => client.DisposeAsync();

    private DecodedValue Failed(ModbusResult result)
    {
        Interlocked.Increment(ref failures);
        return new(SignalValue.None, Quality.Bad(result.Status switch
        {
            ModbusStatus.Timeout => QualityReason.Timeout,
            ModbusStatus.DeviceException => QualityReason.DeviceException,
            ModbusStatus.BadAnswer => QualityReason.Checksum,
            _ => QualityReason.Disconnected,
        }));
    }
}
