using CsCheck;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Delivery;
using Sluice.Agent.Uplink;
using Xunit;

namespace Sluice.Fast.Publishing;

public sealed class DeliveryPlanTests
{
    private static readonly StoreId Store = new(new Guid("0199c6f1-0000-7000-8000-000000000001"));

    [Fact]
    public void In_any_world_nothing_is_acknowledged_that_was_not_accepted_and_in_a_kind_one_everything_arrives() =>
        Gen.Int.Sample(seed => new DeliveryWorld(seed).Run(400), iter: 120);

    [Fact]
    public void What_was_stored_before_the_connection_is_history_and_what_comes_after_is_live()
    {
        var plan = new DeliveryPlan(new DeliveryLimits());
        plan.Connected(View(next: 101), 16);
        Assert.Equal(new PlannedBatch(Store, new PositionRange(1, 100), Lane.Backfill, 100), plan.Next(At(0)));

        plan.Observe(View(next: 151));
        Assert.Equal(new PlannedBatch(Store, new PositionRange(101, 150), Lane.Live, 50), plan.Next(At(0)));
    }

    [Theory]
    [InlineData(0.5, 10)]
    [InlineData(0.25, 5)]
    [InlineData(0.1, 2)]
    [InlineData(0.0001, 1)]
    [InlineData(1.0, 18)]
    public void While_both_wait_backfill_gets_its_share_and_neither_starves(double share, int expected)
    {
        var plan = new DeliveryPlan(new DeliveryLimits { BackfillShare = share, LiveLagMax = long.MaxValue });
        plan.Connected(View(next: 10_001), 16);
        plan.Observe(View(next: 20_001));
        var backfill = 0;
        for (var i = 0; i < 20; i++)
        {
            var planned = plan.Next(At(i))!.Value;
            backfill += planned.Lane == Lane.Backfill ? 1 : 0;
            var range = planned.Range with { To = planned.Range.From + 99 };
            plan.Settle(plan.Sent(planned, range, 100, At(i)), DeliveryVerdict.Accepted, At(i));
        }

        Assert.Equal(expected, backfill);
    }

    [Fact]
    public void Backfill_never_takes_the_last_place_of_the_window()
    {
        var plan = new DeliveryPlan(new DeliveryLimits());
        plan.Connected(View(next: 100_001), 3);
        var sent = 0;
        while (plan.Next(At(0)) is { } planned)
        {
            plan.Sent(planned, planned.Range with { To = planned.Range.From + planned.ReadingsMax - 1 }, 100, At(0));
            sent++;
        }

        Assert.Equal(2, sent);
        plan.Observe(View(next: 100_101));
        Assert.Equal(Lane.Live, plan.Next(At(0))!.Value.Lane);
    }

    [Fact]
    public void A_live_lane_that_lags_hands_all_but_the_newest_over_to_history()
    {
        var plan = new DeliveryPlan(new DeliveryLimits { LiveLagMax = 5000 });
        plan.Connected(View(next: 1), 16);
        plan.Observe(View(next: 6001));
        plan.Observe(View(next: 6101));
        Assert.Equal(new PositionRange(5601, 6100), plan.Next(At(0))!.Value.Range);
        Assert.Equal(5600, plan.Backlog);
    }

    [Fact]
    public void What_one_commit_brings_is_live_however_much_it_is()
    {
        var plan = new DeliveryPlan(new DeliveryLimits { LiveLagMax = 5000 });
        plan.Connected(View(next: 1), 16);
        for (var commit = 1; commit <= 3; commit++)
        {
            plan.Observe(View(next: (commit * 10_000) + 1));
            for (var message = 0; message < 20; message++)
            {
                var sent = Send(plan, At(commit));
                Assert.Equal(Lane.Live, sent.Lane);
                plan.Settle(sent, DeliveryVerdict.Accepted, At(commit));

                // The buffer tells of each acknowledgement, with nothing new in it.
                plan.Observe(View(next: (commit * 10_000) + 1));
            }
        }

        Assert.Equal(0, plan.Backlog);
    }

    [Fact]
    public void While_nobody_listens_one_message_at_a_time_is_tried_and_live_stays_live()
    {
        var plan = new DeliveryPlan(new DeliveryLimits());
        plan.Connected(View(next: 1), 16);
        plan.Observe(View(next: 1001));
        var first = Send(plan, At(0));
        var second = Send(plan, At(0));
        Assert.Null(plan.Settle(first, DeliveryVerdict.Unheard, At(0.1)));
        Assert.Null(plan.Settle(second, DeliveryVerdict.Unheard, At(0.1)));
        Assert.True(plan.Hold.IsHolding);
        Assert.Null(plan.Next(At(0.5)));

        var probe = Send(plan, At(1.2));
        Assert.Equal(new PositionRange(1, 500), probe.Range);
        Assert.Equal(Lane.Live, probe.Lane);
        Assert.Null(plan.Next(At(1.3)));
        Assert.NotNull(plan.Settle(probe, DeliveryVerdict.Accepted, At(1.4)));
        Assert.False(plan.Hold.IsHolding);
        Assert.Equal(new PositionRange(501, 1000), plan.Next(At(1.4))!.Value.Range);
    }

