using Sluice.Agent.Buffering;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering;

/// <summary>
/// The power goes at any moment: what was committed is there afterwards, digit for digit; nothing else is; no position
/// is given twice. Every state is rebuilt from the record of what the disk was asked to do.
/// </summary>
public sealed class CrashStateTests
{
    private const int StatesPerSchedule = 400;
    private const int Steps = 180;

    public static TheoryData<int> Seeds => [1, 2, 3, 5, 6];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Nothing_that_was_committed_is_lost_by_a_power_cut(int seed)
    {
        var schedule = CrashSchedule.Record(seed, Steps, _ => false);
        Assert.True(schedule.Dropped, "The schedule was too short to fill the store.");
        Assert.True(schedule.CommitsInsideSteps > 0, "No commit came while a journal was being sealed.");
        var violations = schedule.Violations(StatesPerSchedule, new Random(seed));
        Assert.True(violations.Count == 0, $"seed {seed}: {string.Join("\n", violations.Take(10))}");
    }

    [Fact]
    public void A_disk_that_ignores_every_sync_is_caught_by_this_test() => Caught(_ => true);

    [Fact]
    public void A_disk_that_ignores_the_syncs_of_the_journals_is_caught_by_this_test() =>
        Caught(name => name.StartsWith("journal", StringComparison.Ordinal));

    [Fact]
    public void A_disk_that_ignores_the_syncs_of_segments_is_caught_by_this_test() =>
        Caught(name => name.EndsWith(".new", StringComparison.Ordinal));

    [Fact]
    public void A_disk_that_ignores_the_syncs_of_the_directory_is_caught_by_this_test() =>
        Caught(name => name.Length == 0);

    private static void Caught(Func<string, bool> ignores)
    {
        var violations = CrashSchedule.Record(1, Steps / 3, ignores).Violations(100, new Random(1));
        Assert.NotEmpty(violations);
    }
}
