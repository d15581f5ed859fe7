using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;

namespace Sluice.Agent.Asking;

/// <summary>A replay that is done: whose, and how many readings the broker took.</summary>
internal readonly record struct ReplayDone(StoreId Store, PositionRange Range, AnswerAddress? Address, long Readings);

/// <summary>
/// What the MES asked to have once more, one ask after the other. A core beside the lanes of delivery: what the broker
/// takes of it changes nothing in the buffer.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>A job is done when each of its positions was accepted, is not held any more, or was refused for its own sake.
/// </item>
/// <item>A lost link sends what was on its way again; a job outlives connections, not the agent.</item>
/// <item>At most <see cref="JobsMax"/> jobs.</item>
/// </list>
/// </summary>
internal sealed class ReplayLane
{
    public const int JobsMax = 16;

    private readonly List<Job> jobs = [];
    private readonly Queue<ReplayDone> done = new();

    /// <summary>Positions that are still to come, holes not counted out.</summary>
    public long Waiting => jobs.Sum(job => Math.Max(0, job.To - job.Cursor + 1));

    /// <summary>False where so many wait already.</summary>
    public bool Add(StoreId store, PositionRange range, AnswerAddress? address)
    {
        if (jobs.Count >= JobsMax)
        {
            return false;
        }

        jobs.Add(new Job(store, range, address));
        return true;
    }

    /// <summary>The next stretch to read and send, or null.</summary>
    public (StoreId Store, PositionRange Range)? Next()
    {
        // Only the first job sends: the answers tell the MES the order in which it asked.
        return jobs is [var first, ..] && first.Cursor <= first.To
            ? (first.Store, new PositionRange(first.Cursor, first.To))
            : null;
    }

    public void Sent(StoreId store, PositionRange range)
    {
        if (Of(store, range) is { } job)
        {
            job.InFlight.Add(range);
            job.Cursor = range.To + 1;
        }
    }

    /// <summary>Not held any more: the ledger says why.</summary>
    public void Gone(StoreId store, PositionRange range)
    {
        if (Of(store, range) is { } job)
        {
            job.Cursor = Math.Max(job.Cursor, range.To + 1);
            Finish();
        }
    }

    /// <summary>The store gives nothing more from here on: whatever is left of the job is not held.</summary>
    public void Exhausted(StoreId store)
    {
        if (jobs is [var first, ..] && first.Store == store)
        {
            first.Cursor = first.To + 1;
            Finish();
        }
    }

    /// <summary>The broker took it, or refused it for its own sake: either way it does not come again.</summary>
    public void Settled(StoreId store, PositionRange range, bool accepted)
    {
        if (jobs.Find(job => job.Store == store && job.InFlight.Remove(range)) is { } job)
        {
            job.Readings += accepted ? range.Count : 0;
            Finish();
        }
    }

    /// <summary>It goes again.</summary>
    public void Refused(StoreId store, PositionRange range)
    {
        if (jobs.Find(job => job.Store == store && job.InFlight.Remove(range)) is { } job)
        {
            job.Cursor = Math.Min(job.Cursor, range.From);
        }
    }

    public void Disconnected()
    {
        foreach (var job in jobs)
        {
            job.InFlight.ForEach(range => job.Cursor = Math.Min(job.Cursor, range.From));
            job.InFlight.Clear();
        }
    }

    /// <summary>Jobs whose store is not held any more end here.</summary>
    public void Observe(BufferView view)
    {
        foreach (var job in jobs)
        {
            if (!view.Stores.Any(store => store.Store == job.Store))
            {
                job.Cursor = job.To + 1;
            }
        }

        Finish();
    }

    public ReplayDone? TakeDone() => done.TryDequeue(out var job) ? job : null;

    private Job? Of(StoreId store, PositionRange range) =>
        jobs is [var first, ..] && first.Store == store && range.From >= first.From && range.To <= first.To
            ? first
            : null;

    private void Finish()
    {
        while (jobs is [var first, ..] && first.Cursor > first.To && first.InFlight.Count == 0)
        {
            jobs.RemoveAt(0);
            done.Enqueue(new ReplayDone(
                first.Store, new PositionRange(first.From, first.To), first.Address, first.Readings));
        }
    }

    private sealed class Job(StoreId store, PositionRange range, AnswerAddress? address)
    {
        public StoreId Store { get; } = store;

        public long From { get; } = range.From;

        public long To { get; } = range.To;

        public AnswerAddress? Address { get; } = address;

        public long Cursor { get; set; } = range.From;

        public long Readings { get; set; }

        public List<PositionRange> InFlight { get; } = [];
    }
}
