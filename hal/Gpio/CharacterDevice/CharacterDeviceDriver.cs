using System.Collections.Concurrent;
using System.Device.Gpio;
using Microsoft.Win32.SafeHandles;

namespace Sluice.Hal.Gpio.CharacterDevice;

/// <summary>
/// A driver of System.Device.Gpio that speaks the kernel's own interface (linux/gpio.h, ABI v2) and nothing else: no
/// native library beside the binary, an event buffer as large as the kernel allows, the kernel's debounce, and events
/// (<see cref="KernelPinEventArgs"/>) that carry the kernel's time and number, so that a lost edge shows.
/// <para>
/// It reads. There is no way to make it drive a line: the request that it sends has no field for it.
/// </para>
/// Pins are line numbers of the chip. Methods may be called from any thread; callbacks come on one thread.
/// </summary>
public sealed class CharacterDeviceDriver : GpioDriver
{
    private readonly string path;
    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<int, Pin> pins = new();
    private Chip? chip;
    private EdgePump? pump;
    private bool disposed;

    /// <param name="chipPath">The device, such as /dev/gpiochip0, or label:NAME. It is opened when a pin is.</param>
    public CharacterDeviceDriver(string chipPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(chipPath);
        path = chipPath;
    }

    protected override int PinCount => Opened().LineCount;

    /// <summary>The number of the line of this name; an <see cref="IOException"/> where there is none.</summary>
    public int FindLine(string name)
    {
        var number = Opened().Find(name);
        return number >= 0
            ? number
            : throw new IOException($"GPIO chip {path} has no line named {name}. `gpioinfo` lists the names.");
    }

    /// <summary>
    /// Says, before the pin is opened, how it is to be had: then the kernel is asked once, and no edge falls between
    /// two requests.
    /// </summary>
    public void Configure(int pinNumber, LineBias bias, TimeSpan debounce, EdgeKinds edges)
    {
        lock (gate)
        {
            pins[pinNumber] = new Pin { Bias = bias, Debounce = debounce, Edges = edges };
        }
    }

    /// <summary>
    /// Tells, on the caller's thread, every edge that the kernel has ready: a level that is read next is younger than
    /// all of them.
    /// </summary>
    public void Drain()
    {
        EdgePump? pumping;
        lock (gate)
        {
            pumping = pump;
        }

        pumping?.Drain();
    }

    protected override void OpenPin(int pinNumber)
    {
        lock (gate)
        {
            var info = Opened().InfoOf(pinNumber);
            pins.GetOrAdd(pinNumber, _ => new Pin()).Mode = PinMode.Input;
            if ((info.Flags & LineFlags.Used) != 0)
            {
                throw new IOException($"Line {pinNumber} of {path} is in use by \"{info.Consumer.Text}\".");
            }
        }
    }

    protected override void ClosePin(int pinNumber)
    {
        lock (gate)
        {
            if (pins.TryRemove(pinNumber, out var pin))
            {
                Release(pin);
            }
        }
    }

    protected override bool IsPinModeSupported(int pinNumber, PinMode mode) =>
        mode is PinMode.Input or PinMode.InputPullUp or PinMode.InputPullDown;

    protected override void SetPinMode(int pinNumber, PinMode mode)
    {
        if (!IsPinModeSupported(pinNumber, mode))
        {
            throw new NotSupportedException($"{nameof(CharacterDeviceDriver)} reads lines; it never drives one.");
        }

        lock (gate)
        {
            var pin = Had(pinNumber);
            pin.Mode = mode;
            pin.Bias = mode switch
            {
                PinMode.InputPullUp => LineBias.PullUp,
                PinMode.InputPullDown => LineBias.PullDown,
                _ when pin.Bias == LineBias.Disabled => LineBias.Disabled,
                _ => LineBias.AsIs,
            };
            Request(pinNumber, pin);
        }
    }

    protected override PinMode GetPinMode(int pinNumber) => Had(pinNumber).Mode;

    protected override PinValue Read(int pinNumber)
    {
        var pin = Had(pinNumber);
        var file = pin.File ?? throw new IOException($"Line {pinNumber} of {path} is gone.");
        var values = new LineValues { Mask = 1 };
        if (pin.Broken || !Kernel.Control(file, GpioAbi.GetLineValues, ref values, out var error))
        {
            throw new IOException($"Line {pinNumber} of {path} cannot be read any more: the chip is gone.");
        }

        return (values.Bits & 1) != 0 ? PinValue.High : PinValue.Low;
    }

