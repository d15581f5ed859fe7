using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering.Crash;

/// <summary>
/// The power goes at any moment: what was committed is there afterwards, digit for digit; nothing else is; no position
/// is given twice. Every state is rebuilt from the record of what the disk was asked to do.
/// </summary>
[Trait("suite", "world")]
public sealed class CrashStateTests(ITestOutputHelper output)
{
    private const int Steps = 180;
    private const int ControlStates = 150;

    private static readonly Lock Together = new();
    private static readonly Lazy<CrashSchedule> Short = new(Record);
    private static int states;

    public static TheoryData<int> Seeds => [.. CrashSeeds.All()];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Nothing_that_was_committed_is_lost_by_a_power_cut(int seed)
    {
        var shape = CrashShape.Of(seed);
        var schedule = CrashSchedule.Record(seed, shape, Steps);
        var run = new CrashRun(schedule, new Random(seed)).Cut(CrashSeeds.StatesPerSchedule);
        lock (Together)
        {
            states += run.States;
            output.WriteLine($"seed {seed}, {shape.Name}: {run}. {states} states so far");
        }

        Assert.True(run.Violations.Count == 0,
            $"seed {seed}, {shape.Name}: {run}\n{string.Join("\n", run.Violations.Take(10))}\n{CrashSeeds.Keep(seed)}");
        Assert.True(schedule.Dropped, "The schedule was too short to fill the store.");
    }

    [Fact]
    public void A_disk_that_ignores_every_sync_is_caught_by_this_test() => Lies(_ => true);

    [Fact]
    public void A_disk_that_ignores_the_syncs_of_the_journals_is_caught_by_this_test() =>
        Lies(name => name.StartsWith("journal", StringComparison.Ordinal));

    [Fact]
    public void A_disk_that_ignores_the_syncs_of_segments_is_caught_by_this_test() =>
        Lies(name => name.EndsWith(".new", StringComparison.Ordinal));

    [Fact]
    public void A_disk_that_ignores_the_syncs_of_the_directory_is_caught_by_this_test() =>
        Lies(name => name.Length == 0);

    [Fact]
    public void A_sync_that_overtakes_the_write_before_it_is_caught_by_this_test()
    {
        var schedule = Short.Value;
        Caught(CrashViolation.CommittedLost, schedule, Swap<DiskOperation.Write, DiskOperation.Sync>(schedule));
    }

    [Fact]
    public void A_journal_that_is_used_again_before_its_segment_has_its_name_is_caught_by_this_test()
    {
        var schedule = Short.Value;
        Caught(CrashViolation.CommittedLost, schedule, [.. schedule.Disk.Operations.Where(
            operation => operation is not DiskOperation.Rename)]);
    }

    [Fact]
    public void A_commit_that_comes_later_than_it_may_is_caught_by_this_test() => Caught(CrashViolation.BeyondWindow,
        CrashSchedule.Record(3, CrashShape.Of(3), Steps, commitEvery: 4 * CrashSchedule.CommitEveryMilliseconds));

    [Fact]
    public void Commits_come_while_a_journal_is_being_sealed() => Assert.True(Short.Value.CommitsInsideSteps > 0);

    [Fact]
    public void The_same_seed_cuts_the_same_states() => Assert.Equal(Shown(Short.Value), Shown(Record()));

    [Fact]
    public void Kept_seeds_are_numbers_with_their_reasons() =>
        Assert.Equal([17, 4], CrashSeeds.Parse(["# why", "", "17  # a reason", "4"]));

    private static string Shown(CrashSchedule schedule)
    {
        var how = new PowerCut(schedule.Disk.Operations).Before(schedule.Disk.Operations.Count, new Random(5)).How;
        return $"{how} {schedule.Disk.Operations.Count} {schedule.Moments[^1].Committed}";
    }

    private static CrashSchedule Record() => CrashSchedule.Record(0, CrashShape.All[0], Steps / 2);

    private static void Lies(Func<string, bool> ignores) => Caught(CrashViolation.CommittedLost,
        CrashSchedule.Record(0, CrashShape.All[0], Steps / 2, ignores));

    private static void Caught(
        CrashViolation kind, CrashSchedule schedule, IReadOnlyList<DiskOperation>? record = null)
    {
        var run = new CrashRun(schedule, new Random(1)).Cut(ControlStates, record);
        Assert.True(run.Count(kind) > 0, $"nobody noticed: {run}");
    }

    /// <summary>Each operation of the second kind right behind one of the first comes before it.</summary>
    private static List<DiskOperation> Swap<TFirst, TSecond>(CrashSchedule schedule)
    {
        var record = schedule.Disk.Operations.ToList();
        for (var i = 1; i < record.Count; i++)
        {
            if (record[i - 1] is TFirst && record[i] is TSecond)
            {
                (record[i - 1], record[i]) = (record[i], record[i - 1]);
            }
        }

        return record;
    }
}
