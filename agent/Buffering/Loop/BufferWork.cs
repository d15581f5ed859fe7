using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Hal;

namespace Sluice.Agent.Buffering.Loop;

/// <summary>
/// What the loop that owns the buffer decides: when to commit, when to ask a failed disk again, when there is something
/// new to see. Stepped: it awaits nothing, so that the loop and the simulated world run the same decisions.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>What was appended is committed within <c>commitEvery</c>, as long as <see cref="DoWhatIsDue"/> is called when
/// <see cref="UntilDue"/> has passed.</item>
/// <item>There is at most one commit an interval, whatever the sources do, as long as they bring less than
/// <see cref="UncommittedMax"/> readings in one.</item>
/// <item><see cref="View"/> never shows what is not durable.</item>
/// </list>
/// </summary>
internal sealed class BufferWork(StoreSwitch stores, TimeSpan commitEvery, TimeProvider clock)
{
    /// <summary>
    /// A commit comes early when so many readings wait for it: 1 MiB of memory or so. At an interval of 1 s that takes
    /// more than 8,000 readings a second; at 10,000 it is one commit in 0.8 s.
    /// </summary>
    public const int UncommittedMax = 8000;

    /// <summary>
    /// Acknowledgements ride along with readings, and so does what became of the clock; alone they are written this
    /// often at most.
    /// </summary>
    private static readonly TimeSpan WordEvery = TimeSpan.FromSeconds(1);

    private long? uncommittedSince;
    private long? wordSince;
    private bool changed;

    public BufferView View => stores.View;

    /// <summary>
    /// A piece of the sealing of a full journal, to be run once on whatever thread; null where there is none. What came
    /// of it is taken over by <see cref="DoWhatIsDue"/>.
    /// </summary>
    public SealStep? SealStep => stores.SealStep;

    /// <summary>How long until something must be done; null where nothing waits.</summary>
    public TimeSpan? UntilDue => Sooner(Sooner(UntilCommit, stores.UntilProbe), stores.UntilLook);

    private TimeSpan? UntilCommit
    {
        get
        {
            var readings = uncommittedSince is { } r ? commitEvery - clock.GetElapsedTime(r) : (TimeSpan?)null;
            var words = wordSince is { } w ? WordEvery - clock.GetElapsedTime(w) : (TimeSpan?)null;
            return Sooner(readings, words);
        }
    }

    public void Append(ReadOnlySpan<Reading> readings)
    {
        stores.Append(readings);
        uncommittedSince ??= clock.GetTimestamp();
    }

    public void Acknowledge(StoreId store, PositionRange range)
    {
        stores.Acknowledge(store, range);
        wordSince ??= clock.GetTimestamp();
        changed = true;
    }

    public StorageFault? Peek(StoreId store, long from, int readingsMax, StoredBatch into) =>
        stores.Peek(store, from, readingsMax, into);

    public IReadOnlyList<PresentReading> Present() => stores.Present();

    /// <summary>To be called after each command, and when <see cref="UntilDue"/> has passed.</summary>
    public void DoWhatIsDue()
    {
        if (stores.UntilLook <= TimeSpan.Zero)
        {
            stores.Look();
        }

        if (stores.HasClockMoved)
        {
            // A plant that is quiet for hours must not lose it with the power.
            wordSince ??= clock.GetTimestamp();
        }

        if (stores.Uncommitted >= UncommittedMax || UntilCommit <= TimeSpan.Zero)
        {
            stores.Commit();
            uncommittedSince = null;
            wordSince = null;
            changed = true;
        }

        changed |= stores.Probe();
        changed |= stores.Proceed();
    }

    /// <summary>Whether <see cref="View"/> is another than when this was asked before.</summary>
    public bool TakeChanged()
    {
        var was = stores.TakeChanged() || changed;
        changed = false;
        return was;
    }

    private static TimeSpan? Sooner(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;
}
