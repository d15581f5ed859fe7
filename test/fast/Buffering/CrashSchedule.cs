using Sluice.Agent.Buffering;
using Sluice.Plant.Disk;

namespace Sluice.Fast.Buffering;

/// <summary>
/// A store's life on a recorded disk: appends of all sizes, acknowledgements, restarts, enough text to change journals
/// and to drop the oldest segment. Then: is the store right after a power cut at any point of it?
/// </summary>
internal sealed class CrashSchedule
{
    // Every so often everything is read back; otherwise the ends, where a power cut can hurt.
    private const int WholeEvery = 50;
    private const int HeadEvery = 10;

    private readonly SimulatedDisk disk = new();
    private readonly List<Milestone> milestones = [];
    private readonly PositionRanges acknowledged = new(int.MaxValue);
    private long committed;
    private SealStep? lastStep;
    private long pagesSinceChange;

    private sealed record Milestone(long Committed, IReadOnlyList<PositionRange> Acknowledged);

    public static CrashSchedule Record(int seed, int steps, Func<string, bool> ignoresSyncOf)
    {
        var schedule = new CrashSchedule();
        schedule.disk.IgnoresSyncOf = ignoresSyncOf;
        schedule.Run(new Random(seed), steps);
        return schedule;
    }

    public bool Dropped { get; private set; }

    public int CommitsInsideSteps { get; private set; }

    public List<string> Violations(int states, Random random)
    {
        var violations = new List<string>();
        var cut = new PowerCut(disk.Operations);
        var points = Enumerable.Range(0, states).Select(_ => random.Next(disk.Operations.Count + 1)).Order().ToArray();
        var milestone = 0;
        var at = 0;
        for (var i = 0; i < points.Length; i++)
        {
            for (; at < points[i]; at++)
            {
                milestone = disk.Operations[at] is DiskOperation.Mark mark ? mark.Number : milestone;
            }

            var (after, how) = cut.Before(points[i], random);
            try
            {
                var last = milestones[Math.Min(milestone + 1, milestones.Count - 1)].Acknowledged;
                Check(after, milestones[milestone].Committed, last, i);
            }
            catch (Exception violation)
            {
                violations.Add($"{how}, {milestones[milestone].Committed} committed: {violation.Message}");
            }
        }

        return violations;
    }

    private static void Check(
        SimulatedDisk disk, long committed, IReadOnlyList<PositionRange> acknowledged, int state)
    {
        var opening = DiskStore.Open(disk.Open, SomeStores.Options(firstId: 100));
        Require(opening.Store is not null, "it did not open: " + opening.Fault?.Sentence);
        using var store = opening.Store!;
        if (committed > 0)
        {
            Require(store.Store == SomeStores.Id(1), "the store id changed");
            Require(store.Older.Count == 0, "an earlier life appeared");
        }

        var view = store.View;
        Require(view.Next > committed, $"next {view.Next} is not above what was committed");
        var allowed = new PositionRanges(int.MaxValue);
        acknowledged.ToList().ForEach(range => allowed.Add(range));
        Require(view.Acknowledged.All(allowed.ContainsAll), "more is acknowledged than was asked for");
        CheckDrops(view, committed, allowed);
        var from = state % WholeEvery == 0 ? view.First : Math.Max(view.First, committed - 100);
        CheckReadings(store, from, long.MaxValue, committed);
        if (state % HeadEvery == 0)
        {
            CheckReadings(store, view.First, view.First + 50, committed);
        }

        CheckGoesOn(store);
    }

    private static void CheckDrops(StoreView view, long committed, PositionRanges acknowledged)
    {
        var named = new PositionRanges(int.MaxValue);
        foreach (var drop in view.Drops)
        {
            named.Add(drop.Range);
            var harmless = drop.Reason == DropReason.Overflow
                ? drop.Range.To < view.First
                : drop.Reason is DropReason.Torn or DropReason.Corrupt && drop.Range.From > committed;
            Require(harmless, $"dropped without need: {drop}");
        }

        if (view.First > 1)
        {
            var lost = acknowledged.MissingIn(new PositionRange(1, view.First - 1));
            Require(lost.All(named.ContainsAll), "readings left without a word");
        }
    }

