using CsCheck;
using Sluice.Agent.Time;
using Sluice.Hal;
using Sluice.Plant.Clock;
using Xunit;

namespace Sluice.Fast.Time;

public sealed class ClockWatchTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_clock_is_not_set_before_its_first_synchronisation_and_set_after_it()
    {
        var (machine, watch) = Begin(isSynchronised: false);
        Assert.False(watch.Current!.IsSet);

        machine.Synchronised = true;

        Assert.Equal(new ClockChange(null, true), Look(machine, watch));
        Assert.True(watch.Current!.IsSet);
    }

    [Fact]
    public void A_time_server_that_goes_away_takes_nothing_back()
    {
        var (machine, watch) = Begin(isSynchronised: true);
        machine.Advance(TimeSpan.FromDays(30));
        machine.Synchronised = false;

        Assert.Null(Look(machine, watch));
        Assert.True(watch.Current!.IsSet);
    }

    [Fact]
    public void Somebody_who_sets_the_clock_by_hand_takes_it_back_and_the_time_service_does_not()
    {
        var (machine, watch) = Begin(isSynchronised: true);
        machine.Step(TimeSpan.FromSeconds(2));
        Assert.True(Look(machine, watch)!.IsSet);

        machine.Step(TimeSpan.FromDays(-7305));
        machine.Synchronised = false;

        var change = Look(machine, watch);
        Assert.Equal((false, (long)TimeSpan.FromDays(-7305).TotalMilliseconds),
            (change!.IsSet, change.Step!.OffsetMilliseconds));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(499, false)]
    [InlineData(-499, false)]
    [InlineData(500, true)]
    [InlineData(-501, true)]
    public void A_step_is_half_a_second_or_more(int milliseconds, bool isStep)
    {
        var (machine, watch) = Begin(isSynchronised: true);
        machine.Advance(TimeSpan.FromSeconds(5));
        machine.Step(TimeSpan.FromMilliseconds(milliseconds));

        Assert.Equal(isStep, Look(machine, watch)?.Step is not null);
        Assert.Null(Look(machine, watch));
    }

    [Fact]
    public void A_reading_is_known_by_the_clock_that_stamped_it_however_late_it_is_stored()
    {
        var (machine, watch) = Begin(isSynchronised: false);
        var unset = watch.Current;
        var before = Read(machine);
        machine.Advance(TimeSpan.FromSeconds(1));
        machine.Step(TimeSpan.FromHours(4));
        machine.Synchronised = true;
        var after = Read(machine);

        // The reading behind the step may be stored before anybody has looked at the clock.
        Look(machine, watch);

        Assert.Equal(unset, watch.Of(before.Utc, before.Monotonic));
        Assert.Equal(watch.Current, watch.Of(after.Utc, after.Monotonic));
        Assert.True(watch.Current!.IsSet);
    }

    [Fact]
    public void A_reading_between_two_steps_that_nobody_saw_is_not_taken_for_right()
    {
        var (machine, watch) = Begin(isSynchronised: true);
        machine.Step(TimeSpan.FromHours(-3));
        var between = Read(machine);
        machine.Step(TimeSpan.FromHours(3));
        Look(machine, watch);

        var clock = watch.Of(between.Utc, between.Monotonic);

        Assert.False(clock.IsSet);
        Assert.True(watch.Current!.IsSet);
        Assert.Equal(
            between.Monotonic, ReadingClock.Milliseconds(between.Utc) - clock.OffsetMilliseconds);
    }

    [Fact]
    public void A_run_of_the_agent_goes_on_with_what_the_one_before_it_saw_in_the_same_boot()
    {
        var (machine, first) = Begin(isSynchronised: true);
        machine.Synchronised = false;
        var same = new ClockWatch(machine.Boot);
        same.Resume(first.Current!);
        Look(machine, same);
        Assert.True(same.Current!.IsSet);

        machine.Reboot(Start.AddYears(-56), isSynchronised: false);
        var next = new ClockWatch(machine.Boot);
        next.Resume(first.Current!);
        Look(machine, next);
        Assert.False(next.Current!.IsSet);
    }

    [Fact]
    public void Whatever_happens_a_clock_is_set_by_synchronisation_only_and_unset_by_a_step_only() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[-5_000_000, 5_000_000]).Array[1, 60].Sample(life =>
        {
            var (machine, watch) = Begin(isSynchronised: false);
            foreach (var (action, amount) in life)
            {
                var before = watch.Current!;
                var moved = 0;
                switch (action)
                {
                    case 0:
                        machine.Advance(TimeSpan.FromMilliseconds(Math.Abs((long)amount)));
                        break;
                    case 1:
                        moved = amount;
                        machine.Step(TimeSpan.FromMilliseconds(amount));
                        break;
                    case 2:
                        machine.Synchronised = true;
                        break;
                    case 3:
                        machine.Synchronised = false;
                        break;
                }

                var stamped = Read(machine);
                var change = Look(machine, watch);
                var now = watch.Current!;
                Assert.True(!now.IsSet || machine.Synchronised || before.IsSet, "set without synchronisation");
                Assert.True(now.IsSet || !before.IsSet || Math.Abs(moved) >= 400, "unset without a step");
                Assert.True(!machine.Synchronised || now.IsSet, "synchronised and not set");
                var apart = Math.Abs(now.OffsetMilliseconds - before.OffsetMilliseconds);
                Assert.Equal(change?.Step is not null, apart >= 500);
                Assert.Equal(now, watch.Of(stamped.Utc, stamped.Monotonic));
            }
        });

    [Fact]
    public void This_machine_says_what_its_clock_is()
    {
        var asked = KernelClock.Ask();
        if (asked is { } state)
        {
            // adjtimex(2): TIME_OK to TIME_ERROR; the kernel's own bound of the error is 16 s.
            Assert.InRange(state.State, 0, 5);
            Assert.InRange(state.ErrorMaxMicroseconds, 0, 16_000_000);
            Assert.Equal(state.State == 5 || (state.Status & 0x40) != 0, !state.IsSynchronised);
        }

        var boot = Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());
        var here = HostClock.Here(() => Guid.Empty);
        Assert.Equal(boot, here.Boot);
        Assert.Equal(
            asked is { IsSynchronised: true } || File.Exists("/run/systemd/timesync/synchronized"),
            here.IsSynchronised());
    }

    [Fact]
    public void The_mark_of_timesyncd_is_enough_and_a_machine_without_a_boot_id_gets_one()
    {
        var other = new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]);
        var mark = Path.GetTempFileName();
        try
        {
            var clock = new HostClock("/proc/no-such-file", mark, () => other);
            Assert.Equal(other, clock.Boot);
            Assert.True(clock.IsSynchronised());
        }
        finally
        {
            File.Delete(mark);
        }
    }

    private static (SimulatedMachine Machine, ClockWatch Watch) Begin(bool isSynchronised)
    {
        var machine = new SimulatedMachine(Start, isSynchronised);
        var watch = new ClockWatch(machine.Boot);
        Look(machine, watch);
        return (machine, watch);
    }

    private static ClockChange? Look(SimulatedMachine machine, ClockWatch watch)
    {
        var (utc, monotonic) = Read(machine);
        return watch.Observe(new ClockSighting(utc, monotonic, machine.IsSynchronised()));
    }

    private static (DateTime Utc, long Monotonic) Read(TimeProvider machine) =>
        (Reading.Stamp(machine), Reading.Monotonic(machine));
}
