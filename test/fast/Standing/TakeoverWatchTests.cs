using CsCheck;
using Sluice.Agent.Publishing;
using Sluice.Agent.Standing;
using Sluice.Agent.Uplink;
using Sluice.Fast.Health;
using Xunit;

namespace Sluice.Fast.Standing;

public sealed class TakeoverWatchTests
{
    private static readonly TimeSpan Hour = TakeoverWatch.Within;
    private static readonly LinkLoss Taken = new("another client.", 0x8E, TakenOver: true);

    [Theory]
    [InlineData(false)]
    [InlineData(false, 0)]
    [InlineData(false, 0, 5)]
    [InlineData(true, 0, 5, 10)]
    [InlineData(true, 0, 59, 59)]
    [InlineData(false, 0, 59, 60)]
    [InlineData(true, 0, 30, 59, 61)]
    [InlineData(false, 0, 45, 90, 135, 180)]
    public void Three_within_an_hour_are_somebody_else(bool isContested, params int[] minutes)
    {
        var watch = new TakeoverWatch();
        foreach (var minute in minutes)
        {
            watch.Observe(TimeSpan.FromMinutes(minute));
        }

        Assert.Equal(
            isContested ? Contest.Named : Contest.None, watch.At(TimeSpan.FromMinutes(minutes.LastOrDefault())));
    }

    [Theory]
    [InlineData(Contest.None, 0, 1, 2, 3, 4)]
    [InlineData(Contest.Suspected, 0, 1, 2, 3, 4, 5)]
    [InlineData(Contest.None, 0, 1, 2, 3, 4, 60)]
    [InlineData(Contest.Suspected, 0, 1, 2, 3, 4, 59)]
    public void Six_sessions_closed_without_a_word_are_told_as_what_they_may_be(Contest contest, params int[] minutes)
    {
        var watch = new TakeoverWatch();
        foreach (var minute in minutes)
        {
            watch.ObserveWordless(TimeSpan.FromMinutes(minute));
        }

        Assert.Equal(contest, watch.At(TimeSpan.FromMinutes(minutes[^1])));
        Assert.Equal(contest == Contest.None, UplinkHealth.Words(contest).Length == 0);
    }

    /// <summary>Nobody wants to wait for minutes because a broker was updated.</summary>
    [Fact]
    public void A_broker_that_closes_without_a_word_now_and_then_is_come_back_to_at_once_and_a_suspect_more_slowly()
    {
        Assert.InRange(
            new ReconnectSchedule().AfterLoss(Hour, takenOver: false, 0.99).TotalSeconds, 0, 3);
        Assert.InRange(
            new ReconnectSchedule().AfterLoss(Hour, takenOver: false, 0, Contest.Suspected).TotalSeconds, 30, 60);
    }

    [Fact]
    public void It_is_contested_exactly_while_three_lie_within_the_last_hour() =>
        Gen.Int[0, 2000].Array[0, 60].Sample(gaps =>
        {
            var watch = new TakeoverWatch();
            var all = new List<TimeSpan>();
            var now = TimeSpan.Zero;
            foreach (var gap in gaps)
            {
                Look(now += TimeSpan.FromSeconds(gap / 2));
                watch.Observe(now += TimeSpan.FromSeconds(gap - (gap / 2)));
                all.Add(now);
                Look(now);
            }

            Look(now + Hour);

            void Look(TimeSpan at) => Assert.Equal(
                all.Count(taken => at - taken < Hour) >= TakeoverWatch.AlarmAt, watch.At(at) == Contest.Named);
        });

    /// <summary>Whatever the other one does: it answers each of our sessions by taking it, at once or later.</summary>
    [Fact]
    public void Whoever_fights_for_the_id_does_not_make_this_gateway_knock_more_than_twenty_times_an_hour() =>
        Gen.Select(Gen.Double[0, 0.999999].Array[400], Gen.Int[0, 900].Array[400]).Sample((dice, holds) =>
        {
            var watch = new TakeoverWatch();
            var schedule = new ReconnectSchedule();
            var now = TimeSpan.Zero;
            var knocks = new List<TimeSpan>();
            for (var turn = 0; turn < dice.Length; turn++)
            {
                knocks.Add(now);
                var held = TimeSpan.FromSeconds(holds[turn] % (1 + (turn % 3 * 400)));
                now += held;
                watch.Observe(now);
                now += schedule.AfterLoss(held, takenOver: true, dice[turn], watch.At(now));
            }

            foreach (var knock in knocks.Skip(TakeoverWatch.AlarmAt))
            {
                Assert.InRange(knocks.Count(other => other >= knock && other < knock + Hour), 1, 21);
            }
        });

    [Fact]
    public void Two_that_wait_for_each_other_keep_the_alarm_up_and_it_ends_when_one_is_gone()
    {
        var dice = new Random(20261123);
        var clock = new HandTimers();
        var log = new KeptLog();
        var journal = new UplinkJournal(clock, log);
        var schedule = new ReconnectSchedule();
        for (var turn = 0; turn < 100; turn++)
        {
            var contest = journal.Judge(Taken);
            journal.Lost(Taken, TimeSpan.Zero);
            Assert.Equal((turn >= 2, turn >= 2), (contest == Contest.Named, journal.Health.IsContested));

            // Both wait alike: we come back, and the other one does a wait of its own later.
            clock.Advance(schedule.AfterLoss(TimeSpan.Zero, true, dice.NextDouble(), contest));
            journal.Connected(new ConnectTerms(16, int.MaxValue, "Tls13", "192.0.2.10:8883"), 0);
            clock.Advance(turn >= 2 ? TakeoverWatch.Wait(dice.NextDouble()) : TimeSpan.FromSeconds(45));
        }

        Assert.Equal(100, journal.Health.TakenOver);
        Assert.Single(log.Lines, line => line.Contains("Somebody else uses", StringComparison.Ordinal));
        clock.Advance(Hour);
        Assert.False(journal.Health.IsContested);
        journal.Judge(new LinkLoss("the cable."));
        Assert.Single(log.Lines, line => line.Contains("was not taken from this", StringComparison.Ordinal));
    }
}
