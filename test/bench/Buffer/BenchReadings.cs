using Sluice.Hal;

namespace Sluice.Bench.Buffer;

/// <summary>
/// What every contestant stores: fifty slow analogue signals with two decimals, one round a second. Made before it is
/// stored, so that making it is in nobody's time.
/// </summary>
internal static class BenchReadings
{
    private const int Signals = 50;
    private const int Phases = 8976;

    private static readonly DateTime Start = new(2026, 11, 22, 0, 0, 0, DateTimeKind.Utc);

    private static readonly double[] Wave = [.. Enumerable.Range(0, Phases).Select(i => 5 * Math.Sin(i * 0.0007))];

    private static readonly Signal[] Known = [.. Enumerable.Range(0, Signals).Select(i => new Signal
    {
        Name = $"hmi1/line/signal{i}", Source = "hmi1", Type = new SignalType(SignalKind.Float64),
    })];

    /// <param name="number">From 0; its position in the store is one more.</param>
    public static Reading At(long number)
    {
        var signal = (int)(number % Signals);
        var value = Math.Round(20 + signal + Wave[number % Phases], 2);
        return new Reading(
            Known[signal], SignalValue.FromDouble(value), Quality.Good,
            Start.AddMilliseconds((number / Signals * 1000) + (signal * 3)));
    }

    public static void Fill(Span<Reading> readings, long from)
    {
        for (var i = 0; i < readings.Length; i++)
        {
            readings[i] = At(from + i);
        }
    }
}
