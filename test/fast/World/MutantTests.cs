using System.Collections.Concurrent;
using Sluice.Plant.World;
using Xunit;

namespace Sluice.Fast.World;

/// <summary>
/// The test of the world: with a mistake put in at a seam, the right checker finds it within a few seeds; without it
/// the same seeds are well.
/// </summary>
[Trait("suite", "world")]
public sealed class MutantTests
{
    private const int SeedsMax = 30;
    private const double Days = 0.5;

    private static readonly ConcurrentDictionary<WorldSettings, Lazy<bool>> Clean = new();

    [Fact]
    public void Acknowledging_on_enqueue_is_caught() =>
        Caught(() => new Mutants.AcknowledgesOnEnqueue(), Checker.NothingLost);

    [Fact]
    public void Forgetting_a_range_is_caught() => Caught(() => new Mutants.ForgetsARange(), Checker.NothingLost);

    [Fact]
    public void Acknowledging_a_refused_publish_is_caught() =>
        Caught(() => new Mutants.TakesARefusalForAnAnswer(), Checker.NothingLost);

    [Fact]
    public void Reusing_positions_after_a_reopen_is_caught() =>
        Caught(() => new Mutants.ReusesPositions(), Checker.Positions);

    [Fact]
    public void Skipping_every_sync_is_caught() =>
        Caught(() => new Mutants.SkipsSyncsOf(_ => true), Checker.Positions);

    [Fact]
    public void Skipping_the_syncs_of_the_journals_is_caught() =>
        Caught(() => new Mutants.SkipsSyncsOf(name => name.StartsWith("journal")), Checker.Positions);

    [Fact]
    public void Dropping_the_newest_is_caught() =>
        Caught(() => new Mutants.DropsTheNewest(), Checker.Values, Checker.NothingLost);

    [Fact]
    public void Storing_a_reading_twice_is_caught() =>
        Caught(() => new Mutants.AppendsTwice(), Checker.Positions, Checker.Values);

    [Fact]
    public void Committing_late_is_caught() => Caught(() => new Mutants.CommitsLate(), Checker.NothingLost);

    [Fact]
    public void Losing_the_historical_flag_is_caught() =>
        Caught(() => new Mutants.LosesTheHistoricalFlag(), Checker.Order);

    [Fact]
    public void Omitting_a_drop_in_the_ledger_is_caught() =>
        Caught(() => new Mutants.OmitsDrops(), Overflowing, Checker.Ledger);

    [Fact]
    public void Omitting_what_memory_dropped_is_caught() =>
        Caught(() => new Mutants.OmitsDrops(), settings => settings.Forgetful() with { Days = 1 }, Checker.Ledger);

    [Fact]
    public void Promising_an_early_end_is_caught() =>
        Caught(() => new Mutants.PromisesAnEarlyEnd(), Thin, Checker.Pacing);

    [Fact]
    public void Letting_live_readings_wait_is_caught() =>
        Caught(() => new Mutants.LetsEverythingWait(), Thin, Checker.Pacing);

    [Fact]
    public void Handing_out_what_is_not_durable_is_caught() =>
        Caught(() => new Mutants.HandsOutWhatIsNotDurable(), Checker.Positions);

    [Fact]
    public void Resending_with_changed_bytes_is_caught() =>
        Caught(() => new Mutants.ResendsOtherBytes(), Checker.Contract, Checker.Values);

    [Fact]
    public void Starving_history_is_caught() =>
        Caught(() => new Mutants.StarvesHistory(), CutOff, Checker.Liveness);

    [Fact]
    public void A_wake_lost_after_a_reconnect_is_caught() =>
        Caught(() => new Mutants.LosesTheWakeAfterAReconnect(), Checker.Liveness);

    [Fact]
    public void Messages_that_overtake_each_other_are_caught() =>
        Caught(() => new Mutants.LetsMessagesOvertake(), Checker.Order);

