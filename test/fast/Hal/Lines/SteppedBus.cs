using Sluice.Hal;
using Sluice.Hal.Modbus;

namespace Sluice.Fast.Hal.Lines;

/// <summary>
/// A bus whose time is made up: a request takes what an answer or a deadline takes, and else the clock stands. It is
/// the client of a source and its clock in one, so that an hour on a line is stepped through in no time.
/// </summary>
internal sealed class SteppedBus(Func<byte, bool> lives) : TimeProvider, IModbusClient
{
    public static readonly TimeSpan Answer = TimeSpan.FromMilliseconds(20);
    public static readonly TimeSpan Deadline = TimeSpan.FromMilliseconds(500);

    /// <summary>How long the line has run.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>Time that units took which did not answer.</summary>
    public TimeSpan Lost { get; private set; }

    /// <summary>When each unit was asked last.</summary>
    public Dictionary<byte, TimeSpan> AskedAt { get; } = [];

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public SourceHealth Health => new("connected", "", []);

    public override long GetTimestamp() => Now.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Now;

    public void WaitUntil(TimeSpan time) => Now = time > Now ? time : Now;

    public ValueTask<ModbusResult> ReadRegistersAsync(
        byte unitId, ModbusTable table, ushort address, Memory<ushort> into, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Ask(unitId));

    public ValueTask<ModbusResult> ReadBitsAsync(
        byte unitId, ModbusTable table, ushort address, Memory<bool> into, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Ask(unitId));

    public ValueTask<IdentificationResult> ReadIdentificationAsync(
        byte unitId, IdentificationScope scope, byte objectId, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new IdentificationResult(Ask(unitId), null));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ModbusResult Ask(byte unit)
    {
        AskedAt[unit] = Now;
        Now += lives(unit) ? Answer : Deadline;
        Lost += lives(unit) ? TimeSpan.Zero : Deadline;
        return new ModbusResult(lives(unit) ? ModbusStatus.Answered : ModbusStatus.Timeout);
    }
}
