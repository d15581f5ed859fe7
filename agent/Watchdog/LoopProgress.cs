namespace Sluice.Agent.Watchdog;

/// <summary>What a loop does at the moment, and within which time it has to come on.</summary>
/// <param name="Doing">For a technician: <c>reads</c>.</param>
/// <param name="Owed">Until it shows that it came on; infinite while it waits for what may rightly never come.</param>
internal sealed record LoopStep(string Doing, TimeSpan Owed)
{
    /// <summary>What the operating system, or this machine under load, may take on top of any bound of ours.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    /// <summary>The buffer waits for a disk that hangs, and whoever needs the buffer waits with it: no reading is lost
    /// by that, and a new start would not mend the disk.</summary>
    public static LoopStep OfTheBuffer { get; } = new("waits for the buffer", Timeout.InfiniteTimeSpan);

    public static LoopStep NotThere { get; } = new("is not running", Timeout.InfiniteTimeSpan);
}

/// <summary>One look at a loop.</summary>
/// <param name="Loop">Which.</param>
/// <param name="Step">What it does.</param>
/// <param name="Marks">Grows with each step, and with whatever else shows that it comes on.</param>
internal readonly record struct LoopSign(string Loop, LoopStep Step, long Marks);

/// <summary>
/// What a loop says of itself. Written by the loop, which allocates nothing for it; read from any thread. Step and
/// marks are not read at one instant: the next look has them right.
/// </summary>
internal sealed class LoopProgress(string loop)
{
    private volatile LoopStep step = LoopStep.NotThere;
    private long marks;

    public void Enter(LoopStep next)
    {
        step = next;
        Interlocked.Increment(ref marks);
    }

    public LoopSign Look(long more = 0) => new(loop, step, Interlocked.Read(ref marks) + more);
}
