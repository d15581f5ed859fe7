using System.Globalization;

namespace Sluice.Gateway.Machine;

/// <summary>What a line did while it was watched.</summary>
/// <param name="IsHigh">Its level at the end.</param>
/// <param name="Turns">How often the level changed.</param>
/// <param name="Seconds">How long, by the guest's monotonic clock.</param>
/// <param name="Looks">How often it was looked at.</param>
public readonly record struct LineCourse(bool IsHigh, int Turns, double Seconds, int Looks)
{
    public double TurnsPerSecond => Turns / Seconds;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Turns} turns in {Seconds:F1} s ({Looks} looks), {(IsHigh ? "on" : "off")} at the end");
}
