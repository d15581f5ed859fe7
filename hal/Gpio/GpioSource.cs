using System.Device.Gpio;
using Sluice.Hal.Gpio.CharacterDevice;
using Sluice.Hal.Gpio.Counting;

namespace Sluice.Hal.Gpio;

/// <summary>
/// Lines of one GPIO chip as signals. Called by the sampler, on its loop; edges come in between on the driver's own
/// thread and wait, counted and bounded, for the next read. It never drives a line.
/// <para>
/// What the world does wrong: no chip, a line in use elsewhere, a chip that is unplugged, are readings of quality
/// Bad/Disconnected and a sentence in <see cref="Health"/>; the line is asked for again every
/// <see cref="GpioOptions.RetryEvery"/>. An edge that was lost is Uncertain/EdgesLost, and counted.
/// </para>
/// </summary>
public sealed class GpioSource : ISignalSource
{
    private readonly Func<GpioDriver> makeDriver;
    private readonly GpioOptions options;
    private readonly TimeProvider clock;
    private readonly WatchedLine[] lines;
    private readonly (WatchedLine Line, int Quantity)[] places;
    private readonly CounterKeeper keeper;
    private readonly List<TimedValue> values = [];
    private readonly bool?[] levels;
    private GpioDriver? driver;
    private GpioController? controller;
    private long openings;
    private long failures;

    /// <summary>The lines of a chip, through the kernel's character device.</summary>
    /// <param name="name">The source's name in the configuration.</param>
    /// <param name="signals">What is read; those of one line agree on its settings.</param>
    /// <param name="chip">The device, such as /dev/gpiochip0, or label:NAME.</param>
    /// <param name="options">Bounds.</param>
    /// <param name="state">Where totals wait for the next start.</param>
    /// <param name="clock">Must be the system's where the kernel stamps the edges.</param>
    public GpioSource(
        string name, IReadOnlyList<GpioSignal> signals, string chip, GpioOptions options, ICounterState state,
        TimeProvider clock)
        : this(name, signals, () => new CharacterDeviceDriver(chip), options, state, clock)
    {
    }

    /// <summary>
    /// The same over any driver of System.Device.Gpio, made anew whenever the chip was gone. Edges of a driver that
    /// brings no stamp of its own are stamped on arrival, and <see cref="Health"/> counts them.
    /// </summary>
    public GpioSource(
        string name, IReadOnlyList<GpioSignal> signals, Func<GpioDriver> makeDriver, GpioOptions options,
        ICounterState state, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(signals);
        ArgumentNullException.ThrowIfNull(state);
        Name = name;
        Signals = [.. signals.Select(each => each.Signal)];
        this.makeDriver = makeDriver;
        this.options = options;
        this.clock = clock;
        places = new (WatchedLine, int)[signals.Count];
        lines = [.. signals.GroupBy(signal => signal.Line).Select(group => Join(group.Key, [.. group], signals))];
        levels = new bool?[lines.Length];
        keeper = new CounterKeeper(state, options.KeepEvery, signals, places,
            () => Guid.CreateVersion7(clock.GetUtcNow()));
        keeper.Resume();
        CounterEpochs = keeper.Epochs;
    }

    public string Name { get; }

    public IReadOnlyList<Signal> Signals { get; }

    public IReadOnlyDictionary<Signal, Guid> CounterEpochs { get; }

    public SourceHealth Health
    {
        get
        {
            var counts = default(LineCounts);
            var problem = keeper.Problem;
            var closed = 0;
            foreach (var line in lines)
            {
                counts += line.Counts;
                var said = line.Problem;
                closed += said.Length > 0 ? 1 : 0;
                problem = said.Length > 0 ? said : problem;
            }

            return new SourceHealth(
                closed == 0 ? "connected" : closed == lines.Length ? "disconnected" : "connected in part", problem,
                [
                    KeyValuePair.Create("edges", counts.Edges),
                    KeyValuePair.Create("edgesLost", counts.Lost),
                    KeyValuePair.Create("lossesUncounted", counts.Uncounted),
                    KeyValuePair.Create("changesDropped", counts.Dropped),
                    KeyValuePair.Create("stampedOnArrival", counts.ArrivalStamped),
                    KeyValuePair.Create("openings", Interlocked.Read(ref openings)),
                    KeyValuePair.Create("failures", Interlocked.Read(ref failures)),
                    KeyValuePair.Create("keepFailures", keeper.Failures),
                ]);
        }
    }

