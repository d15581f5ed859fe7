using System.Device.Gpio;
using Sluice.Hal.Gpio.CharacterDevice;

namespace Sluice.Plant.Gpio;

/// <summary>What a simulated chip tells about its edges.</summary>
public enum EdgeTelling
{
    /// <summary>Only that there was one: as the drivers of System.Device.Gpio do.</summary>
    Plain,

    /// <summary>With the kernel's time and number, as our own driver does.</summary>
    Numbered,
}

/// <summary>
/// The wires of a chip: levels that a machine model sets, edges that may get lost on the way, a plug that can be
/// pulled. It outlives its drivers, as a chip does.
/// </summary>
public sealed class SimulatedChip(int lines, EdgeTelling telling, TimeProvider clock)
{
    private readonly Lock gate = new();
    private readonly bool[] levels = new bool[lines];
    private readonly uint[] numbers = new uint[lines];
    private readonly List<SimulatedGpioDriver> drivers = [];

    public int Lines => lines;

    /// <summary>While true, edges are numbered but not told: what a full kernel buffer does.</summary>
    public bool Losing { get; set; }

    /// <summary>A pulled plug: whatever is asked fails until it is plugged in again.</summary>
    public bool Unplugged { get; set; }

    /// <summary>Lines in use by somebody else.</summary>
    public HashSet<int> Busy { get; } = [];

    public bool this[int line]
    {
        get => levels[line];
        set => Set(line, value);
    }

    public SimulatedGpioDriver MakeDriver() => new(this);

    /// <summary>So many pulses: up and down again.</summary>
    public void Pulse(int line, int count = 1)
    {
        for (var pulse = 0; pulse < count; pulse++)
        {
            Set(line, true);
            Set(line, false);
        }
    }

    internal bool Read(int line) => Unplugged ? throw new IOException("The chip is gone.") : levels[line];

    internal void Open(int line, SimulatedGpioDriver driver)
    {
        if (Unplugged)
        {
            throw new IOException("There is no such chip.");
        }

        if (Busy.Contains(line))
        {
            throw new IOException($"Line {line} is in use by \"somebody\".");
        }

        lock (gate)
        {
            numbers[line] = 0;
            if (!drivers.Contains(driver))
            {
                drivers.Add(driver);
            }
        }
    }

    internal void Leave(SimulatedGpioDriver driver)
    {
        lock (gate)
        {
            drivers.Remove(driver);
        }
    }

    private void Set(int line, bool level)
    {
        lock (gate)
        {
            if (levels[line] == level)
            {
                return;
            }

            levels[line] = level;
            var type = level ? PinEventTypes.Rising : PinEventTypes.Falling;
            foreach (var driver in drivers.Where(each => !Unplugged && each.Watches(line, type)))
            {
                numbers[line]++;
                if (!Losing)
                {
                    driver.Tell(Change(line, type));
                }
            }
        }
    }

    private PinValueChangedEventArgs Change(int line, PinEventTypes type) => telling == EdgeTelling.Plain
        ? new PinValueChangedEventArgs(type, line)
        : new KernelPinEventArgs(
            type, line, clock.GetTimestamp() * (1_000_000_000 / clock.TimestampFrequency), numbers[line]);
}

/// <summary>
/// A driver of System.Device.Gpio over a <see cref="SimulatedChip"/>. Its callbacks come on the thread that sets the
/// level, so that a test knows that an edge was told when the call returns.
/// </summary>
public sealed class SimulatedGpioDriver(SimulatedChip chip) : GpioDriver
{
    private readonly Dictionary<int, PinMode> modes = [];
    private (int Line, PinEventTypes Types, PinChangeEventHandler Handler)[] callbacks = [];

    /// <summary>The mode that the pin was opened with.</summary>
    public PinMode ModeOf(int line) => modes[line];

    protected override int PinCount => chip.Lines;

    internal bool Watches(int line, PinEventTypes type) =>
        Volatile.Read(ref callbacks).Any(each => each.Line == line && (each.Types & type) != 0);

    internal void Tell(PinValueChangedEventArgs change)
    {
        foreach (var (line, types, handler) in Volatile.Read(ref callbacks))
        {
            if (line == change.PinNumber && (types & change.ChangeType) != 0)
            {
                handler(this, change);
            }
        }
    }

    protected override void OpenPin(int pinNumber)
    {
        chip.Open(pinNumber, this);
        modes[pinNumber] = PinMode.Input;
    }

    protected override void ClosePin(int pinNumber)
    {
        modes.Remove(pinNumber);
        Volatile.Write(ref callbacks, [.. callbacks.Where(each => each.Line != pinNumber)]);
    }

    protected override void SetPinMode(int pinNumber, PinMode mode) => modes[pinNumber] = mode;

    protected override PinMode GetPinMode(int pinNumber) => modes[pinNumber];

    protected override bool IsPinModeSupported(int pinNumber, PinMode mode) => mode != PinMode.Output;

    protected override PinValue Read(int pinNumber) => chip.Read(pinNumber);

    protected override void Write(int pinNumber, PinValue value) =>
        throw new InvalidOperationException("Nobody may drive a line of the plant.");

    protected override WaitForEventResult WaitForEvent(
        int pinNumber, PinEventTypes eventTypes, CancellationToken cancellationToken) =>
        throw new NotSupportedException("A simulated chip tells by callback.");

    protected override void AddCallbackForPinValueChangedEvent(
        int pinNumber, PinEventTypes eventTypes, PinChangeEventHandler callback) =>
        Volatile.Write(ref callbacks, [.. callbacks, (pinNumber, eventTypes, callback)]);

    protected override void RemoveCallbackForPinValueChangedEvent(int pinNumber, PinChangeEventHandler callback) =>
        Volatile.Write(
            ref callbacks, [.. callbacks.Where(each => each.Line != pinNumber || each.Handler != callback)]);

    protected override void Dispose(bool disposing)
    {
        chip.Leave(this);
        base.Dispose(disposing);
    }
}
