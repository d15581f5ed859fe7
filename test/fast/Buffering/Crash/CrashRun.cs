using System.Globalization;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Plant.Disk;

namespace Sluice.Fast.Buffering.Crash;

/// <summary>
/// Cuts a schedule's power at random moments, opens what each cut may have left, and counts what it found. Every
/// so often the power is cut a second time, while the store that was opened recovers or goes on.
/// </summary>
internal sealed class CrashRun(CrashSchedule schedule, Random random)
{
    // Every so often everything is read back; otherwise the ends, where a power cut can hurt.
    private const int WholeEvery = 50;
    private const int AgainEvery = 20;
    private const int MoreReadings = 40;

    private readonly SortedDictionary<CrashViolation, int> counts = [];

    public List<string> Violations { get; } = [];

    public int States { get; private set; }

    public int Count(CrashViolation kind) => counts.GetValueOrDefault(kind);

    /// <param name="states">How many states to open.</param>
    /// <param name="record">What the disk did; by default what the schedule recorded.</param>
    public CrashRun Cut(int states, IReadOnlyList<DiskOperation>? record = null)
    {
        record ??= schedule.Disk.Operations;
        var cut = new PowerCut(record);
        var points = Enumerable.Range(0, states).Select(_ => random.Next(record.Count + 1)).Order().ToArray();
        var moment = -1;
        var at = 0;
        foreach (var point in points)
        {
            for (; at < point; at++)
            {
                moment = record[at] is DiskOperation.Mark mark ? mark.Number : moment;
            }

            var (disk, how) = cut.Before(point, random);
            Try(how, () => CheckState(disk, moment));
        }

        return this;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{States} states: failed opens {Count(CrashViolation.FailedOpen)}, "
        + $"committed readings lost {Count(CrashViolation.CommittedLost)}, "
        + $"loss beyond the window {Count(CrashViolation.BeyondWindow)}, "
        + $"other promises broken {Count(CrashViolation.Promise)}");

    private void Try(string how, Action check)
    {
        States++;
        try
        {
            check();
        }
        catch (Exception violation)
        {
            var kind = violation is CrashViolationException known ? known.Kind : CrashViolation.FailedOpen;
            counts[kind] = Count(kind) + 1;
            Violations.Add($"{kind}: {violation.Message} ({how})"
                + (violation is CrashViolationException ? "" : violation.StackTrace));
        }
    }

    private void CheckState(SimulatedDisk disk, int moment)
    {
        // Before the first mark nothing was promised yet.
        var nothing = new CrashMoment(default, 0, 0, [], [], 0);
        var now = moment < 0 ? nothing : schedule.Moments[moment];
        var then = schedule.Moments[Math.Min(moment + 1, schedule.Moments.Count - 1)];
        var check = new CrashCheck(schedule.Contents, now, then);
        if (States % AgainEvery == 0)
        {
            CutAgain(disk, check, then);
            return;
        }

        using var store = check.Open(disk, whole: States % WholeEvery == 1);
        CrashCheck.CheckGoesOn(store, schedule.Contents.After(then.Attempts, store.Next), 1);
    }

    /// <summary>The power goes again, while the store is opened or writes on.</summary>
    private void CutAgain(SimulatedDisk left, CrashCheck first, CrashMoment then)
    {
        var disk = left.Resume();
        var from = disk.Operations.Count;
        CrashContents contents;
        CrashMoment opened;
        CrashMoment written;
        int openedAt;
        using (var store = first.Open(disk, whole: false))
        {
            openedAt = disk.Operations.Count;
            contents = schedule.Contents.After(then.Attempts, store.Next);
            contents.Serves(store);
            opened = Moment(store, store.Next - 1);
            written = Moment(store, CrashCheck.CheckGoesOn(store, contents, MoreReadings));
        }

        var point = random.Next(from, disk.Operations.Count + 1);
        var (again, how) = new PowerCut(disk.Operations).Before(point, random);
        var check = point < openedAt ? first.OrBy(opened)
            : new CrashCheck(contents, point < disk.Operations.Count ? opened : written, written);
        try
        {
            using var store = check.Open(again, whole: true);
        }
        catch (CrashViolationException violation)
        {
            throw new CrashViolationException(violation.Kind, $"{violation.Message}; cut again {how}");
        }

        CrashMoment Moment(DiskStore store, long committed) =>
            new(store.Store, committed, committed, then.Acknowledged, store.View.Drops, contents.Attempts);
    }
}
