using Sluice.Agent.Buffering;
using Sluice.Hal;

namespace Sluice.Fast.Buffering.Contract;

/// <summary>Readings to store, every one different from its neighbours.</summary>
internal static class NumberedReadings
{
    public static readonly StoreId Store = new(new Guid("0199c6f1-0000-7000-8000-000000000001"));

    public static readonly DateTime Noon = new(2026, 11, 22, 12, 0, 0, DateTimeKind.Utc);

    private const int TextLength = 600;

    private static readonly string Letters = new(
        new Random(1).GetItems<char>("abcdefghijklmnopqrstuvwxyz0123456789", 20_000));

    private static readonly Signal[] Signals = Enumerable.Range(0, 24)
        .Select(i => new Signal { Name = $"hmi1/line/signal{i}", Source = "hmi1",
            Type = new SignalType(SignalKind.Float64) })
        .ToArray();

    public static Signal SignalAt(int index) => Signals[index % Signals.Length];

    public static Reading At(long number) => new(
        SignalAt((int)(number % Signals.Length)),
        (number % 7) switch
        {
            0 => SignalValue.From(number % 2 == 0),
            1 => SignalValue.From(-number * 1000),
            2 => SignalValue.From((ulong)number << 40),
            3 => SignalValue.FromSingle(number * 0.1f),
            4 => SignalValue.From($"batch {number}"),
            5 => SignalValue.None,
            _ => SignalValue.FromDouble(number / 3.0),
        },
        number % 7 == 5 ? Quality.Bad(QualityReason.Timeout) : Quality.Good,
        Noon.AddMilliseconds(number));

    public static Reading[] Some(long from, int count) =>
        Enumerable.Range(0, count).Select(i => At(from + i)).ToArray();

    /// <summary>The reading of a number as a store gives it back, where position and number are the same.</summary>
    public static StoredReading Stored(long number)
    {
        var reading = At(number);
        return new StoredReading(number, reading.Signal.Name, reading.Value, reading.Quality, reading.SourceTimestamp);
    }

    /// <summary>A reading with much text that nothing compresses, so that little time fills a store.</summary>
    public static Reading Heavy(long number)
    {
        var text = string.Concat($"{number} ",
            Letters.AsSpan((int)(number * 7919 % (Letters.Length - TextLength)), TextLength));
        return At(number) with { Value = SignalValue.From(text) };
    }

    public static Reading[] SomeHeavy(long from, int count) =>
        Enumerable.Range(0, count).Select(i => Heavy(from + i)).ToArray();

    public static StoredReading HeavyStored(long number)
    {
        var reading = Heavy(number);
        return new StoredReading(number, reading.Signal.Name, reading.Value, reading.Quality, reading.SourceTimestamp);
    }
}
