using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Buffering.Loop;
using Sluice.Fast.Buffering.Contract;
using Sluice.Plant.Disk;

namespace Sluice.Fast.Buffering.Crash;

/// <summary>
/// A store's life on a recorded disk: appends of all sizes, commits when they are due, acknowledgements, restarts, a
/// disk that fails, enough text to change journals and to drop the oldest segment. What was known when stands in the
/// record beside what the disk was asked to do.
/// </summary>
internal sealed class CrashSchedule
{
    public const int CommitEveryMilliseconds = 250;

    private const int StepMilliseconds = 120;
    private const int ManyMax = 900;
    private const int FewMax = 15;
    private const int AcknowledgedMax = 400;
    private const int FullSteps = 12;

    // A commit inside a step never needs more pages than the journal has left.
    private const int SafePages = 60;
    private const int InsideStepMax = 6;

    // A schedule goes on until the store was full once, but not for ever.
    private const int LongerMax = 5;

    private readonly Random random;
    private readonly CrashShape shape;
    private readonly int commitEvery;
    private readonly PositionRanges acknowledged = new(int.MaxValue);

    // When each reading that this life appended was appended, by position.
    private readonly List<(long Position, long At)> appended = [];
    private DiskStore store = null!;
    private long now;
    private long committed;
    private int fullFor;
    private SealStep? lastStep;
    private long pagesSinceChange;
    private bool inStep;

    private CrashSchedule(int seed, CrashShape shape, int commitEvery)
    {
        random = new Random(seed);
        this.shape = shape;
        this.commitEvery = commitEvery;
    }

    public SimulatedDisk Disk { get; } = new();

    public CrashContents Contents { get; } = new();

    /// <summary>By the number of the mark in the disk's record.</summary>
    public List<CrashMoment> Moments { get; } = [];

    /// <summary>Whether the store was ever full: else the schedule was too short to mean much.</summary>
    public bool Dropped { get; private set; }

    /// <summary>How many commits came while a journal was being sealed.</summary>
    public int CommitsInsideSteps { get; private set; }

    public static CrashSchedule Record(
        int seed, CrashShape shape, int steps, Func<string, bool>? ignoresSyncOf = null,
        int commitEvery = CommitEveryMilliseconds)
    {
        var schedule = new CrashSchedule(seed, shape, commitEvery);
        schedule.Disk.IgnoresSyncOf = ignoresSyncOf ?? (_ => false);
        schedule.Run(steps);
        return schedule;
    }

    private void Run(int steps)
    {
        Open(durableBelow: null);
        for (var step = 0; step < steps || (!Dropped && step < steps * LongerMax); step++)
        {
            Wait(random.Next(StepMilliseconds));
            Happen();
            if (store.Next - store.Durable >= BufferLoop.CommitReadings || random.NextDouble() < shape.Commit)
            {
                Commit();
            }

            Seal();
        }

        store.Dispose();
    }

    private void Happen()
    {
        if (--fullFor == 0)
        {
            Disk.Mood = DiskMood.Works;
        }

        if (random.NextDouble() < shape.Fault)
        {
            Fail();
        }

        if (random.NextDouble() < shape.Restart)
        {
            store.Dispose();
            Open(durableBelow: null);
        }
        else if (committed > 0 && random.NextDouble() < shape.Acknowledge)
        {
            var from = random.NextInt64(1, committed + 1);
            var range = new PositionRange(from, Math.Min(committed, from + random.Next(AcknowledgedMax)));
            store.Acknowledge(range);
            acknowledged.Add(range);
        }
        else
        {
            var many = random.NextDouble() < shape.Many;
            Append(random.Next(1, many ? ManyMax : FewMax));
        }
    }

    private void Append(int count)
    {
        for (var i = 0; i < count; i++)
        {
            appended.Add((store.Next + i, now));
        }

        store.Append(Contents.Next(store.Next, count));
    }

