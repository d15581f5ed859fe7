using CsCheck;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Delivery;
using Xunit;

namespace Sluice.Fast.Publishing;

public sealed class PacingTests
{
    [Fact]
    public void The_budget_holds_its_average_and_lets_any_size_pass() =>
        Gen.Select(Gen.Int[1, 200_000].Array[1, 60], Gen.Long[1000, 100_000]).Sample((sizes, rate) =>
        {
            var budget = new RateBudget(rate);
            var now = TimeSpan.Zero;
            foreach (var size in sizes)
            {
                now += budget.Wait(now);
                budget.Spend(size, now);
            }

            // All but the last were paid for, and one second's worth was saved up at the start.
            var paid = sizes.Take(sizes.Length - 1).Sum(size => (long)size);
            Assert.True(now.TotalSeconds >= ((paid - rate) / (double)rate) - 0.001);
            Assert.True(now.TotalSeconds <= (paid / (double)rate) + 0.001);
        });

    [Fact]
    public void A_hold_pauses_one_second_and_twice_as_long_after_each_refusal_up_to_half_a_minute()
    {
        var hold = new HoldPolicy();
        Assert.Equal(16, hold.Window(16, TimeSpan.Zero));
        double[] pauses = [1, 2, 4, 8, 16, 30, 30];
        var now = TimeSpan.FromSeconds(100);
        foreach (var pause in pauses)
        {
            hold.Failed(now);
            Assert.Equal(now + TimeSpan.FromSeconds(pause), hold.Until);
            Assert.Equal(0, hold.Window(16, hold.Until - TimeSpan.FromMilliseconds(1)));
            now = hold.Until;
            Assert.Equal(1, hold.Window(16, now));
        }

        hold.Clear();
        Assert.Equal(16, hold.Window(16, now));
    }

    [Fact]
    public void Many_refusals_of_one_window_pause_once()
    {
        var hold = new HoldPolicy();
        for (var i = 0; i < 16; i++)
        {
            hold.Failed(TimeSpan.FromMilliseconds(i));
        }

        Assert.Equal(TimeSpan.FromSeconds(1), hold.Until);
    }

    [Fact]
    public void Backfill_grows_while_answers_are_quick_and_halves_when_they_are_late()
    {
        var window = new BackfillWindow();
        var now = TimeSpan.Zero;
        for (var i = 0; i < 200; i++)
        {
            window.Accepted(TimeSpan.FromMilliseconds(5), now += TimeSpan.FromMilliseconds(5));
        }

        Assert.Equal(BackfillWindow.MessagesMax, window.Messages);
        window.Accepted(TimeSpan.FromMilliseconds(400), now += TimeSpan.FromMilliseconds(400));
        Assert.Equal(7, window.Messages);

        // The rest of the same late round is not a second reason.
        window.Accepted(TimeSpan.FromMilliseconds(400), now + TimeSpan.FromMilliseconds(10));
        Assert.Equal(7, window.Messages);
    }

    [Fact]
    public void Backfill_never_stops_altogether() =>
        Gen.Int[0, 5000].Array[1, 200].Sample(latencies =>
        {
            var window = new BackfillWindow();
            var now = TimeSpan.Zero;
            foreach (var latency in latencies)
            {
                now += TimeSpan.FromMilliseconds(latency);
                window.Accepted(TimeSpan.FromMilliseconds(latency), now);
                Assert.InRange(window.Messages, 1, BackfillWindow.MessagesMax);
            }
        });

    [Fact]
    public void A_thin_link_settles_at_one_message_of_history_so_that_live_waits_for_one_at_most()
    {
        // One message of history takes half a second on the wire; a live one alone takes ten milliseconds.
        var window = new BackfillWindow();
        var now = TimeSpan.Zero;
        window.Accepted(TimeSpan.FromMilliseconds(10), now);
        for (var i = 0; i < 50; i++)
        {
            var latency = TimeSpan.FromMilliseconds(500 * window.Messages);
            window.Accepted(latency, now += latency);
        }

        Assert.Equal(1, window.Messages);
    }

    [Fact]
    public void The_forecast_says_when_a_steady_drain_ends_and_nothing_while_the_backlog_grows()
    {
        var forecast = new CatchUpForecast();
        Assert.Null(forecast.Observe(1000, TimeSpan.Zero));
        Assert.Equal(TimeSpan.FromSeconds(9), forecast.Observe(900, TimeSpan.FromSeconds(1)));
        Assert.Equal(TimeSpan.Zero, forecast.Observe(0, TimeSpan.FromSeconds(10)));
        Assert.Null(forecast.Observe(500, TimeSpan.FromSeconds(11)));
        Assert.Null(forecast.Observe(700, TimeSpan.FromSeconds(12)));
    }
}
