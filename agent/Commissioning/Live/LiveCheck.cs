using Sluice.Agent.Commissioning.Asking;
using Sluice.Agent.Commissioning.Golden;
using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Binding;
using Sluice.Hal;

namespace Sluice.Agent.Commissioning.Live;

/// <summary>
/// Reads every signal of a source once, as the agent would: over the same code, on one connection, one request at a
/// time with a pause between two. Where the source has guards it goes on, at the source's own pace, until they hold or
/// had their time. Called by check --live, one source after the other.
/// </summary>
internal sealed class LiveCheck(
    Func<SourceSettings, ISignalSource> open, RunningAgent agent, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan TurnMin = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan TurnMax = TimeSpan.FromSeconds(5);

    /// <summary>Reads of one source: listening, connecting and guards end long before.</summary>
    private const int TurnsMax = 1000;

    public async Task<LiveSource> LookAsync(
        ConfiguredSource source, IReadOnlyList<GoldenSample> samples, CancellationToken cancellationToken)
    {
        var settings = source.Settings;
        var isHeld = settings is ModbusRtuSettings or GpioSettings;
        var refused = settings is SimulatedSettings or SensorSettings
            ? null
            : await agent.RefuseAsync(settings, isHeld, cancellationToken).ConfigureAwait(false);
        if (refused is not null)
        {
            return LiveSource.NotAsked(settings, refused) with { IsRefused = true };
        }

        var began = clock.GetTimestamp();
        var looked = open(Politely(settings));
        await using (looked.ConfigureAwait(false))
        {
            var readings = await ReadAsync(looked, settings, cancellationToken).ConfigureAwait(false);
            return new LiveSource
            {
                Name = settings.Name,
                Device = DeviceName.Of(settings),
                Sentence = looked.Health.Sentence,
                TookSeconds = Math.Round(clock.GetElapsedTime(began).TotalSeconds, 1),
                Signals = [.. looked.Signals.Select((signal, index) =>
                    Describe(signal, readings[index], settings, index, samples))],
            };
        }
    }

    private async Task<Reading[]> ReadAsync(
        ISignalSource looked, SourceSettings settings, CancellationToken cancellationToken)
    {
        var latest = looked.Signals.Select(signal => new Reading(
            signal, SignalValue.None, Quality.Bad(QualityReason.NotRead), default)).ToArray();
        var all = Enumerable.Range(0, latest.Length).ToArray();
        var batch = new ReadingBatch();
        var began = clock.GetTimestamp();
        for (var turn = 0; turn < TurnsMax; turn++)
        {
            batch.Clear();
            await looked.ReadAsync(all, batch, cancellationToken).ConfigureAwait(false);
            foreach (var reading in batch.Readings)
            {
                latest[Array.IndexOf(looked.Signals.ToArray(), reading.Signal)] = reading;
            }

            var elapsed = clock.GetElapsedTime(began);
            if (!IsWorthAnotherTurn(latest, looked.Health, settings, elapsed))
            {
                break;
            }

            await Task.Delay(Turn(settings), clock, cancellationToken).ConfigureAwait(false);
        }

        return latest;
    }

    /// <summary>The line is still listened to, the connection not made, or a guard has not had its time.</summary>
    private static bool IsWorthAnotherTurn(
        Reading[] latest, SourceHealth health, SourceSettings settings, TimeSpan elapsed)
    {
        if (health.State == "refused")
        {
            return false;
        }

        var modbus = settings as ModbusSettings;
        var isAway = Array.TrueForAll(latest, each => each.Quality.Reason == QualityReason.Disconnected);
        var patience = ConnectPatience + (modbus is null ? TimeSpan.Zero : ModbusLinks.ListenOf(modbus));
        var isDoubted = Array.Exists(latest, each => each.Quality.Level == QualityLevel.Uncertain);
        var guardTime = modbus?.Guards.Max(guard => guard.ChangesWithin) ?? TimeSpan.Zero;
        return isAway && modbus is not null ? elapsed < patience : isDoubted && elapsed < guardTime + TurnMin;
    }

    private static TimeSpan Turn(SourceSettings settings)
    {
        var every = settings.Signals.Min(signal => signal.Every);
        return every < TurnMin ? TurnMin : every > TurnMax ? TurnMax : every;
    }

    /// <summary>The configuration's own, but for what a device that is at work could notice.</summary>
    private static SourceSettings Politely(SourceSettings settings) => settings switch
    {
        ModbusTcpSettings tcp => tcp with
        {
            Options = tcp.Options with
            {
                Window = 1,
                PauseBetweenRequests = tcp.Options.PauseBetweenRequests > Pause
                    ? tcp.Options.PauseBetweenRequests
                    : Pause,
            },
        },
        _ => settings,
    };

    private static LiveSignal Describe(
        Signal signal, Reading reading, SourceSettings settings, int index, IReadOnlyList<GoldenSample> samples)
    {
        var name = signal.Name[(settings.Name.Length + 1)..];
        var today = settings is ModbusSettings modbus ? modbus.Addresses[index] : null;
        var golden = samples
            .Where(sample => string.Equals(sample.Signal, name, StringComparison.OrdinalIgnoreCase))
            .Select(sample => (Sample: sample, Verdict: sample.Verify(today)))
            .Select(each => new LiveGolden(
                each.Sample.Shown.Text, each.Sample.Taken, each.Verdict.Holds, each.Verdict.Sentence));
        return new LiveSignal(
            name, reading.Value.ToString(), signal.EngineeringUnit, reading.Quality.ToString(), reading.Quality.IsGood,
            [.. golden]);
    }
}
