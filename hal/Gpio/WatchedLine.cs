using System.Device.Gpio;
using Sluice.Hal.Gpio.CharacterDevice;

namespace Sluice.Hal.Gpio;

/// <summary>
/// One line of a <see cref="GpioSource"/>, with the signals on it. The sampler's loop opens, reads and closes it; the
/// driver's thread tells its edges. Between the two stands the lock around the <see cref="LineWatch"/>, which is never
/// held while the driver is called.
/// </summary>
internal sealed class WatchedLine
{
    private const int NotOurs = -1;

    private readonly Lock gate = new();
    private readonly TimeProvider clock;
    private readonly LineSettings settings;
    private readonly LineQuantity[] quantities;
    private readonly bool levelsOnly;
    private LineWatch? watch;
    private GpioController? controller;
    private long arrivalStamped;
    private bool wasAway;

    public WatchedLine(GpioLine address, IReadOnlyList<GpioSignal> signals, TimeProvider clock)
    {
        Address = address;
        this.clock = clock;
        settings = signals[0].Settings;
        quantities = [.. signals.Select(LineQuantity.Of)];
        levelsOnly = signals.All(signal => signal.Quantity == GpioQuantity.Level);
        foreach (var signal in signals)
        {
            Watched |= signal.Watched;
        }
    }

    public GpioLine Address { get; }

    /// <summary>The number on its chip, once it was opened; negative where it is not ours to close.</summary>
    public int Number { get; private set; } = NotOurs;

    public EdgeKinds Watched { get; }

    public bool IsOpen => controller is not null;

    /// <summary>Why it is not open, as a sentence; empty where it is.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>When it may be asked for again, monotonic nanoseconds.</summary>
    public long RetryAt { get; set; }

    public LineQuantity QuantityAt(int index) => quantities[index];

    /// <summary>Totals of an earlier run were taken over: until now nobody watched.</summary>
    public void MarkAway() => wasAway = true;

    /// <summary>Asks the driver for the line. Throws what the driver throws.</summary>
    public void Open(GpioController from, GpioDriver driver)
    {
        var kernel = driver as CharacterDeviceDriver;
        Number = NotOurs;
        var number = Address.Number >= 0 ? Address.Number
            : kernel?.FindLine(Address.Name)
              ?? throw new IOException($"This driver knows lines by number only, not {Address}.");
        if (from.IsPinOpen(number))
        {
            // Its name and its number: only the chip knows that they are one line. Whoever was first has it, and must
            // not lose it over the second.
            throw new IOException($"{Address} is line {number}, which another signal of this source watches under "
                + "another name: write the line in one way in all of its rows.");
        }

        Number = number;
        var ownDebounce = kernel is null ? settings.Debounce : TimeSpan.Zero;
        var watching = kernel is null ? AskPlainly(from, ownDebounce) : Ask(from, kernel);
        var level = ReadLevel(from);
        lock (gate)
        {
            watch ??= new LineWatch(watching, ownDebounce, quantities);
            watch.Begin(level, wasAway, Monotonic.Nanoseconds(clock));
            wasAway = true;
            controller = from;
        }

        if (watching != EdgeKinds.None)
        {
            from.RegisterCallbackForPinValueChangedEvent(Number, Physical(watching), OnChange);
        }

        Problem = "";
    }

    /// <summary>The line is not watched any more, for this reason.</summary>
    public void Close(string problem)
    {
        controller = null;
        Problem = problem;
    }

    /// <summary>Reads the level and tells it. Throws what the driver throws.</summary>
    public bool ReadLevel()
    {
        var read = ReadLevel(controller!);
        lock (gate)
        {
            return watch!.ObserveLevel(read, Monotonic.Nanoseconds(clock)) ?? read;
        }
    }

    public void Report(int quantity, bool level, long now, List<TimedValue> into)
    {
        lock (gate)
        {
            watch!.Report(quantity, level, now, into);
        }
    }

    public long? TotalOf(int quantity)
    {
        lock (gate)
        {
            return quantities[quantity].Total;
        }
    }

    public LineCounts Counts
    {
        get
        {
            lock (gate)
            {
                return watch is null ? default
                    : new LineCounts(watch.Edges, watch.Lost, watch.Uncounted, watch.Dropped, arrivalStamped);
            }
        }
    }

    private PinMode Mode => settings.Bias switch
    {
        LineBias.PullUp => PinMode.InputPullUp,
        LineBias.PullDown => PinMode.InputPullDown,
        _ => PinMode.Input,
    };

    private EdgeKinds AskPlainly(GpioController from, TimeSpan ownDebounce)
    {
        from.OpenPin(Number, Mode);
        // Where we debounce ourselves, the end of a pulse is as telling as its begin.
        return ownDebounce > TimeSpan.Zero && Watched != EdgeKinds.None ? EdgeKinds.Both : Watched;
    }

    private EdgeKinds Ask(GpioController from, CharacterDeviceDriver kernel)
    {
        var watching = Watched;
        while (true)
        {
            kernel.Configure(Number, settings.Bias, settings.Debounce, (EdgeKinds)Physical(watching));
            try
            {
                from.OpenPin(Number, Mode);
                return watching;
            }
            catch (IOException) when (levelsOnly && watching != EdgeKinds.None)
            {
                // A chip without interrupts can still be read; changes between two reads are then not seen.
                watching = EdgeKinds.None;
                if (from.IsPinOpen(Number))
                {
                    from.ClosePin(Number);
                }
            }
        }
    }

    private bool ReadLevel(GpioController from) => (from.Read(Number) == PinValue.High) != settings.ActiveLow;

    /// <summary>The edges as the wire has them: active-low turns them round.</summary>
    private PinEventTypes Physical(EdgeKinds kinds)
    {
        if (!settings.ActiveLow || kinds is EdgeKinds.Both or EdgeKinds.None)
        {
            return (PinEventTypes)kinds;
        }

        return kinds == EdgeKinds.Rising ? PinEventTypes.Falling : PinEventTypes.Rising;
    }

    private void OnChange(object sender, PinValueChangedEventArgs change)
    {
        var kernel = change as KernelPinEventArgs;
        var rising = (change.ChangeType == PinEventTypes.Rising) != settings.ActiveLow;
        var at = kernel?.TimestampNanoseconds ?? Monotonic.Nanoseconds(clock);
        lock (gate)
        {
            arrivalStamped += kernel is null ? 1 : 0;
            watch!.Observe(new LineEdge(rising, at, kernel?.Number));
        }
    }
}

/// <summary>What a line went through since the start.</summary>
internal readonly record struct LineCounts(long Edges, long Lost, long Uncounted, long Dropped, long ArrivalStamped)
{
    public static LineCounts operator +(LineCounts left, LineCounts right) => new(
        left.Edges + right.Edges, left.Lost + right.Lost, left.Uncounted + right.Uncounted,
        left.Dropped + right.Dropped, left.ArrivalStamped + right.ArrivalStamped);
}

/// <summary>The clock that the kernel stamps edges with.</summary>
internal static class Monotonic
{
    public const long NanosecondsPerMillisecond = 1_000_000;

    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>
    /// Of <see cref="TimeProvider.System"/> on Linux this is CLOCK_MONOTONIC to the nanosecond, so the kernel's stamps
    /// and ours can be compared.
    /// </summary>
    public static long Nanoseconds(TimeProvider clock)
    {
        var frequency = clock.TimestampFrequency;
        var timestamp = clock.GetTimestamp();
        return frequency == NanosecondsPerSecond
            ? timestamp
            : (long)((Int128)timestamp * NanosecondsPerSecond / frequency);
    }
}
