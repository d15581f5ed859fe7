namespace Sluice.Fast.Buffering.Stamps;

/// <summary>Monotonic time that a test moves by hand. No timers: only stepped cores use it.</summary>
internal sealed class HandClock : TimeProvider
{
    private long ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => ticks;

    public void Advance(TimeSpan by) => ticks += by.Ticks;
}
