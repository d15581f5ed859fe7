using Sluice.Agent.Time;

namespace Sluice.Plant.World;

/// <summary>
/// The world's time, and the gateway's two clocks: the monotonic one begins anew with each boot, the wall clock shows
/// whatever it was put to. Time moves only when the world says so. No timers: what runs in the world is stepped.
/// </summary>
internal sealed class WorldClock : TimeProvider, IHostClock
{
    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

    // A machine has run for a while before the agent is started.
    private static readonly TimeSpan BootTakes = TimeSpan.FromSeconds(15);

    private int boots = 1;
    private TimeSpan bootedAt = -BootTakes;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Since the world began.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>How far the wall clock is ahead of the true time; below zero: behind.</summary>
    public TimeSpan Ahead { get; private set; }

    /// <summary>What the kernel says of the wall clock.</summary>
    public bool Synchronised { get; private set; } = true;

    public Guid Boot => new(boots, 0, 0, [0, 0, 0, 0, 0, 0, 0, 9]);

    /// <summary>What a clock on the wall of the plant shows.</summary>
    public DateTimeOffset TrueUtc => Monday + Now;

    /// <summary>Told of everything that happens to the clocks.</summary>
    public Action Moved { get; set; } = () => { };

    public bool IsSynchronised() => Synchronised;

    /// <summary>The gateway's monotonic clock.</summary>
    public override long GetTimestamp() => (Now - bootedAt).Ticks;

    /// <summary>The gateway's wall clock.</summary>
    public override DateTimeOffset GetUtcNow() => Monday + Now + Ahead;

    public void AdvanceTo(TimeSpan then) => Now = then >= Now
        ? then
        : throw new ArgumentOutOfRangeException(nameof(then), then, "The world's time does not go back.");

    /// <summary>Somebody, or a time service, puts the wall clock.</summary>
    public void Put(TimeSpan ahead, bool synchronised)
    {
        (Ahead, Synchronised) = (ahead, synchronised);
        Moved();
    }

    /// <summary>The machine is on again.</summary>
    /// <param name="ahead">What the wall clock shows then.</param>
    /// <param name="synchronised">False until a time service has spoken.</param>
    /// <param name="inWholeMilliseconds">The monotonic clock begins at a whole millisecond of the true time.</param>
    public void Reboot(TimeSpan ahead, bool synchronised, bool inWholeMilliseconds)
    {
        boots++;
        var part = inWholeMilliseconds ? Now.Ticks % TimeSpan.TicksPerMillisecond : 0;
        bootedAt = Now - TimeSpan.FromTicks(part) - BootTakes;
        Put(ahead, synchronised);
    }
}

/// <summary>What happens when; at the same time in the order in which it was put down.</summary>
internal sealed class Agenda(WorldClock clock)
{
    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> entries = new();
    private long order;

    public TimeSpan NextAt => entries.TryPeek(out _, out var first) ? first.At : TimeSpan.MaxValue;

    public void In(TimeSpan span, Action happens) => entries.Enqueue(happens, (clock.Now + span, order++));

    public void At(TimeSpan then, Action happens) =>
        entries.Enqueue(happens, (then > clock.Now ? then : clock.Now, order++));

    /// <summary>Lets everything happen whose time has come.</summary>
    public void Happen()
    {
        while (entries.TryPeek(out var happens, out var first) && first.At <= clock.Now)
        {
            entries.Dequeue();
            happens();
        }
    }
}