    public ValueTask ReadAsync(ReadOnlyMemory<int> due, ReadingBatch into, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(into);
        cancellationToken.ThrowIfCancellationRequested();
        var now = Monotonic.Nanoseconds(clock);
        ReadLevels(due.Span, now);
        now = Monotonic.Nanoseconds(clock);
        var utc = clock.GetUtcNow().UtcDateTime;
        foreach (var index in due.Span)
        {
            var (line, quantity) = places[index];
            if (levels[Array.IndexOf(lines, line)] is not { } level)
            {
                into.Add(new Reading(
                    Signals[index], SignalValue.None, Quality.Bad(QualityReason.Disconnected), Stamp(utc, 0))
                {
                    MonotonicMilliseconds = now / Monotonic.NanosecondsPerMillisecond,
                });
                continue;
            }

            values.Clear();
            line.Report(quantity, level, now, values);
            foreach (var value in values)
            {
                into.Add(new Reading(Signals[index], value.Value, value.Quality,
                    Stamp(utc, now - value.AtNanoseconds))
                {
                    MonotonicMilliseconds = value.AtNanoseconds / Monotonic.NanosecondsPerMillisecond,
                });
            }
        }

        keeper.Keep(now);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        CloseAll("The source is closed.");
        await keeper.CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Opens what is due to be opened, and reads the level of each line that is asked for, once.</summary>
    private void ReadLevels(ReadOnlySpan<int> due, long now)
    {
        (driver as CharacterDeviceDriver)?.Drain();
        for (var index = 0; index < lines.Length; index++)
        {
            var line = lines[index];
            levels[index] = null;
            if (!IsDue(line, due))
            {
                continue;
            }

            try
            {
                if (!line.IsOpen)
                {
                    if (now < line.RetryAt)
                    {
                        continue;
                    }

                    Open(line, now);
                }

                levels[index] = line.ReadLevel();
            }
            catch (Exception e) when (IsOfTheWorld(e))
            {
                Fail(line, e.Message, now);
            }
        }
    }

    private bool IsDue(WatchedLine line, ReadOnlySpan<int> due)
    {
        foreach (var index in due)
        {
            if (places[index].Line == line)
            {
                return true;
            }
        }

        return false;
    }

    private void Open(WatchedLine line, long now)
    {
        line.RetryAt = now + (options.RetryEvery.Ticks * 100);
        driver ??= makeDriver();
        controller ??= new GpioController(driver);
        line.Open(controller, driver);
        Interlocked.Increment(ref openings);
    }

    private void Fail(WatchedLine line, string problem, long now)
    {
        Interlocked.Increment(ref failures);
        if (line.IsOpen)
        {
            // It was there and is gone, and with it the chip: whatever hangs on it begins anew.
            CloseAll(problem);
            return;
        }

        line.Close(problem);
        line.RetryAt = now + (options.RetryEvery.Ticks * 100);
        if (Array.TrueForAll(lines, each => !each.IsOpen))
        {
            CloseDriver();
        }
        else if (line.Number >= 0 && controller!.IsPinOpen(line.Number))
        {
            controller.ClosePin(line.Number);
        }
    }

    private void CloseAll(string problem)
    {
        foreach (var line in lines)
        {
            line.Close(problem);
        }

        CloseDriver();
    }

    private void CloseDriver()
    {
        try
        {
            controller?.Dispose();
            driver?.Dispose();
        }
        catch (Exception e) when (IsOfTheWorld(e))
        {
            // A chip that is gone may refuse even to be let go; there is nothing left of it to release.
        }

        controller = null;
        driver = null;
    }

    private WatchedLine Join(GpioLine address, GpioSignal[] signals, IReadOnlyList<GpioSignal> all)
    {
        if (signals.Any(signal => signal.Settings != signals[0].Settings))
        {
            throw new ArgumentException($"The signals of {address} disagree on bias, debounce or active-low.");
        }

        var line = new WatchedLine(address, signals, clock);
        for (var index = 0; index < all.Count; index++)
        {
            var quantity = Array.IndexOf(signals, all[index]);
            if (quantity >= 0)
            {
                places[index] = (line, quantity);
            }
        }

        return line;
    }

    /// <summary>A time before now, UTC, whole milliseconds.</summary>
    private static DateTime Stamp(DateTime utc, long agoNanoseconds)
    {
        var ticks = utc.Ticks - (agoNanoseconds / 100);
        return new DateTime(ticks - (ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);
    }

    /// <summary>What a driver says when the world is wrong. The package's own drivers use all of these.</summary>
    private static bool IsOfTheWorld(Exception exception) => exception
        is IOException or UnauthorizedAccessException or InvalidOperationException or NotSupportedException
        or ArgumentException or TimeoutException;
}
