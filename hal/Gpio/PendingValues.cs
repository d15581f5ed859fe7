namespace Sluice.Hal.Gpio;

/// <summary>
/// Values between two reads, in order, at most <see cref="Max"/>. What is dropped is the oldest, it is counted, and the
/// first value that is left says so by its quality.
/// </summary>
internal sealed class PendingValues
{
    /// <summary>A lamp that blinks at 10 Hz, read every 5 s, or 25 cycles a second, read every 4 s, are told whole.
    /// </summary>
    public const int Max = 100;

    private readonly Queue<TimedValue> values = new(Max);
    private bool overrun;

    public int Count => values.Count;

    /// <summary>Values dropped since the start.</summary>
    public long Dropped { get; private set; }

    public void Add(in TimedValue value)
    {
        if (values.Count == Max)
        {
            values.Dequeue();
            Dropped++;
            overrun = true;
        }

        values.Enqueue(value);
    }

    public void MoveTo(List<TimedValue> into)
    {
        while (values.TryDequeue(out var value))
        {
            into.Add(overrun && value.Quality.IsGood ? value with { Quality = LineQuantity.EdgesLost } : value);
            overrun = false;
        }
    }
}