    [Fact]
    public void A_refused_live_message_that_a_younger_one_overtook_becomes_history()
    {
        var plan = new DeliveryPlan(new DeliveryLimits());
        plan.Connected(View(next: 1), 16);
        plan.Observe(View(next: 1001));
        var first = Send(plan, At(0));
        var second = Send(plan, At(0));
        plan.Settle(first, DeliveryVerdict.Busy, At(0));
        plan.Settle(second, DeliveryVerdict.Accepted, At(0));

        Assert.Equal(new PlannedBatch(Store, new PositionRange(1, 500), Lane.Backfill, 500), plan.Next(At(2)));
    }

    [Fact]
    public void A_message_that_is_too_large_is_split_until_one_reading_is_left_and_that_is_set_aside()
    {
        var plan = new DeliveryPlan(new DeliveryLimits());
        plan.Connected(View(next: 5), 16);
        int[] sizes = [4, 2, 1];
        foreach (var size in sizes)
        {
            var sent = Send(plan, At(0));
            Assert.Equal(size, sent.Readings);
            Assert.Null(plan.Settle(sent, DeliveryVerdict.TooLarge, At(0)));
        }

        Assert.Equal(1, plan.SetAsideCount);
        Assert.Null(plan.Next(At(0.5)));
        Assert.Equal(new PositionRange(2, 4), plan.Next(At(1))!.Value.Range);

        plan.Connected(View(next: 5), 16);
        Assert.Equal(new PositionRange(1, 4), plan.Next(At(0))!.Value.Range);
    }

    [Fact]
    public void Readings_set_aside_waited_for_the_next_connection_which_may_be_weeks_away()
    {
        var plan = new DeliveryPlan(new DeliveryLimits());
        plan.Connected(View(next: 5), 16);
        plan.Settle(Send(plan, At(0)), DeliveryVerdict.SetAside, At(0));
        Assert.Equal(4, plan.SetAsideCount);
        Assert.Null(plan.Next(At(599)));
        Assert.Equal(TimeSpan.FromSeconds(1), plan.Wait(At(599)));

        Assert.Equal(new PositionRange(1, 4), plan.Next(At(600))!.Value.Range);

        plan.Settle(Send(plan, At(600)), DeliveryVerdict.SetAside, At(600));
        Assert.Null(plan.Next(At(1199)));
        Assert.Equal(new PositionRange(1, 4), plan.Next(At(1200))!.Value.Range);
        Assert.NotNull(plan.Settle(Send(plan, At(1200)), DeliveryVerdict.Accepted, At(1200)));
        Assert.Null(plan.Wait(At(1200)));
    }

    [Fact]
    public void A_live_message_that_was_set_aside_comes_back_as_history()
    {
        var plan = new DeliveryPlan(new DeliveryLimits());
        plan.Connected(View(next: 1), 16);
        plan.Observe(View(next: 5));
        plan.Settle(Send(plan, At(0)), DeliveryVerdict.SetAside, At(0));
        plan.Observe(View(next: 9));
        plan.Settle(Send(plan, At(10)), DeliveryVerdict.Accepted, At(10));

        Assert.Equal(new PlannedBatch(Store, new PositionRange(1, 4), Lane.Backfill, 4), plan.Next(At(600)));
    }

    [Fact]
    public void Every_verdict_has_its_place_in_the_plan()
    {
        foreach (var verdict in Enum.GetValues<DeliveryVerdict>())
        {
            var plan = new DeliveryPlan(new DeliveryLimits());
            plan.Connected(View(next: 101), 16);
            var acknowledged = plan.Settle(Send(plan, At(0)), verdict, At(0));
            Assert.Equal(verdict == DeliveryVerdict.Accepted, acknowledged is not null);
            Assert.Equal(0, plan.InFlight);
        }
    }

    [Fact]
    public void A_store_that_takes_over_on_a_connection_is_live_from_its_first_reading()
    {
        var other = new StoreId(new Guid("0199c6f1-0000-7000-8000-000000000002"));
        var plan = new DeliveryPlan(new DeliveryLimits());
        plan.Connected(View(next: 1), 16);
        var both = new BufferView([View(next: 11).Stores[0], View(next: 6).Stores[0] with { Store = other }], null);
        plan.Observe(both);

        Assert.Equal(new PlannedBatch(Store, new PositionRange(1, 10), Lane.Live, 10), plan.Next(At(0)));
        Send(plan, At(0));
        Assert.Equal(new PlannedBatch(other, new PositionRange(1, 5), Lane.Live, 5), plan.Next(At(0)));
    }

    private static SentBatch Send(DeliveryPlan plan, TimeSpan at)
    {
        var planned = plan.Next(at)!.Value;
        return plan.Sent(planned, planned.Range with { To = planned.Range.From + planned.ReadingsMax - 1 }, 100, at);
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private static BufferView View(long next, long first = 1) => new(
        [
            new StoreView
            {
                Store = Store,
                IsVolatile = false,
                First = first,
                Next = next,
                Acknowledged = [],
                Drops = [],
                DroppedCount = 0,
                SizeBytes = 0,
                Waiting = next - first,
            },
        ],
        null);
}
