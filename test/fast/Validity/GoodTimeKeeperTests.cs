using Sluice.Agent.Time;
using Sluice.Plant.Clock;
using Xunit;

namespace Sluice.Fast.Validity;

public sealed class GoodTimeKeeperTests
{
    private static readonly DateTimeOffset Certain = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Right = Certain.AddDays(90);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_set_clock_is_saved_after_an_hour_and_then_once_an_hour_and_at_the_stop()
    {
        var (machine, saved) = Lived(Right, true, (_, _) => { }, minutes: 24 * 60);

        Assert.InRange(saved.Count, 23, 25);
        Assert.Equal(saved.Order(), saved);
        Assert.InRange(machine.GetUtcNow() - saved[^1], TimeSpan.Zero, Minute);
    }

    [Fact]
    public void A_clock_that_nobody_set_is_never_saved() =>
        Assert.Empty(Lived(Right, false, (_, _) => { }, minutes: 600).Saved);

    [Theory]
    [InlineData(-57 * 366)]
    [InlineData(-2 * 366)]
    public void A_clock_that_is_declared_right_and_says_less_than_is_certain_is_never_saved(int days) =>
        Assert.Empty(Lived(Right.AddDays(days), true, (_, _) => { }, minutes: 600).Saved);

    [Fact]
    public void A_jump_that_is_put_right_within_the_hour_is_never_saved()
    {
        var (_, saved) = Lived(Right, true, (machine, minute) =>
        {
            if (minute is 200 or 255)
            {
                machine.Step(minute == 200 ? TimeSpan.FromDays(4000) : -TimeSpan.FromDays(4000));
            }
        }, minutes: 600);

        Assert.All(saved, each => Assert.True(each < Right.AddDays(2)));
        Assert.True(saved.Count > 5);
    }

    [Fact]
    public void What_a_clock_that_was_wrong_saved_is_taken_back_an_hour_after_it_was_put_right()
    {
        var (_, saved) = Lived(Right, true, (machine, minute) =>
        {
            if (minute is 100 or 300)
            {
                machine.Step(minute == 100 ? TimeSpan.FromDays(700) : -TimeSpan.FromDays(700));
            }
        }, minutes: 365);

        Assert.Contains(saved, each => each > Right.AddDays(699));
        Assert.True(saved[^1] < Right.AddDays(1));
    }

    [Fact]
    public void What_the_disk_did_not_take_is_due_at_the_next_look()
    {
        var keeper = new GoodTimeKeeper();
        var machine = new SimulatedMachine(Right, true);
        for (var minute = 0; minute < 60; minute++, machine.Advance(Minute))
        {
            Assert.Null(keeper.Look(Look(machine), isLast: false));
        }

        Assert.NotNull(keeper.Look(Look(machine), isLast: false));
        machine.Advance(Minute);
        Assert.NotNull(keeper.Look(Look(machine), isLast: false));
        keeper.Saved(Look(machine));
        machine.Advance(Minute);
        Assert.Null(keeper.Look(Look(machine), isLast: false));
    }

    private static (SimulatedMachine Machine, List<DateTimeOffset> Saved) Lived(
        DateTimeOffset from, bool isSet, Action<SimulatedMachine, int> happens, int minutes)
    {
        var keeper = new GoodTimeKeeper();
        var machine = new SimulatedMachine(from, isSet);
        var saved = new List<DateTimeOffset>();
        for (var minute = 0; minute <= minutes; minute++)
        {
            machine.Advance(Minute);
            happens(machine, minute);
            if (keeper.Look(Look(machine), isLast: minute == minutes) is { } good)
            {
                saved.Add(good);
                keeper.Saved(Look(machine));
            }
        }

        return (machine, saved);
    }

    private static ClockLook Look(SimulatedMachine machine) => new(
        machine.GetUtcNow(), TimeSpan.FromTicks(machine.GetTimestamp()), machine.IsSynchronised(), Certain);
}
