using Sluice.Provisioning.Certificates;
using Xunit;

namespace Sluice.Fast.Provisioning;

public sealed class ValidityTimeTests
{
    private static readonly DateTimeOffset Released = Day(2026, 11, 22);
    private static readonly DateTimeOffset Made = Day(2027, 3, 1);
    private static readonly DateTimeOffset Ends = Day(2028, 3, 1);
    private static readonly DateTimeOffset LastGood = Day(2027, 9, 1);

    [Theory]
    [InlineData(1970, false)]
    [InlineData(1970, true)]
    [InlineData(2025, false)]
    [InlineData(2025, true)]
    public void A_clock_of_1970_or_two_years_behind_is_judged_by_what_has_certainly_happened(int year, bool isSet)
    {
        var time = ValidityTime.Of(Day(year, 9, 1), isSet, Released, LastGood, Made);

        Assert.Equal(LastGood, time.At);
        Assert.True(time.IsBehind);
        Assert.False(time.MayAct);
        Assert.Equal(DateVerdict.Fine, time.Judge(Made, Ends));
        Assert.Contains("clock", time.ClockProblem, StringComparison.Ordinal);
        Assert.Equal(DateVerdict.Clock, time.Judge(Day(2027, 10, 1), Ends));
        Assert.Equal(DateVerdict.Expired, time.Judge(Made, Day(2027, 4, 1)));
    }

    [Fact]
    public void A_clock_of_2038_that_nobody_set_says_clock_and_not_certificate()
    {
        var time = ValidityTime.Of(Day(2038, 1, 20), false, Released, LastGood, Made);

        Assert.Equal(DateVerdict.Clock, time.Judge(Made, Ends));
        Assert.False(time.MayAct);
        var sentence = time.Problem("the certificate", Made, Ends);
        Assert.Contains("clock says 2038-01-20", sentence, StringComparison.Ordinal);
        Assert.DoesNotContain("expired", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void In_the_real_2038_a_certificate_of_that_year_is_fine_and_an_old_one_is_over()
    {
        var time = ValidityTime.Of(Day(2038, 1, 20), true, Released, Day(2038, 1, 19), Day(2037, 6, 1));

        Assert.Equal(DateVerdict.Fine, time.Judge(Day(2037, 6, 1), Day(2039, 6, 1)));
        Assert.Equal(DateVerdict.Expired, time.Judge(Made, Ends));
        Assert.True(time.MayAct);
        Assert.Null(time.ClockProblem);
    }

    [Fact]
    public void A_set_clock_may_say_not_yet_and_one_that_is_not_set_may_not()
    {
        Assert.Equal(DateVerdict.NotYet,
            ValidityTime.Of(Day(2027, 1, 1), true, Released, null, null).Judge(Made, Ends));
        Assert.Equal(DateVerdict.Clock,
            ValidityTime.Of(Day(2027, 1, 1), false, Released, null, null).Judge(Made, Ends));
    }

    [Fact]
    public void The_floor_is_the_latest_of_all_and_says_which_one_it_is()
    {
        var wall = Day(1970, 1, 1);
        Assert.Equal((Released, "this release"), Floor(ValidityTime.Of(wall, false, Released, null, null), 12));
        Assert.Equal((LastGood, "the clock was"), Floor(ValidityTime.Of(wall, false, Released, LastGood, Made), 13));
        Assert.Equal((Made, "its own cert"), Floor(ValidityTime.Of(wall, false, Released, Released, Made), 12));
        Assert.Equal(
            (Ends, "a test"), Floor(ValidityTime.Of(wall, false, Released, null, null).NotBefore(Ends, "a test"), 6));

        static (DateTimeOffset, string) Floor(ValidityTime time, int letters) => (time.Floor, time.FloorIs[..letters]);
    }

    /// <summary>A clock had jumped to 2038 for a day, and the gateway judged by that for ever.</summary>
    [Fact]
    public void A_saved_time_decades_ahead_of_all_else_counts_for_nothing()
    {
        var time = ValidityTime.Of(Day(1970, 1, 1), false, Released, Day(2038, 1, 20), null);

        Assert.Equal(Released, time.At);
        Assert.Equal(DateVerdict.Fine, time.Judge(Released, Ends));
        Assert.Equal(Made, time.NotBefore(Made, "a test").At);
        Assert.Equal(Day(2038, 1, 20), time.NotBefore(Day(2034, 1, 1), "a test").At);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_the_floor_proves_over_is_over_whatever_the_clock_says(bool isSet) =>
        Assert.Equal(DateVerdict.Expired,
            ValidityTime.Of(Day(1970, 1, 1), isSet, Released, Day(2029, 1, 1), null).Judge(Made, Ends));

    private static DateTimeOffset Day(int year, int month, int day) => new(year, month, day, 0, 0, 0, TimeSpan.Zero);
}
