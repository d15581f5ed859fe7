using CsCheck;
using Sluice.Agent.Buffering;
using Sluice.Fast.Buffering.Contract;
using Sluice.Hal;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering.Stamps;

/// <summary>Readings before the clock is set: what they look like, when they are corrected, and that nothing changes
/// once it was handed to the link.</summary>
public sealed class ClockTests
{
    private static readonly DateTimeOffset Wrong = new(1970, 1, 1, 0, 0, 20, TimeSpan.Zero);

    [Fact]
    public void Before_the_clock_is_set_good_readings_are_uncertain_and_others_keep_their_reason()
    {
        var bench = new ClockBench(Wrong);
        bench.Append(20);
        bench.Stores.Commit();

        Assert.Equal(20, bench.Send(bench.View.Store, 1, 100));

        for (var position = 1; position <= 20; position++)
        {
            var stored = NumberedReadings.At(position);
            Assert.Equal(
                stored.Quality.IsGood ? Quality.Uncertain(QualityReason.ClockNotSet) : stored.Quality,
                bench[position].Quality);
            Assert.Equal(1970, bench[position].SourceTimestamp.Year);
        }
    }

    [Fact]
    public void What_was_never_handed_to_the_link_is_corrected_and_what_was_stays_as_it_is_for_ever()
    {
        var bench = new ClockBench(Wrong);
        bench.Append(30);
        bench.Stores.Commit();
        bench.Send(bench.View.Store, 11, 10);
        var asSent = bench[15];

        bench.Synchronise();
        bench.Append(5);
        bench.Stores.Commit();
        bench.Replay();

        Assert.Equal(asSent, bench[15]);
        Assert.Equal((true, 2026), (bench[2].Quality.IsGood, bench[2].SourceTimestamp.Year));
        Assert.Equal((true, 2026), (bench[30].Quality.IsGood, bench[30].SourceTimestamp.Year));
        bench.CheckTimes();
        Assert.Equal(
            [new PositionRange(1, 10), new PositionRange(21, 30)],
            bench.View.Corrections.Select(rule => rule.Range));
        var step = Assert.Single(bench.Stores.View.Record!.Steps);
        Assert.All(bench.View.Corrections, rule => Assert.Equal(step.OffsetMilliseconds, rule.OffsetMilliseconds));
        Assert.Equal(bench[15].MonotonicMilliseconds + 7, bench[16].MonotonicMilliseconds);
        Assert.Equal(bench[2].MonotonicMilliseconds + (13 * 7), bench[15].MonotonicMilliseconds);
    }

    [Fact]
    public void A_clock_that_was_right_all_along_only_takes_the_doubt_away()
    {
        var bench = new ClockBench();
        bench.Append(5);
        bench.Stores.Commit();
        bench.Machine.Synchronised = true;
        bench.Replay();

        Assert.Equal(0, Assert.Single(bench.View.Corrections).OffsetMilliseconds);
        Assert.True(bench[1].Quality.IsGood);
        bench.CheckTimes();
    }

    [Fact]
    public void What_another_boot_left_stays_as_it_was_read()
    {
        var bench = new ClockBench(Wrong);
        bench.Append(10);
        bench.Stores.Commit();
        bench.CutPower(bench.Disk.Resume(), TimeSpan.FromMinutes(3), TimeSpan.FromDays(10_000), isSynchronised: false);
        bench.Append(10);
        bench.Stores.Commit();
        bench.Synchronise();
        bench.Replay();

        Assert.Equal(Quality.Uncertain(QualityReason.ClockNotSet), bench[10].Quality);
        Assert.Equal([new PositionRange(11, 20)], bench.View.Corrections.Select(rule => rule.Range));
        bench.CheckTimes();
    }

    [Fact]
    public void A_restart_of_the_agent_in_the_same_boot_corrects_what_the_run_before_it_stored()
    {
        var bench = new ClockBench(Wrong);
        bench.Append(10);
        bench.Stores.Commit();
        bench.Send(bench.View.Store, 1, 4);
        bench.Kill();
        bench.Append(10);
        bench.Stop();
        bench.Synchronise();
        bench.StartAgain();
        bench.Replay();

        Assert.Equal([new PositionRange(5, 20)], bench.View.Corrections.Select(rule => rule.Range));
        Assert.Equal(Quality.Uncertain(QualityReason.ClockNotSet), bench[4].Quality);
        bench.CheckTimes();
    }

    [Fact]
    public void The_last_readings_in_a_birth_are_handed_out_as_well_and_stay()
    {
        var bench = new ClockBench(Wrong);
        bench.Append(60);
        bench.Stores.Commit();
        bench.SendBirth();
        bench.Synchronise();
        bench.Replay();
        bench.SendBirth();

        Assert.Equal(36, bench.View.Corrections.Sum(rule => rule.Range.Count));
        bench.CheckTimes();
    }

