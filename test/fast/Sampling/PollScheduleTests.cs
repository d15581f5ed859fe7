using CsCheck;
using Sluice.Agent.Sampling;
using Xunit;

namespace Sluice.Fast.Sampling;

public sealed class PollScheduleTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Everything_is_due_at_the_start()
    {
        var schedule = new PollSchedule([Second, 5 * Second], TimeSpan.Zero);

        Assert.Equal(TimeSpan.Zero, schedule.NextDue);
        Assert.Equal([0, 1], TakeDue(schedule, TimeSpan.Zero, 2));
        Assert.Equal(Second, schedule.NextDue);
    }

    [Fact]
    public void A_late_turn_does_not_shift_the_grid()
    {
        var schedule = new PollSchedule([Second], TimeSpan.Zero);
        TakeDue(schedule, TimeSpan.Zero, 1);

        TakeDue(schedule, 1.4 * Second, 1);

        Assert.Equal(2 * Second, schedule.NextDue);
        Assert.Equal(0, schedule.Skipped);
    }

    [Fact]
    public void Turns_that_a_blocked_source_missed_are_counted_and_not_made_up_for()
    {
        var schedule = new PollSchedule([Second, Second, 10 * Second], TimeSpan.Zero);
        TakeDue(schedule, TimeSpan.Zero, 3);

        var due = TakeDue(schedule, 12.5 * Second, 3);

        Assert.Equal([0, 1, 2], due);
        Assert.Equal(2 * 11, schedule.Skipped);
        Assert.Equal(13 * Second, schedule.NextDue);
    }

    [Fact]
    public void A_source_without_signals_is_never_due() =>
        Assert.Equal(TimeSpan.MaxValue, new PollSchedule([], TimeSpan.Zero).NextDue);

    [Fact]
    public void Turns_taken_plus_turns_skipped_equal_turns_of_the_grid() =>
        Gen.Select(Gen.Int[1, 900], Gen.Int[1, 2_000].Array[1, 60]).Sample((everyMs, steps) =>
        {
            var every = TimeSpan.FromMilliseconds(everyMs);
            var schedule = new PollSchedule([every], TimeSpan.Zero);
            var now = TimeSpan.Zero;
            long taken = 0;
            foreach (var step in steps)
            {
                taken += TakeDue(schedule, now, 1).Length;
                Assert.True(schedule.NextDue > now, "what is due was taken");
                Assert.Equal(0, schedule.NextDue.Ticks % every.Ticks);
                Assert.Equal(schedule.NextDue.Ticks / every.Ticks, taken + schedule.Skipped);
                now += TimeSpan.FromMilliseconds(step);
            }
        });

    private static int[] TakeDue(PollSchedule schedule, TimeSpan now, int signals)
    {
        var due = new int[signals];
        return due[..schedule.TakeDue(now, due)];
    }
}
