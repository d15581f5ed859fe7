using System.Device.Gpio;

namespace Sluice.Hal.Gpio.CharacterDevice;

/// <summary>
/// An edge with what the kernel knows about it. Handlers that expect the package's own type get it too.
/// </summary>
public sealed class KernelPinEventArgs(
    PinEventTypes changeType, int pinNumber, long timestampNanoseconds, uint number)
    : PinValueChangedEventArgs(changeType, pinNumber)
{
    /// <summary>When the kernel saw it, CLOCK_MONOTONIC.</summary>
    public long TimestampNanoseconds { get; } = timestampNanoseconds;

    /// <summary>Its number among the edges of this line, from 1 since the line was asked for.</summary>
    public uint Number { get; } = number;
}
