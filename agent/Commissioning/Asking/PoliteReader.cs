using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Asking;

/// <summary>How commissioning asks a device.</summary>
internal sealed record PoliteOptions
{
    /// <summary>From one request to the next, at least. 100 ms: ten requests a second.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How long a missing connection is tried for, or a serial line is listened to, before that is the answer. 4 s.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(4);
}

/// <summary>
/// Asks one request at a time, at a pace that a device does not notice beside its own work. Called by the verbs that
/// commission, each from its one loop. Waits for a line that is listened to first and for a device that says busy,
/// within bounds, and gives every other outcome back as it is.
/// </summary>
internal sealed class PoliteReader(IModbusClient client, PoliteOptions options, TimeProvider clock)
{
    private const int BusyAnswersMax = 4;
    private const byte Acknowledge = 5;
    private const byte Busy = 6;

    private static readonly TimeSpan BusyWait = TimeSpan.FromMilliseconds(200);

    private readonly long began = clock.GetTimestamp();
    private TimeSpan nextAt;

    /// <summary>Requests so far.</summary>
    public int Requests { get; private set; }

    /// <summary>The longest that an answer took.</summary>
    public TimeSpan SlowestAnswer { get; private set; }

    /// <summary>Another client was heard on the bus, and nothing will ever be sent.</summary>
    public bool IsRefused => client.Health.State == "refused";

    /// <summary>Why there is no connection, in words; empty where there is one.</summary>
    public string Trouble => client.Health.Sentence;

    public TimeSpan Now => clock.GetElapsedTime(began);

    public ValueTask<ModbusResult> ReadAsync(
        byte unitId, ModbusTable table, ushort address, Memory<ushort> into, CancellationToken cancellationToken) =>
        AskAsync(
            token => client.ReadRegistersAsync(unitId, table, address, into, token), cancellationToken);

    public ValueTask<ModbusResult> ReadAsync(
        byte unitId, ModbusTable table, ushort address, Memory<bool> into, CancellationToken cancellationToken) =>
        AskAsync(token => client.ReadBitsAsync(unitId, table, address, into, token), cancellationToken);

    /// <summary>One request of any kind, at its time.</summary>
    public async ValueTask<ModbusResult> AskAsync(
        Func<CancellationToken, ValueTask<ModbusResult>> ask, CancellationToken cancellationToken)
    {
        var givenUpAt = Now + options.Patience;
        for (var busy = 0; ;)
        {
            await WaitTurnAsync(cancellationToken).ConfigureAwait(false);
            var before = Now;
            var result = await ask(cancellationToken).ConfigureAwait(false);
            if (result is { Status: ModbusStatus.DeviceException, ExceptionCode: Acknowledge or Busy }
                && ++busy < BusyAnswersMax)
            {
                Requests++;
                await Task.Delay(BusyWait * busy, clock, cancellationToken).ConfigureAwait(false);
            }
            else if (result.Status != ModbusStatus.Disconnected)
            {
                Requests++;
                var took = Now - before;
                var answered = result.Status is ModbusStatus.Answered or ModbusStatus.DeviceException;
                SlowestAnswer = answered && took > SlowestAnswer ? took : SlowestAnswer;
                return result;
            }
            else if (IsRefused || Now >= givenUpAt)
            {
                return result;
            }
        }
    }

    private async ValueTask WaitTurnAsync(CancellationToken cancellationToken)
    {
        var left = nextAt - Now;
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, clock, cancellationToken).ConfigureAwait(false);
        }

        nextAt = Now + options.Pause;
    }
}
