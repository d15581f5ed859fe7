using Sluice.Agent.Time;

namespace Sluice.Plant.Clock;

/// <summary>
/// A machine's clocks, moved by hand: both run together, the wall clock can be put anywhere, a reboot begins the
/// monotonic one anew. Stepped, no timers.
/// </summary>
public sealed class SimulatedMachine : TimeProvider, IHostClock
{
    private int boots = 1;
    private TimeSpan monotonic = TimeSpan.FromSeconds(20);
    private DateTimeOffset wall;

    public SimulatedMachine(DateTimeOffset wall, bool isSynchronised)
    {
        this.wall = wall;
        Synchronised = isSynchronised;
    }

    public Guid Boot => new(boots, 0, 0, [0, 0, 0, 0, 0, 0, 0, 9]);

    /// <summary>What the kernel says.</summary>
    public bool Synchronised { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public bool IsSynchronised() => Synchronised;

    public override long GetTimestamp() => monotonic.Ticks;

    public override DateTimeOffset GetUtcNow() => wall;

    public void Advance(TimeSpan by)
    {
        monotonic += by;
        wall += by;
    }

    /// <summary>Somebody, or a time service, moves the wall clock.</summary>
    public void Step(TimeSpan by) => wall += by;

    public void Reboot(DateTimeOffset at, bool isSynchronised)
    {
        boots++;
        monotonic = TimeSpan.FromSeconds(15);
        wall = at;
        Synchronised = isSynchronised;
    }
}

/// <summary>The real clocks of this machine, with a wall clock that a test can move: for a whole agent.</summary>
public sealed class MovedClock : TimeProvider, IHostClock
{
    private long movedTicks;
    private volatile bool synchronised;

    public Guid Boot { get; } = new(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 7]);

    public bool Synchronised
    {
        get => synchronised;
        set => synchronised = value;
    }

    public bool IsSynchronised() => synchronised;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref movedTicks));

    public void Step(TimeSpan by) => Interlocked.Add(ref movedTicks, by.Ticks);
}
