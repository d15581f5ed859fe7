namespace Sluice.Plant.World;

/// <summary>
/// The world's time: it moves only when the world says so, and its wall clock can be set like anybody's. No timers:
/// what runs in the world is stepped.
/// </summary>
internal sealed class WorldClock : TimeProvider
{
    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

    private TimeSpan wallAhead;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Since the world began.</summary>
    public TimeSpan Now { get; private set; }

    public override long GetTimestamp() => Now.Ticks;

    public override DateTimeOffset GetUtcNow() => Monday + Now + wallAhead;

    public void AdvanceTo(TimeSpan then) => Now = then >= Now
        ? then
        : throw new ArgumentOutOfRangeException(nameof(then), then, "The world's time does not go back.");

    /// <summary>Somebody sets the wall clock.</summary>
    public void StepWall(TimeSpan by) => wallAhead += by;
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
