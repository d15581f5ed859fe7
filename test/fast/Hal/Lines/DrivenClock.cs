namespace Sluice.Fast.Hal.Lines;

/// <summary>Time that moves by hand, with the timers that are due on its way. Used from one thread.</summary>
internal sealed class DrivenClock : TimeProvider
{
    private static readonly DateTimeOffset Began = new(2026, 11, 22, 14, 0, 0, TimeSpan.Zero);

    private readonly List<Timer> timers = [];

    public TimeSpan Now { get; private set; } = TimeSpan.FromHours(1);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Now.Ticks;

    public override DateTimeOffset GetUtcNow() => Began + Now;

    public void Advance(TimeSpan by)
    {
        Now += by;
        foreach (var timer in timers.Where(each => each.Due <= Now).ToArray())
        {
            timer.Fire();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(DrivenClock clock, TimerCallback callback, object? state) : ITimer
    {
        public TimeSpan Due { get; private set; }

        public void Fire()
        {
            clock.timers.Remove(this);
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.timers.Remove(this);
            if (dueTime >= TimeSpan.Zero)
            {
                Due = clock.Now + dueTime;
                clock.timers.Add(this);
            }

            return true;
        }

        public void Dispose() => clock.timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
