namespace Sluice.Hal.Sensors;

/// <summary>A signal and the sensor that it is read from.</summary>
public sealed record SensorSignal
{
    public required Signal Signal { get; init; }

    public required SensorAddress Address { get; init; }

    /// <summary>value = sensor * Scale + Offset, after the kernel's own unit is made ours.</summary>
    public double Scale { get; init; } = 1;

    public double Offset { get; init; }
}

/// <summary>
/// Sensors that the kernel drives, read as files. Called by the sampler, on its loop; the reading itself happens beside
/// it, because a chip on a slow bus holds the reader until it has answered.
/// <para>
/// A sensor that is not there is Bad/Disconnected, and looked for again at each read; one that is there and gives no
/// number is Bad/DeviceException. A read that is longer under way than <see cref="ReadMax"/> gives Bad/Timeout, and the
/// next one waits for it.
/// </para>
/// </summary>
public sealed class SensorSource : ISignalSource
{
    /// <summary>The bound of one read: a converter that averages takes half a second, a hung bus for ever.</summary>
    public static readonly TimeSpan ReadMax = TimeSpan.FromSeconds(2);

    private readonly IReadOnlyList<SensorSignal> sensors;
    private readonly SensorTree tree;
    private readonly TimeProvider clock;
    private readonly FoundSensor?[] places;
    private Task<(SignalValue Value, Quality Quality)[]>? underWay;
    private string sentence = "";
    private long readings;
    private long failures;

    /// <param name="name">The source's name in the configuration.</param>
    /// <param name="signals">What is read.</param>
    /// <param name="root">/sys, or a recorded tree.</param>
    /// <param name="clock">Stamps and bounds.</param>
    public SensorSource(string name, IReadOnlyList<SensorSignal> signals, string root, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(signals);
        Name = name;
        sensors = signals;
        this.clock = clock;
        tree = new SensorTree(root);
        Signals = [.. signals.Select(each => each.Signal)];
        places = new FoundSensor?[signals.Count];
    }

    public string Name { get; }

    public IReadOnlyList<Signal> Signals { get; }

    public SourceHealth Health
    {
        get
        {
            var said = Volatile.Read(ref sentence);
            return new SourceHealth(said.Length == 0 ? "connected" : "disconnected", said,
            [
                KeyValuePair.Create("readings", Interlocked.Read(ref readings)),
                KeyValuePair.Create("failures", Interlocked.Read(ref failures)),
            ]);
        }
    }

    public async ValueTask ReadAsync(
        ReadOnlyMemory<int> due, ReadingBatch into, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(into);
        cancellationToken.ThrowIfCancellationRequested();
        if (due.IsEmpty)
        {
            return;
        }

        var asked = due.ToArray();
        var free = underWay is null || underWay.IsCompleted;
        var results = free ? underWay = Task.Run(() => Array.ConvertAll(asked, Read), CancellationToken.None) : null;
        var read = results is null ? null : await WithinBoundAsync(results, cancellationToken).ConfigureAwait(false);
        var stamp = Reading.Stamp(clock);
        var monotonic = Reading.Monotonic(clock);
        var said = "";
        for (var index = 0; index < asked.Length; index++)
        {
            var (value, quality) = read?[index] ?? (SignalValue.None, Quality.Bad(QualityReason.Timeout));
            into.Add(new Reading(Signals[asked[index]], value, quality, stamp)
            {
                MonotonicMilliseconds = monotonic,
            });
            Interlocked.Increment(ref readings);
            if (!quality.IsGood)
            {
                Interlocked.Increment(ref failures);
                said = Say(sensors[asked[index]].Address, quality.Reason);
            }
        }

        Volatile.Write(ref sentence, said);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<(SignalValue Value, Quality Quality)[]?> WithinBoundAsync(
        Task<(SignalValue Value, Quality Quality)[]> results, CancellationToken cancellationToken)
    {
        try
        {
            return await results.WaitAsync(ReadMax, clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    private (SignalValue Value, Quality Quality) Read(int index)
    {
        var sensor = sensors[index];
        var place = places[index] ??= tree.Find(sensor.Address);
        if (place is null)
        {
            return (SignalValue.None, Quality.Bad(QualityReason.Disconnected));
        }

        var text = SensorTree.ReadText(place.File);
        if (!SensorTree.TryNumber(text, out var raw))
        {
            // Gone, or gone and back under another number: it is looked for again next time.
            places[index] = null;
            var there = File.Exists(place.File);
            return (SignalValue.None,
                Quality.Bad(there ? QualityReason.DeviceException : QualityReason.Disconnected));
        }

        var physical = (raw + place.Unit.Offset) * place.Unit.Factor;
        var value = SignalValue.FromDouble(Math.Round((physical * sensor.Scale) + sensor.Offset, 9));
        return (value, value.Kind == ValueKind.None ? Quality.Bad(QualityReason.OutOfRange) : Quality.Good);
    }

    private static string Say(SensorAddress address, QualityReason reason) => reason switch
    {
        QualityReason.Disconnected =>
            $"There is no sensor {address}. Its chip may be unplugged or its driver not loaded.",
        QualityReason.Timeout => $"Sensor {address} does not answer; its bus may hang.",
        _ => $"Sensor {address} is there and gives no number; the chip does not answer its driver.",
    };
}
