using System.Runtime.CompilerServices;

namespace Sluice.Hal;

/// <summary>
/// A source whose readings are Good only while its guards hold; else they keep their value and become Uncertain, with
/// the reason Stale or LayoutChanged. The guarding signals are read along with every call, asked for or not. Called by
/// the sampler, on its loop; owns the source behind it.
/// </summary>
public sealed class GuardedSource : ISignalSource
{
    private readonly ISignalSource inner;
    private readonly IReadOnlyList<SignalGuard> guards;
    private readonly GuardWatch watch;
    private readonly TimeProvider clock;
    private readonly long began;
    private readonly ReadingBatch read = new();
    private readonly bool[] isDue;
    private readonly int[] asked;
    private volatile QualityReason doubt = QualityReason.NotRead;
    private long doubted;

    public GuardedSource(ISignalSource inner, IReadOnlyList<SignalGuard> guards, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(inner);
        ArgumentNullException.ThrowIfNull(guards);
        ArgumentNullException.ThrowIfNull(clock);
        foreach (var guard in guards)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(guard.Signal);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(guard.Signal, inner.Signals.Count);
        }

        this.inner = inner;
        this.guards = guards;
        this.clock = clock;
        began = clock.GetTimestamp();
        watch = new GuardWatch(guards);
        isDue = new bool[inner.Signals.Count];
        asked = new int[inner.Signals.Count];
    }

    public string Name => inner.Name;

    public IReadOnlyList<Signal> Signals => inner.Signals;

    public IReadOnlyDictionary<Signal, Guid> CounterEpochs => inner.CounterEpochs;

    public SourceHealth Health
    {
        get
        {
            var health = inner.Health;
            var sentence = doubt switch
            {
                QualityReason.Stale =>
                    "a signal that must change stands still: the device answers, but its PLC may not run",
                QualityReason.LayoutChanged =>
                    "a signal does not have the value that it must: the device's program was changed, or it has just "
                    + "restarted; check the signal list against it",
                _ => "",
            };
            return new SourceHealth(
                sentence.Length > 0 && health.Sentence.Length == 0 ? "doubted" : health.State,
                health.Sentence.Length > 0 ? health.Sentence : sentence,
                [.. health.Counters, KeyValuePair.Create("doubtedReadings", Interlocked.Read(ref doubted))])
            {
                Devices = health.Devices,
            };
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadAsync(ReadOnlyMemory<int> due, ReadingBatch into, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(into);
        var count = Ask(due.Span);
        read.Clear();
        await inner.ReadAsync(asked.AsMemory(0, count), read, cancellationToken).ConfigureAwait(false);
        HandOn(into);
    }

    public ValueTask UseSpareTimeAsync(TimeSpan spare, CancellationToken cancellationToken) =>
        inner.UseSpareTimeAsync(spare, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>What is due and the guards, each once.</summary>
    private int Ask(ReadOnlySpan<int> due)
    {
        Array.Clear(isDue);
        due.CopyTo(asked);
        var count = due.Length;
        foreach (var index in due)
        {
            isDue[index] = true;
        }

        // Nothing is due: nothing is to be believed, and the device is left in peace.
        for (var each = 0; each < guards.Count && count > 0; each++)
        {
            var signal = guards[each].Signal;
            if (!asked.AsSpan(0, count).Contains(signal))
            {
                asked[count++] = signal;
            }
        }

        return count;
    }

    private void HandOn(ReadingBatch into)
    {
        if (read.Count == 0)
        {
            return;
        }

        var verdict = watch.Observe(read.Readings, Signals, clock.GetElapsedTime(began));
        if (AnyGood(read.Readings))
        {
            // A device that did not answer has not changed its program: its own sentence says what is wrong with it.
            doubt = verdict;
        }

        foreach (ref readonly var reading in read.Readings)
        {
            if (!IsDue(reading.Signal))
            {
                continue;
            }

            if (verdict == QualityReason.None || !reading.Quality.IsGood)
            {
                into.Add(reading);
                continue;
            }

            Interlocked.Increment(ref doubted);
            into.Add(reading with { Quality = Quality.Uncertain(verdict) });
        }
    }

    private static bool AnyGood(ReadOnlySpan<Reading> readings)
    {
        foreach (ref readonly var reading in readings)
        {
            if (reading.Quality.IsGood)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Only a guarding signal can have been read without being due.</summary>
    private bool IsDue(Signal signal)
    {
        foreach (var guard in guards)
        {
            if (ReferenceEquals(Signals[guard.Signal], signal))
            {
                return isDue[guard.Signal];
            }
        }

        return true;
    }
}
