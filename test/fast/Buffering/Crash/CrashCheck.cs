using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Fast.Buffering.Contract;
using Sluice.Plant.Disk;

namespace Sluice.Fast.Buffering.Crash;

/// <summary>What a power cut must never do.</summary>
internal enum CrashViolation
{
    /// <summary>The store did not open, or takes no readings any more.</summary>
    FailedOpen,

    /// <summary>A reading whose commit had returned is not there, or is another one.</summary>
    CommittedLost,

    /// <summary>A reading older than <c>commitEvery</c> is not there.</summary>
    BeyondWindow,

    /// <summary>Something else that the buffer promises: FORMAT.md, Invariants.</summary>
    Promise,
}

internal sealed class CrashViolationException(CrashViolation kind, string sentence) : Exception(sentence)
{
    public CrashViolation Kind { get; } = kind;
}

/// <summary>What is known at a moment of a store's life.</summary>
/// <param name="Store">Under which id positions are given.</param>
/// <param name="Committed">The last position that a commit made durable; 0 for none.</param>
/// <param name="Due">The last position whose reading is older than the loss window.</param>
/// <param name="Acknowledged">What was acknowledged, durable or not.</param>
/// <param name="Drops">What the ledger said.</param>
/// <param name="Attempts">How often the agent was started.</param>
internal sealed record CrashMoment(
    StoreId Store, long Committed, long Due, IReadOnlyList<PositionRange> Acknowledged, IReadOnlyList<DropRecord> Drops,
    int Attempts);

/// <summary>
/// Holds a store that was opened to everything that was promised before: <paramref name="now"/> is the last moment
/// before the cut, <paramref name="then"/> what was about to become true.
/// </summary>
internal sealed class CrashCheck(CrashContents contents, CrashMoment now, CrashMoment then)
{
    private const int PeekMax = 1_000_000;
    private const int EndReadings = 100;

    /// <summary>The same moment, where a later one may be half true already.</summary>
    public CrashCheck OrBy(CrashMoment later) =>
        new(contents, now, then with { Drops = [.. then.Drops, .. later.Drops] });

    /// <summary>Opens the disk and checks everything, the readings in the middle only when asked.</summary>
    public DiskStore Open(SimulatedDisk disk, bool whole)
    {
        var opening = DiskStore.Open(disk.Open, SomeStores.Options(firstId: 100));
        Require(opening.Store is not null, CrashViolation.FailedOpen, "it did not open: " + opening.Fault?.Sentence);
        Check(opening.Store!, whole);
        return opening.Store!;
    }

    public void Check(DiskStore store, bool whole)
    {
        if (now.Committed > 0)
        {
            Require(store.Store == now.Store, CrashViolation.CommittedLost, "the store id changed");
            Require(store.Older.Count == 0, CrashViolation.Promise, "an earlier life appeared");
        }

        var view = store.View;
        Require(view.Next > now.Committed, CrashViolation.CommittedLost,
            $"next {view.Next} is not above what was committed");
        Require(view.Next > now.Due, CrashViolation.BeyondWindow,
            $"next {view.Next} is not above {now.Due}, which is older than the loss window");
        var asked = Ranges(then.Acknowledged);
        Require(view.Acknowledged.All(asked.ContainsAll), CrashViolation.Promise,
            "more is acknowledged than was asked for");
        var named = CheckDrops(view, asked);
        if (whole)
        {
            CheckReadings(store, view.First, PeekMax, named);
            return;
        }

        CheckReadings(store, view.First, EndReadings / 2, named);
        CheckReadings(store, Math.Max(view.First, now.Committed - EndReadings), PeekMax, named);
    }

    /// <summary>Readings go in and come out again. Returns what was committed now.</summary>
    public static long CheckGoesOn(DiskStore store, CrashContents contents, int count)
    {
        var next = store.Next;
        store.Append(contents.Next(next, count));
        var fault = store.Commit();
        Require(fault is null, CrashViolation.FailedOpen, "it takes no readings any more: " + fault?.Sentence);
        var batch = new StoredBatch();
        store.Peek(next, count, batch);
        Require(batch.Count == count && batch.Readings.All(
            reading => reading == contents.Committed(reading.Position, contents.Attempts)),
            CrashViolation.Promise, "what is new cannot be read");
        return next + count - 1;
    }

    private static void Require(bool right, CrashViolation kind, string sentence)
    {
        if (!right)
        {
            throw new CrashViolationException(kind, sentence);
        }
    }

    private static PositionRanges Ranges(IEnumerable<PositionRange> list)
    {
        var ranges = new PositionRanges(int.MaxValue);
        foreach (var range in list)
        {
            ranges.Add(range);
        }

        return ranges;
    }

    private PositionRanges CheckDrops(StoreView view, PositionRanges acknowledged)
    {
        var before = Ranges(now.Drops.Concat(then.Drops).Select(drop => drop.Range));
        foreach (var drop in view.Drops)
        {
            var harmless = before.ContainsAll(drop.Range) || drop.Reason switch
            {
                DropReason.Overflow => drop.Range.To < view.First,
                DropReason.Torn or DropReason.Corrupt => before.MissingIn(drop.Range)
                    .All(part => part.From > now.Committed),
                _ => false,
            };
            Require(harmless, CrashViolation.CommittedLost, $"dropped without need: {drop}");
        }

        var named = Ranges(view.Drops.Select(drop => drop.Range));
        if (view.First > 1)
        {
            var gone = acknowledged.MissingIn(new PositionRange(1, view.First - 1));
            Require(gone.All(named.ContainsAll), CrashViolation.CommittedLost, "readings left without a word");
        }

        return named;
    }

    private void CheckReadings(DiskStore store, long from, int count, PositionRanges named)
    {
        var batch = new StoredBatch();
        var fault = store.Peek(from, count, batch);
        Require(fault is null, CrashViolation.CommittedLost, "it cannot be read: " + fault?.Sentence);
        var expected = from;
        foreach (var reading in batch.Readings)
        {
            CheckGap(expected, reading.Position - 1, named);
            Require(
                reading.Position <= now.Committed
                    ? reading == contents.Committed(reading.Position, now.Attempts)
                    : contents.WasWritten(reading, then.Attempts),
                CrashViolation.CommittedLost, $"position {reading.Position} is wrong");
            expected = reading.Position + 1;
        }

        if (count == PeekMax)
        {
            CheckGap(expected, store.View.Next - 1, named);
        }
    }

    private static void CheckGap(long from, long to, PositionRanges named) =>
        Require(from > to || named.ContainsAll(new PositionRange(from, to)),
            CrashViolation.CommittedLost, $"positions {from} to {to} are missing without a word");
}
