using Sluice.Agent.Buffering.Disk.Journal;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Buffering.Stamps;
using Sluice.Agent.Time;

namespace Sluice.Agent.Buffering.Disk;

/// <summary>Where some readings of a store lie: a block in a journal, or a whole segment.</summary>
internal abstract record Held(PositionRange Range);

/// <summary>One block in a journal that was not let go yet.</summary>
internal sealed record HeldBlock(PositionRange Range, JournalFile Journal, int Page, int Pages) : Held(Range);

/// <summary>A sealed segment.</summary>
internal sealed record HeldSegment(SegmentName Name, long LengthBytes) : Held(Name.Range);

/// <summary>
/// One store id in the directory: its readings, by where they lie, and its ledger. The directory has one life that is
/// written; others stay after a life ended (its journal was lost, the directory was copied back), until they are
/// drained and their room is needed. A core: it knows where things lie and never touches them.
/// <para>
/// Invariants: what is held ascends and does not overlap; what of First to Next is not held is in <see cref="Holes"/>.
/// </para>
/// </summary>
internal sealed class DiskLife(StoreId store)
{
    private readonly List<Held> held = [];

    public StoreId Store { get; } = store;

    public StoreLedger Ledger { get; } = new();

    /// <summary>What was read before the clock was set.</summary>
    public StoreClock Clock { get; } = new();

    /// <summary>Positions that are gone although older ones are still held.</summary>
    public PositionRanges Holes { get; } = new(StoreLedger.AcknowledgedRangesMax);

    public long First { get; private set; } = 1;

    /// <summary>Everything below is durable.</summary>
    public long Next { get; private set; } = 1;

    /// <summary>Acknowledgements that no frame carries yet.</summary>
    public bool LifeChanged { get; set; }

    /// <summary>Drops that no frame carries yet.</summary>
    public bool DropsChanged { get; set; }

    /// <summary>Something here is in no frame yet.</summary>
    public bool IsUnwritten => LifeChanged || DropsChanged || !Clock.IsWritten;

    public IReadOnlyList<Held> Held => held;

    public LifeRecord Record => new(Store, First, Next, Ledger.Acknowledged.ToList(), Holes.ToList());

    public DropsRecord Drops => new(Store, Ledger.DroppedCount, Ledger.Drops);

    public StoreView View(long sizeBytes) => new()
    {
        Store = Store,
        IsVolatile = false,
        First = First,
        Next = Next,
        Acknowledged = Ledger.Acknowledged.ToList(),
        Drops = [.. Ledger.Drops],
        DroppedCount = Ledger.DroppedCount,
        Corrections = [.. Clock.Corrections],
        SizeBytes = sizeBytes,
        Waiting = Waiting(),
    };

    /// <summary>Readings became durable behind everything that is held.</summary>
    public void Add(Held more)
    {
        if (more.Range.From < Next)
        {
            throw new InvalidOperationException($"{more.Range} was given before: the next position is {Next}.");
        }

        held.Add(more);
        Next = more.Range.To + 1;
    }

    /// <summary>A journal became segments: the same readings, at another place.</summary>
    public void Replace(JournalFile journal, IReadOnlyList<Held> segments)
    {
        held.RemoveAll(h => h is HeldBlock block && block.Journal == journal);
        held.AddRange(segments);
        held.Sort((a, b) => a.Range.From.CompareTo(b.Range.From));
    }

    public void Replace(Held old, Held? by)
    {
        var index = held.IndexOf(old);
        if (by is null)
        {
            held.RemoveAt(index);
        }
        else
        {
            held[index] = by;
        }
    }

    /// <summary>The oldest readings make room. What of them was not acknowledged becomes a drop record.</summary>
    public void Evict(Held oldest, DropReason reason)
    {
        held.Remove(oldest);
        foreach (var lost in Holes.MissingIn(oldest.Range with { From = Math.Max(First, oldest.Range.From) }))
        {
            Ledger.Drop(lost, reason);
        }

        MoveFirst(held.Count > 0 ? held[0].Range.From : Next);
        LifeChanged = true;
        DropsChanged = true;
    }

    /// <summary>These readings are gone, in the middle of others.</summary>
    public void Lose(PositionRange range, DropReason reason)
    {
        foreach (var lost in Holes.MissingIn(range).ToArray())
        {
            Ledger.Drop(lost, reason);
        }

        Holes.Add(range);
        Next = Math.Max(Next, range.To + 1);
        LifeChanged = true;
        DropsChanged = true;
    }

    public void Acknowledge(PositionRange range)
    {
        if (range.To >= Next)
        {
            throw new ArgumentOutOfRangeException(nameof(range), range, "Acknowledged what was never handed out.");
        }

        var from = Math.Max(range.From, First);
        if (from <= range.To && !Ledger.Acknowledged.ContainsAll(new PositionRange(from, range.To)))
        {
            Ledger.Acknowledge(new PositionRange(from, range.To));
            LifeChanged = true;
        }
    }

    /// <summary>The index in <see cref="Held"/> of what holds a position, or of the next that is held.</summary>
    public int IndexOf(long position)
    {
        int low = 0, high = held.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (held[middle].Range.To < position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    /// <summary>Takes over what recovery found.</summary>
    public void Restore(long first, long next, IEnumerable<Held> found)
    {
        held.AddRange(found);
        Next = next;
        MoveFirst(first);
    }

    public void MoveFirst(long first)
    {
        First = first;
        Holes.RemoveBelow(first);
        Ledger.Acknowledged.RemoveBelow(first);
        Clock.MoveFirst(first);
    }

    /// <summary>The clock as it is: see <see cref="IReadingBuffer.Observe"/>.</summary>
    public void Observe(ReadingClock now)
    {
        Clock.Forget(now.Boot);
        if (now.IsSet)
        {
            Clock.Correct(now);
        }
    }

    private long Waiting()
    {
        if (Next == First)
        {
            return 0;
        }

        var waiting = Next - First - Ledger.Acknowledged.CountIn(new PositionRange(First, Next - 1));
        for (var i = 0; i < Holes.Count; i++)
        {
            waiting -= Holes[i].Count - Ledger.Acknowledged.CountIn(Holes[i]);
        }

        return waiting;
    }
}
