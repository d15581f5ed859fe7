using System.Globalization;

namespace Sluice.Gateway.Machine;

/// <summary>How long something can have lasted, seen by a clock that ticks each 10 ms.</summary>
/// <param name="Least">Seconds.</param>
/// <param name="Most">Seconds.</param>
public readonly record struct Duration(double Least, double Most)
{
    private const double Tick = 0.01;

    public static Duration operator +(Duration one, Duration other) =>
        new(one.Least + other.Least, one.Most + other.Most);

    /// <summary>From one event to the next; of each is known a moment before it and one behind it.</summary>
    public static Duration Between(double[] one, double[] next) =>
        new(next[0] - one[1] - Tick, next[1] - one[0] + Tick);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Least:F2} to {Most:F2} s");
}
