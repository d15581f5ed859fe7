using Sluice.Agent.Watchdog;
using Xunit;

namespace Sluice.Fast.Watchdog;

public sealed class ProgressWatchTests
{
    private static readonly LoopStep Reads = new("reads", TimeSpan.FromSeconds(10));
    private static readonly LoopStep Waits = new("waits", TimeSpan.FromSeconds(40));

    /// <summary>What a loop shows at each look, five seconds apart: a letter for its step, a digit for its marks.
    /// </summary>
    [Theory]
    [InlineData("r1 r2 r3 r4 r5 r6", 0)]
    [InlineData("r1 r1 r1", 0)]
    [InlineData("r1 r1 r1 r1", 1)]
    [InlineData("r1 r1 r1 r2 r2 r2", 0)]
    [InlineData("r1 w1 r1 w1 r1 w1", 0)]
    [InlineData("r1 r1 r1 r1 r1 r1 r2 r2", 3)]
    [InlineData("w1 w1 w1 w1 w1 w1 w1 w1 w1", 0)]
    [InlineData("w1 w1 w1 w1 w1 w1 w1 w1 w1 w1", 1)]
    [InlineData("b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1 b1", 0)]
    [InlineData("n1 n1 n1 n1 n1 n1 n1 n1 n1 n1 n1 n1", 0)]
    [InlineData("b1 r1 r1 r1 r1", 1)]
    public void A_loop_is_stuck_that_shows_nothing_new_for_longer_than_its_step_may_take(string shown, int stuckLooks)
    {
        var watch = new ProgressWatch();
        var stuck = shown.Split(' ').Select((sign, look) => watch.Observe(
            TimeSpan.FromSeconds(5 * look), [new LoopSign("loop", StepOf(sign[0]), sign[1] - '0')]).Count).ToList();

        Assert.Equal(stuckLooks, stuck.Sum());
    }

    [Fact]
    public void Who_is_stuck_is_named_with_what_it_does_and_for_how_long_and_nobody_else_is()
    {
        var watch = new ProgressWatch();
        for (var second = 0; second <= 10; second += 5)
        {
            Assert.Empty(Look(second));
        }

        Assert.Equal([new StuckLoop("Source plc", "reads", TimeSpan.FromSeconds(15))], Look(15));
        Assert.Equal([new StuckLoop("Source plc", "reads", TimeSpan.FromSeconds(20))], Look(20));

        IReadOnlyList<StuckLoop> Look(int second) => watch.Observe(
            TimeSpan.FromSeconds(second),
            [new LoopSign("Source plc", Reads, 7), new LoopSign("The publisher", Reads, second)]);
    }

    /// <summary>A machine that slept, or was suspended: the loops had no time either.</summary>
    [Fact]
    public void A_step_that_began_behind_a_long_pause_has_its_whole_time()
    {
        var watch = new ProgressWatch();
        Assert.Empty(watch.Observe(TimeSpan.Zero, [new LoopSign("loop", Reads, 1)]));
        Assert.Empty(watch.Observe(TimeSpan.FromHours(9), [new LoopSign("loop", Reads, 2)]));
        Assert.Empty(watch.Observe(TimeSpan.FromHours(9).Add(TimeSpan.FromSeconds(10)), [new("loop", Reads, 2)]));
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("", null, null)]
    [InlineData("0", null, null)]
    [InlineData("-5", null, null)]
    [InlineData("60000000", null, 60.0)]
    [InlineData("60000000", "17", 60.0)]
    [InlineData("60000000", "18", null)]
    [InlineData("60000000", "", null)]
    [InlineData("1000", "17", 1.0)]
    [InlineData("99999999999999999", "17", null)]
    public void The_period_is_the_units_where_it_means_this_process(string? period, string? process, double? seconds) =>
        Assert.Equal(seconds, WatchdogPeriod.Of(period, process, 17)?.TotalSeconds);

    private static LoopStep StepOf(char letter) => letter switch
    {
        'r' => Reads,
        'w' => Waits,
        'b' => LoopStep.OfTheBuffer,
        _ => LoopStep.NotThere,
    };
}
