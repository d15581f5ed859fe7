using Sluice.Plant.Day;
using Xunit;

namespace Sluice.Fast.Plant;

/// <summary>What a day of faults forgives, and what it does not.</summary>
public sealed class Day_verdict
{
    private const string Signal = "press/count";
    private const long Noon = 1_800_000_000_000;
    private const long Hour = 3_600_000;

    private readonly ClockCourse clock = new();

    [Fact]
    public void What_was_given_and_kept_is_right()
    {
        var verdict = Judge([Given(1, 0), Given(2, 50)], [Kept(1, 10), Kept(2, 60)]);

        Assert.Equal((2, 2, 0, 0), (verdict.Given, verdict.Arrived, verdict.TooLate, verdict.InGaps));
        Assert.Empty(verdict.Unexplained);
        Assert.Empty(verdict.Wrong);
    }

    [Fact]
    public void A_value_that_nobody_speaks_of_is_unexplained() =>
        Assert.Equal([Given(2, 50)], Judge([Given(1, 0), Given(2, 50)], [Kept(1, 10)]).Unexplained);

    [Fact]
    public void A_Bad_reading_stands_for_one_value_of_its_moment_and_signal()
    {
        GivenValue[] given = [Given(1, 0), Given(2, 400), Given(3, 5_000)];

        var verdict = Judge(given, [Bad(100), Bad(5_100, "oven/count")]);

        Assert.Equal(1, verdict.TooLate);
        Assert.Equal([Given(2, 400), Given(3, 5_000)], verdict.Unexplained);
    }

    [Fact]
    public void An_interval_of_the_ledger_explains_what_is_missing_in_it_and_nothing_else()
    {
        GivenValue[] given = [Given(1, 0), Given(2, 900), Given(3, 1_000), Given(4, 4_000), Given(5, 4_100)];

        var verdict = Judge(given, [], new ToldGap(Noon + 1_000, Noon + 4_000, LossMilliseconds: 100));

        Assert.Equal(3, verdict.InGaps);
        Assert.Equal([Given(1, 0), Given(5, 4_100)], verdict.Unexplained);
    }

    [Fact]
    public void Times_of_a_gateway_whose_clock_is_wrong_are_understood()
    {
        clock.Step(Noon + 1_000, -Hour);
        clock.Step(Noon + 9_000, 0);
        GivenValue[] given = [Given(1, 0), Given(2, 2_000), Given(3, 5_000), Given(4, 9_500)];

        var verdict = Judge(
            given, [Kept(1, 10), Kept(2, 2_010 - Hour), Kept(4, 9_510)],
            new ToldGap(Noon + 4_000 - Hour, Noon + 9_400, LossMilliseconds: 50));

        Assert.Empty(verdict.Wrong);
        Assert.Equal((3, 1), (verdict.Arrived, verdict.InGaps));
        Assert.Empty(verdict.Unexplained);
    }

    [Fact]
    public void A_memory_that_ended_explains_what_was_missing_in_it_then_and_no_more_than_that()
    {
        GivenValue[] given =
            [Given(1, 0), Given(2, 5_000), Given(3, 5_100), Given(4, 10_000), Given(5, 20_000), Given(6, 30_000)];
        KeptReading[] kept = [Kept(1, 0, "m", 1), Kept(4, 10_000, "m", 3), Kept(6, 30_000, "disk", 7)];

        var verdict = DayVerdict.Of(given, kept, [], [new EndedMemory("m", 5)], clock);

        Assert.Equal(2, verdict.WithMemory);
        Assert.Equal([Given(3, 5_100)], verdict.Unexplained);
        Assert.Equal(2, DayVerdict.Of(given, kept, [], [new EndedMemory("m", 1)], clock).Unexplained.Count);
    }

    [Fact]
    public void A_time_in_which_it_was_not_given_is_wrong()
    {
        clock.Step(Noon + 60_000, Hour);

        Assert.Single(Judge([Given(1, 0)], [Kept(1, 3_000)]).Wrong);
        Assert.Single(Judge([Given(1, 0)], [Kept(1, Hour)]).Wrong);
    }

    [Fact]
    public void A_value_that_was_never_given_and_one_that_came_twice_are_wrong()
    {
        var verdict = Judge([Given(1, 0)], [Kept(1, 10), Kept(1, 20), Kept(2, 10)]);

        Assert.Equal(2, verdict.Wrong.Count);
    }

    [Fact]
    public void A_clock_that_was_put_back_showed_some_moments_twice()
    {
        clock.Step(Noon + 60_000, -30_000);

        Assert.Equal([Noon + 40_000, Noon + 70_000], clock.When(Noon + 40_000));
        Assert.Equal([(Noon + 60_000, -30_000L)], clock.Steps);
    }

    private DayVerdict Judge(GivenValue[] given, KeptReading[] kept, params ToldGap[] gaps) =>
        DayVerdict.Of(given, kept, gaps, [], clock);

    private static GivenValue Given(long count, long after) => new(Signal, count, Noon + after);

    private static KeptReading Kept(long count, long after) => Kept(count, after, "store", count);

    private static KeptReading Kept(long count, long after, string store, long position) =>
        new(Signal, store, position, $"{count}", "Good", "", Noon + after);

    private static KeptReading Bad(long after, string signal = Signal) =>
        new(signal, "store", 1, "null", "Bad", "Timeout", Noon + after);
}
