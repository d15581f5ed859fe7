namespace Sluice.Fast;

/// <summary>
/// The real clock, some times as fast, so that a polite pace costs a test little: every wait and every deadline is
/// shorter in the same way. The time of day is the real one.
/// </summary>
internal sealed class HurriedClock(int times) : TimeProvider
{
    public override long GetTimestamp() => System.GetTimestamp() * times;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Hurried(dueTime), Hurried(period));

    private TimeSpan Hurried(TimeSpan wait) => wait > TimeSpan.Zero ? wait / times : wait;
}