    [Fact]
    public void Serving_a_wrong_reading_is_caught() =>
        Caught(() => new Mutants.ServesAWrongReading(), Checker.Values, Checker.Clock);

    [Fact]
    public void Never_deleting_is_caught() => Caught(() => new Mutants.NeverDeletes(), Overflowing, Checker.Bounds);

    [Fact]
    public void Correcting_what_was_sent_is_caught() =>
        Caught(() => new ClockMutants.CorrectsWhatWasSent(), Checker.Clock, Checker.Contract);

    [Fact]
    public void Forgetting_the_rules_at_a_start_is_caught() =>
        Caught(() => new ClockMutants.ForgetsTheRulesAtAStart(), Longer, Checker.Clock, Checker.Contract);

    [Fact]
    public void Applying_a_rule_twice_is_caught() =>
        Caught(() => new ClockMutants.AppliesTheRulesTwice(), Checker.Clock);

    [Fact]
    public void Keeping_the_rules_out_of_the_ledger_is_caught() =>
        Caught(() => new ClockMutants.KeepsTheRulesToItself(), Checker.Clock);

    [Fact]
    public void Leaving_the_steps_out_of_the_ledger_is_caught() =>
        Caught(() => new ClockMutants.LeavesTheStepsOut(), Checker.Clock);

    [Fact]
    public void Ordering_by_the_wall_clock_is_caught() =>
        Caught(() => new ClockMutants.OrdersByTheWallClock(), Checker.NothingLost, Checker.Liveness);

    [Fact]
    public void Waiting_by_the_wall_clock_is_caught() =>
        Caught(() => new ClockMutants.WaitsByTheWallClock(), CutOff, Checker.NothingLost, Checker.Liveness);

    [Fact]
    public void Trusting_a_clock_that_nobody_set_is_caught() =>
        Caught(() => new ClockMutants.TrustsAClockThatNobodySet(), Checker.Clock);

    [Fact]
    public void Correcting_what_another_boot_left_is_caught() =>
        Caught(() => new ClockMutants.CorrectsAnotherBoot(), Checker.Clock);

    [Fact]
    public void Sending_faster_than_it_may_is_caught() => Caught(
        () => new Mutants.SendsTwiceAsFast(), settings => settings.Budgeted(), Checker.Traffic);

    /// <summary>Much to say, and for most of the time nobody there to hear it.</summary>
    private static WorldSettings CutOff(WorldSettings settings) =>
        settings with { Overflows = true, CommitEvery = TimeSpan.FromSeconds(5) };

    private static WorldSettings Thin(WorldSettings settings) => settings.Thin() with { Days = 3 };

    private static WorldSettings Longer(WorldSettings settings) => settings with { Days = 2 };

    private static WorldSettings Overflowing(WorldSettings settings) =>
        settings.Overflowing() with { Days = 1 };

    private static void Caught(Func<Seams> mutant, params Checker[] by) =>
        Caught(mutant, settings => settings, by);

    private static void Caught(Func<Seams> mutant, Func<WorldSettings, WorldSettings> plant, params Checker[] by)
    {
        for (var seed = 1; seed <= SeedsMax; seed++)
        {
            var settings = plant(WorldSettings.Of(seed, Days));
            using var world = new PlantWorld(settings with { Seams = mutant() });
            var report = world.Run();
            if (report.Fault is { } fault)
            {
                Assert.True(by.Contains(fault.Checker), $"found by another checker: {report}");
                Assert.True(IsClean(settings), "The world without the mutant is not well either.");
                return;
            }
        }

        Assert.Fail($"No world of {SeedsMax} found it.");
    }

    private static readonly Seams Untouched = new();

    private static bool IsClean(WorldSettings settings) =>
        Clean.GetOrAdd(settings with { Seams = Untouched }, _ => new Lazy<bool>(() =>
        {
            using var world = new PlantWorld(settings);
            return world.Run().Fault is null;
        })).Value;
}
