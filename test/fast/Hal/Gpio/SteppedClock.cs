namespace Sluice.Fast.Hal.Gpio;

/// <summary>Monotonic time and UTC that a test moves together, by hand.</summary>
internal sealed class SteppedClock : TimeProvider
{
    private static readonly DateTimeOffset Began = new(2026, 11, 22, 14, 0, 0, TimeSpan.Zero);

    private long ticks = TimeSpan.TicksPerHour;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref ticks);

    public override DateTimeOffset GetUtcNow() => Began.AddTicks(GetTimestamp());

    public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);
}