    protected override void Write(int pinNumber, PinValue value) =>
        throw new NotSupportedException($"{nameof(CharacterDeviceDriver)} reads lines; it never drives one.");

    protected override void AddCallbackForPinValueChangedEvent(
        int pinNumber, PinEventTypes eventTypes, PinChangeEventHandler callback)
    {
        lock (gate)
        {
            var pin = Had(pinNumber);
            pin.Callbacks = [.. pin.Callbacks, (eventTypes, callback)];
            var edges = pin.Edges | (EdgeKinds)eventTypes;
            if (pin.File is null || edges != pin.Edges)
            {
                pin.Edges = edges;
                Request(pinNumber, pin);
            }

            if (!pin.Pumped)
            {
                pin.Pumped = true;
                pump ??= new EdgePump();
                pump.Add(pinNumber, pin.File!, OnEvent, OnBroken);
            }
        }
    }

    protected override void RemoveCallbackForPinValueChangedEvent(int pinNumber, PinChangeEventHandler callback)
    {
        lock (gate)
        {
            var pin = Had(pinNumber);
            pin.Callbacks = [.. pin.Callbacks.Where(each => each.Handler != callback)];
        }
    }

    protected override WaitForEventResult WaitForEvent(
        int pinNumber, PinEventTypes eventTypes, CancellationToken cancellationToken)
    {
        using var happened = new ManualResetEventSlim();
        var seen = PinEventTypes.None;
        AddCallbackForPinValueChangedEvent(pinNumber, eventTypes, Handle);
        try
        {
            happened.Wait(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return new WaitForEventResult { TimedOut = true };
        }
        finally
        {
            RemoveCallbackForPinValueChangedEvent(pinNumber, Handle);
        }

        return new WaitForEventResult { EventTypes = seen };

        void Handle(object sender, PinValueChangedEventArgs change)
        {
            seen = change.ChangeType;
            happened.Set();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            EdgePump? stopping;
            lock (gate)
            {
                disposed = true;
                foreach (var pin in pins.Values)
                {
                    Release(pin);
                }

                pins.Clear();
                chip?.Dispose();
                chip = null;
                stopping = pump;
                pump = null;
            }

            stopping?.Dispose();
        }

        base.Dispose(disposing);
    }

    private Chip Opened()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            return chip ??= Chip.Open(path);
        }
    }

    private Pin Had(int pinNumber) => pins.TryGetValue(pinNumber, out var pin)
        ? pin
        : throw new InvalidOperationException($"Pin {pinNumber} is not open.");

    private void Request(int pinNumber, Pin pin)
    {
        Release(pin);
        pin.File = Opened().Watch(pinNumber, pin.Bias, pin.Debounce, pin.Edges);
        pin.Broken = false;
    }

    private void Release(Pin pin)
    {
        if (pin.Pumped)
        {
            pump!.Remove(pin.File!);
        }
        else
        {
            pin.File?.Dispose();
        }

        pin.Pumped = false;
        pin.File = null;
    }

    private void OnEvent(int number, in LineEvent lineEvent)
    {
        if (!pins.TryGetValue(number, out var pin))
        {
            return;
        }

        var type = lineEvent.Id == GpioAbi.RisingEdge ? PinEventTypes.Rising : PinEventTypes.Falling;
        KernelPinEventArgs? change = null;
        foreach (var (types, handler) in pin.Callbacks)
        {
            if ((types & type) != 0)
            {
                change ??= new KernelPinEventArgs(
                    type, number, (long)lineEvent.TimestampNanoseconds, lineEvent.LineNumber);
                handler(this, change);
            }
        }
    }

    private void OnBroken(int number)
    {
        if (pins.TryGetValue(number, out var pin))
        {
            pin.Broken = true;
        }
    }

    /// <summary>One open line. Changed under the driver's lock; read without it by the pump.</summary>
    private sealed class Pin
    {
        public PinMode Mode { get; set; } = PinMode.Input;

        public LineBias Bias { get; set; }

        public TimeSpan Debounce { get; init; }

        public EdgeKinds Edges { get; set; }

        public SafeFileHandle? File { get; set; }

        public bool Pumped { get; set; }

        public volatile bool Broken;

        public volatile (PinEventTypes Types, PinChangeEventHandler Handler)[] Callbacks = [];
    }
}