    private static void CheckReadings(DiskStore store, long from, long to, long committed)
    {
        var batch = new StoredBatch();
        var fault = store.Peek(from, (int)Math.Min(to - from, 1_000_000), batch);
        Require(fault is null, "it cannot be read: " + fault?.Sentence);
        var expected = from;
        foreach (var reading in batch.Readings)
        {
            Require(
                reading.Position == expected || expected > committed,
                $"position {expected} is missing, {reading.Position} came");
            Require(reading == NumberedReadings.HeavyStored(reading.Position), $"position {reading.Position} is wrong");
            expected = reading.Position + 1;
        }

        Require(expected > committed || to != long.MaxValue, $"readings from {expected} to {committed} are lost");
    }

    private static void CheckGoesOn(DiskStore store)
    {
        var next = store.Next;
        store.Append([NumberedReadings.Heavy(next)]);
        Require(store.Commit() is null, "it takes no readings any more");
        var batch = new StoredBatch();
        store.Peek(next, 10, batch);
        Require(batch.Count == 1 && batch.Readings[0] == NumberedReadings.HeavyStored(next),
            "what is new cannot be read");
    }

    private static void Require(bool right, string sentence)
    {
        if (!right)
        {
            throw new InvalidOperationException(sentence);
        }
    }

    private void Run(Random random, int steps)
    {
        var store = Open();
        Remember();
        for (var step = 0; step < steps; step++)
        {
            switch (random.Next(10))
            {
                case 0:
                    store.Dispose();
                    store = Open();
                    lastStep = store.SealStep;
                    pagesSinceChange = int.MaxValue;
                    break;
                case 1 or 2 or 3 when committed > 0:
                    var from = random.NextInt64(1, committed + 1);
                    var range = new PositionRange(from, Math.Min(committed, from + random.Next(400)));
                    store.Acknowledge(range);
                    acknowledged.Add(range);
                    break;
                default:
                    var count = random.Next(3) == 0 ? random.Next(1, 900) : random.Next(1, 15);
                    store.Append(NumberedReadings.SomeHeavy(store.Next, count));
                    break;
            }

            if (random.Next(3) > 0)
            {
                Commit(store);
            }

            Seal(store, random);
        }

        store.Dispose();
    }

    private void Commit(DiskStore store)
    {
        var pages = 2 + ((store.Next - store.Durable) / 5);
        if (store.Commit() is null)
        {
            // A step that nobody has seen: the journals were changed.
            pagesSinceChange = (store.SealStep == lastStep ? pagesSinceChange : 0) + pages;
            lastStep = store.SealStep;
            Dropped |= store.View.DroppedCount > 0;
            committed = store.Durable - 1;
            Remember();
        }
    }

    /// <summary>
    /// Leaves it to the commit that needs it, or runs a step, or commits before some of what it does.
    /// </summary>
    private void Seal(DiskStore store, Random random)
    {
        if (store.SealStep is not { } step || random.Next(3) == 0)
        {
            return;
        }

        // Not where a commit could need the journal: it would wait for the step that it is in the middle of.
        var left = store.Next == store.Durable && pagesSinceChange < 60 ? 6 : 0;
        disk.Before = _ =>
        {
            if (left > 0 && random.Next(2) == 0)
            {
                var later = left - 1;
                left = 0;
                store.Append(NumberedReadings.SomeHeavy(store.Next, random.Next(1, 10)));
                Commit(store);
                CommitsInsideSteps++;
                left = later;
            }
        };
        step.Run();
        disk.Before = _ => { };
        store.Proceed();
        lastStep = store.SealStep;
    }

    private void Remember()
    {
        milestones.Add(new Milestone(committed, acknowledged.ToList()));
        disk.Mark(milestones.Count - 1);
    }

    private DiskStore Open() => DiskStore.Open(disk.Open, SomeStores.Options()).Store!;
}