    /// <summary>
    /// Asking for the birth commits; what became present by that had not been released and was left out, and what it
    /// replaced as well.
    /// </summary>
    [Fact]
    public void A_birth_that_was_asked_for_before_a_commit_was_due_left_those_signals_out()
    {
        var bench = new ClockBench(Wrong);
        bench.Append(24);
        bench.Stores.Commit();
        bench.Append(24);

        var present = bench.Stores.Present();

        Assert.Equal(24, present.Count);
        Assert.All(present, reading => Assert.False(reading.Reading.IsProvisional));
        bench.SendBirth();
        bench.Synchronise();
        bench.Replay();
        bench.SendBirth();
    }

    [Fact]
    public void On_a_disk_that_takes_nothing_what_could_still_change_is_held_back_and_the_present_goes_on()
    {
        var bench = new ClockBench(Wrong);
        bench.Append(10);
        bench.Stores.Commit();
        var store = bench.View.Store;
        bench.Disk.Mood = DiskMood.ReadOnly;
        bench.Append(5);
        bench.Stores.Commit();

        Assert.Equal(0, bench.Send(store, 1, 100));
        Assert.Equal(5, bench.Send(bench.View.Store, 1, 100));

        bench.Disk.Mood = DiskMood.Works;
        bench.Advance(StoreSwitch.ProbeEvery);
        Assert.True(bench.Stores.Probe());
        bench.Synchronise();
        Assert.Equal(10, bench.Send(store, 1, 100));
        bench.CheckTimes();
    }

    /// <summary>
    /// The release of a reading was not durable when the clock was set, and with the stretch its doubt was gone: it
    /// went out as it was read, and was corrected when the disk was opened again.
    /// </summary>
    [Fact]
    public void A_release_that_the_disk_never_took_lets_nothing_go_when_the_clock_is_set_meanwhile()
    {
        var bench = new ClockBench(Wrong);
        bench.Append(10);
        bench.Stores.Commit();
        var store = bench.View.Store;
        bench.Disk.Mood = DiskMood.ReadOnly;
        Assert.Equal(0, bench.Send(store, 1, 100));
        bench.Synchronise();
        Assert.Equal(0, bench.Send(store, 1, 100));

        bench.Disk.Mood = DiskMood.Works;
        bench.Advance(StoreSwitch.ProbeEvery);
        Assert.True(bench.Stores.Probe());
        Assert.Equal(10, bench.Send(store, 1, 100));
        Assert.True(bench[2].Quality.IsGood);
        bench.CheckTimes();
    }

    [Fact]
    public void A_memory_only_store_is_corrected_as_well()
    {
        var bench = new ClockBench(Wrong);
        bench.Disk.Mood = DiskMood.ReadOnly;
        bench.Append(5);
        bench.Stores.Commit();
        Assert.True(bench.View.IsVolatile);
        bench.Send(bench.View.Store, 1, 2);
        bench.Synchronise();
        bench.Replay();

        Assert.Equal([new PositionRange(3, 5)], bench.View.Corrections.Select(rule => rule.Range));
        bench.CheckTimes();
    }

    [Fact]
    public void However_the_clock_behaves_nothing_changes_once_it_was_sent_and_no_good_time_is_wrong() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[1, 60], Gen.Int[0, 1_000_000]).Array[1, 40].Sample(Live, iter: 150);

    [Fact]
    [Trait("suite", "world")]
    public void A_power_cut_between_any_two_steps_changes_nothing_that_was_sent()
    {
        for (var seed = 1; seed <= 6; seed++)
        {
            var violations = new ClockSchedule(seed).Violations(states: 60);
            Assert.True(violations.Count == 0, $"seed {seed}: {violations.FirstOrDefault()}");
        }
    }

    [Fact]
    [Trait("suite", "world")]
    public void A_release_that_is_not_made_durable_is_caught_by_that_test()
    {
        var caught = Enumerable.Range(1, 6).Sum(seed =>
            new ClockSchedule(seed, ignoresSyncOf: name => name.StartsWith("journal", StringComparison.Ordinal))
                .Violations(states: 60).Count);
        Assert.True(caught > 0, "a disk that ignores its syncs went unnoticed");
    }

    private static void Live((int Action, int Amount, int Where)[] life)
    {
        var bench = new ClockBench(Wrong);
        foreach (var (action, amount, where) in life)
        {
            Act(bench, action, amount, where);
        }

        bench.Stores.Commit();
        bench.Replay();
        bench.CheckTimes();
    }

    internal static void Act(ClockBench bench, int action, int amount, int where)
    {
        switch (action)
        {
            case 0 or 1:
                bench.Append(amount);
                break;
            case 2:
                bench.Stores.Commit();
                break;
            case 3 or 4:
                var stores = bench.Stores.View.Stores;
                var store = stores[where % stores.Count];
                bench.Send(store.Store, 1 + (where % store.Next), amount);
                break;
            case 5:
                // Somebody sets the clock by hand: the kernel calls it unsynchronised.
                bench.Machine.Synchronised = false;
                bench.Machine.Step(TimeSpan.FromSeconds(where - 500_000));
                bench.Stores.Look();
                break;
            case 6:
                bench.Synchronise();
                bench.Stores.Look();
                break;
            case 7:
                bench.SendBirth();
                break;
            case 8:
                bench.Kill();
                break;
            case 9:
                bench.Advance(TimeSpan.FromMinutes(amount));
                break;
        }
    }
}
