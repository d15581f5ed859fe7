namespace Sluice.Hal.Simulation;

/// <summary>
/// Signals made up by the agent itself: the whole path can be tried, and its completeness counted, without hardware.
/// Called by the sampler, on its loop. The same clock and the same reads always give the same values.
/// </summary>
public sealed class SimulatedSource : ISignalSource
{
    /// <summary>Seed of the random walks: fixed, so that two runs can be compared.</summary>
    private const int WalkSeed = 20_24;

    private static readonly TimeSpan SlowPeriod = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ToggleHalfPeriod = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyList<SimulatedSignal> simulated;
    private readonly TimeProvider clock;
    private readonly long began;
    private readonly long[] counts;
    private readonly double[] walks;
    private readonly Random[] steps;
    private long readings;

    public SimulatedSource(string name, IReadOnlyList<SimulatedSignal> signals, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(signals);
        ArgumentNullException.ThrowIfNull(clock);
        Name = name;
        simulated = signals;
        this.clock = clock;
        began = clock.GetTimestamp();
        Signals = [.. signals.Select(each => each.Signal)];
        counts = new long[signals.Count];
        walks = new double[signals.Count];
#pragma warning disable CA5394 // a made-up course of a made-up signal: it must repeat, not be secret
        steps = [.. signals.Select((_, index) => new Random(WalkSeed + index))];
#pragma warning restore CA5394
    }

    public string Name { get; }

    public IReadOnlyList<Signal> Signals { get; }

    public SourceHealth Health =>
        new("simulated", "", [KeyValuePair.Create("readings", Interlocked.Read(ref readings))]);

    public ValueTask ReadAsync(ReadOnlyMemory<int> due, ReadingBatch into, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(into);
        cancellationToken.ThrowIfCancellationRequested();
        var stamp = Reading.Stamp(clock);
        var monotonic = Reading.Monotonic(clock);
        var elapsed = clock.GetElapsedTime(began);
        foreach (var index in due.Span)
        {
            var (value, quality) = Express(simulated[index], Course(index, elapsed));
            into.Add(new Reading(Signals[index], value, quality, stamp)
            {
                MonotonicMilliseconds = monotonic,
            });
        }

        Interlocked.Add(ref readings, due.Length);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private double Course(int index, TimeSpan elapsed) => simulated[index].Shape switch
    {
        SimulatedShape.Counter => ++counts[index],
        SimulatedShape.Sine => Math.Sin(Math.Tau * Phase(elapsed, SlowPeriod)),
        SimulatedShape.Ramp => Phase(elapsed, SlowPeriod),
        SimulatedShape.Toggle => (elapsed.Ticks / ToggleHalfPeriod.Ticks) % 2,
        _ => Walk(index),
    };

    private static double Phase(TimeSpan elapsed, TimeSpan period) =>
        (double)(elapsed.Ticks % period.Ticks) / period.Ticks;

    private double Walk(int index)
    {
#pragma warning disable CA5394 // see the constructor
        var step = (steps[index].NextDouble() - 0.5) / 10;
#pragma warning restore CA5394
        // The small pull towards 0 keeps a walk of years near 0.
        walks[index] = (walks[index] * 0.999) + step;
        return walks[index];
    }

    private static (SignalValue Value, Quality Quality) Express(SimulatedSignal signal, double raw)
    {
        var scaled = (raw * signal.Scale) + signal.Offset;
        var kind = signal.Signal.Type.Kind;
        var rounded = Math.Round(scaled);
        var value = kind switch
        {
            SignalKind.Bool => SignalValue.From(scaled >= 0.5),
            SignalKind.Float32 => SignalValue.FromSingle((float)scaled),
            SignalKind.Float64 => SignalValue.FromDouble(scaled),
            SignalKind.String => SignalValue.From(Text(scaled, signal.Signal.Type.TextBytes)),
            _ when Fits(kind, rounded) => IsSigned(kind)
                ? SignalValue.From((long)rounded)
                : SignalValue.From((ulong)rounded),
            _ => SignalValue.None,
        };
        return (value, value.Kind == ValueKind.None ? Quality.Bad(QualityReason.OutOfRange) : Quality.Good);
    }

    private static string Text(double value, int bytesMax)
    {
        var text = value.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        return text.Length <= bytesMax ? text : text[..bytesMax];
    }

    private static bool IsSigned(SignalKind kind) => kind is SignalKind.Int16 or SignalKind.Int32 or SignalKind.Int64;

    private static bool Fits(SignalKind kind, double value)
    {
        var (min, max) = kind switch
        {
            SignalKind.Int16 => (short.MinValue, short.MaxValue),
            SignalKind.Uint16 => (0, ushort.MaxValue),
            SignalKind.Int32 => (int.MinValue, int.MaxValue),
            SignalKind.Uint32 => (0, uint.MaxValue),
            SignalKind.Bcd16 => (0, 9999),
            SignalKind.Bcd32 => (0, 99_999_999),
            SignalKind.Int64 => (long.MinValue, BitConverter.UInt64BitsToDouble(0x43DFFFFFFFFFFFFF)),
            _ => (0.0, BitConverter.UInt64BitsToDouble(0x43EFFFFFFFFFFFFF)),
        };
        return value >= min && value <= max;
    }
}
