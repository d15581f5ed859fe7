namespace Sluice.Fast.Health;

/// <summary>
/// Time that a test moves by hand, with timers: a loop that waits on this clock goes on only when the test says so.
/// </summary>
internal sealed class HandTimers : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<HandTimer> waiting = [];
    private long ticks = TimeSpan.TicksPerHour;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new HandTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until a loop waits, then returns for how long it does; fails where none does.</summary>
    public async Task<TimeSpan> NextAsync()
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        while (true)
        {
            lock (gate)
            {
                if (waiting.Count > 0)
                {
                    return TimeSpan.FromTicks(waiting.Min(timer => timer.Due) - ticks);
                }
            }

            bound.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    public void Advance(TimeSpan by)
    {
        HandTimer[] due;
        lock (gate)
        {
            ticks += by.Ticks;
            due = [.. waiting.Where(timer => timer.Due <= ticks)];
            waiting.RemoveAll(due.Contains);
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }

    private sealed class HandTimer(HandTimers clock, Action fire) : ITimer
    {
        public long Due { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.waiting.Remove(this);
                if (dueTime >= TimeSpan.Zero)
                {
                    Due = clock.ticks + dueTime.Ticks;
                    clock.waiting.Add(this);
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock.gate)
            {
                clock.waiting.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