    private void Fail()
    {
        switch (random.Next(3))
        {
            case 0:
                var syncs = random.Next(3);
                Disk.LosesSyncOf = _ => syncs-- == 0;
                break;
            case 1:
                Disk.FailsAfter = random.Next(6);
                break;
            default:
                Disk.Mood = DiskMood.Full;
                fullFor = random.Next(1, FullSteps);
                break;
        }
    }

    private void Heal()
    {
        Disk.Mood = DiskMood.Works;
        Disk.FailsAfter = null;
        Disk.LosesSyncOf = null;
    }

    /// <summary>Time passes; a commit that falls due comes when it is due, as the buffer's loop does it.</summary>
    private void Wait(int milliseconds)
    {
        var until = now + milliseconds;
        if (appended.Count > 0 && appended[0].At + commitEvery <= until)
        {
            now = Math.Max(now, appended[0].At + commitEvery);
            Commit();
        }

        now = until;
    }

    private void Commit()
    {
        var pages = 2 + ((store.Next - store.Durable) / 5);
        Remember();
        var fault = store.Commit();
        committed = store.Durable - 1;
        Remember();
        if (fault is null)
        {
            // A step that nobody has seen: the journals were changed.
            pagesSinceChange = (store.SealStep == lastStep ? pagesSinceChange : 0) + pages;
            lastStep = store.SealStep;
            appended.Clear();
            Dropped |= store.View.DroppedCount > 0;
        }
        else if (!inStep)
        {
            GoElsewhere();
        }
    }

    /// <summary>
    /// What the disk did not take goes on in memory, under another store id; the disk is asked again, by this agent,
    /// which knows how far it came, or by the next, which does not.
    /// </summary>
    private void GoElsewhere()
    {
        var durable = (store.Store, store.Durable);
        store.Dispose();
        Open(random.Next(2) == 0 ? durable : null);
    }

    /// <summary>
    /// Leaves it to the commit that needs it, or runs a step, or commits before some of what it does.
    /// </summary>
    private void Seal()
    {
        if (store.SealStep is not { } step || random.Next(3) == 0)
        {
            return;
        }

        // Not where a commit could need the journal: it would wait for the step that it is in the middle of.
        var left = pagesSinceChange + ((store.Next - store.Durable) / 5) < SafePages ? InsideStepMax : 0;
        Disk.Before = _ =>
        {
            if (left > 0 && !inStep && random.Next(2) == 0)
            {
                left--;
                inStep = true;
                Append(random.Next(1, 10));
                Commit();
                CommitsInsideSteps++;
                inStep = false;
            }
        };
        step.Run();
        Disk.Before = _ => { };
        if (store.Next > store.Durable && store.Fault is not null)
        {
            GoElsewhere();
            return;
        }

        store.Proceed();
        lastStep = store.SealStep;
        Remember();
    }

    private void Open((StoreId Store, long Position)? durableBelow)
    {
        appended.Clear();
        var options = SomeStores.Options() with { DurableBelow = durableBelow };
        var opening = DiskStore.Open(Disk.Open, options);
        if (opening.Store is null)
        {
            Heal();
            opening = DiskStore.Open(Disk.Open, options);
        }

        store = opening.Store ?? throw new CrashViolationException(
            CrashViolation.FailedOpen, $"the disk is well again and it does not open: {opening.Fault?.Sentence}");
        if (Moments.Count > 0)
        {
            new CrashCheck(Contents, Moments[^1], Moments[^1]).Check(store, whole: false);
        }

        // What lies there is handed out from now on, committed or not.
        committed = Math.Max(committed, store.Durable - 1);
        Contents.Begin(store.Next);
        lastStep = store.SealStep;
        pagesSinceChange = int.MaxValue;
        Remember();
    }

    private void Remember()
    {
        var due = appended.TakeWhile(each => each.At < now - CommitEveryMilliseconds).LastOrDefault().Position;
        Moments.Add(new CrashMoment(
            store.Store, committed, Math.Max(committed, due), acknowledged.ToList(), store.View.Drops,
            Contents.Attempts));
        Disk.Mark(Moments.Count - 1);
    }
}
