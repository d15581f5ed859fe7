using CsCheck;
using Sluice.Agent.Health;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Light;
using Xunit;

namespace Sluice.Fast.Health;

public sealed class LightPlanTests
{
    private readonly LightPlan plan = new();

    [Theory]
    [InlineData("connected", false, "", false, LightMessage.Publishing)]
    [InlineData("connecting", false, "", false, LightMessage.Storing)]
    [InlineData("waiting", false, "", false, LightMessage.Storing)]
    [InlineData("holding", false, "", false, LightMessage.Storing)]
    [InlineData("stopped", false, "", false, LightMessage.Storing)]
    [InlineData("waiting", true, "", false, LightMessage.NeedsPerson)]
    [InlineData("connecting", true, "", false, LightMessage.NeedsPerson)]
    [InlineData("holding", true, "", false, LightMessage.NeedsPerson)]
    [InlineData("connected", false, "The disk is read-only.", false, LightMessage.NeedsPerson)]
    [InlineData("waiting", false, "The disk is read-only.", false, LightMessage.NeedsPerson)]
    [InlineData("connected", false, "", true, LightMessage.NeedsPerson)]
    [InlineData("waiting", false, "", true, LightMessage.NeedsPerson)]
    public void What_is_says_what_the_light_says(
        string state, bool needsPerson, string fault, bool lastGood, LightMessage message)
    {
        var snapshot = Snapshots.Of(state, needsPerson: needsPerson, fault: fault, lastGood: lastGood);

        var step = plan.Step(snapshot, TimeSpan.Zero);

        Assert.Equal((message, true), (step.Message, step.IsOn));
    }

    [Theory]
    [InlineData("connected")]
    [InlineData("waiting")]
    public void Somebody_else_with_this_identity_is_shown_connected_or_not(string state) =>
        Assert.Equal(
            LightMessage.NeedsPerson, plan.Step(Snapshots.Of(state, contested: true), TimeSpan.Zero).Message);

    [Fact]
    public void Connected_is_not_published_where_nothing_is_acknowledged()
    {
        Assert.Equal(LightMessage.Publishing, At(0, waiting: 5, delivered: 100));
        Assert.Equal(LightMessage.Publishing, At(9.9, waiting: 50, delivered: 100));
        Assert.Equal(LightMessage.Storing, At(10, waiting: 50, delivered: 100));
        Assert.Equal(LightMessage.Storing, At(60, waiting: 400, delivered: 100));

        Assert.Equal(LightMessage.Publishing, At(60.5, waiting: 390, delivered: 110));
        Assert.Equal(LightMessage.Publishing, At(70, waiting: 400, delivered: 110));
        Assert.Equal(LightMessage.Storing, At(70.5, waiting: 400, delivered: 110));
    }

    [Fact]
    public void Nothing_to_publish_is_no_reason_to_blink()
    {
        Assert.Equal(LightMessage.Publishing, At(0, waiting: 0, delivered: 100));
        Assert.Equal(LightMessage.Publishing, At(3600, waiting: 0, delivered: 100));
        Assert.Equal(LightMessage.Publishing, At(3609.9, waiting: 1, delivered: 100));
    }

    [Fact]
    public void A_long_time_without_the_broker_is_not_held_against_a_new_connection()
    {
        plan.Step(Snapshots.Of("connected"), TimeSpan.Zero);
        plan.Step(Snapshots.Of("waiting", waiting: 5000), TimeSpan.FromSeconds(3600));

        Assert.Equal(LightMessage.Publishing, At(3601, waiting: 5000, delivered: 0));
    }

    [Fact]
    public void A_pattern_begins_anew_where_the_message_changes()
    {
        plan.Step(Snapshots.Of("connected"), TimeSpan.Zero);
        var began = TimeSpan.FromSeconds(7.3);

        Assert.True(plan.Step(Snapshots.Of("waiting"), began).IsOn);
        Assert.True(plan.Step(Snapshots.Of("waiting"), began + TimeSpan.FromSeconds(0.9)).IsOn);
        Assert.False(plan.Step(Snapshots.Of("waiting"), began + TimeSpan.FromSeconds(1)).IsOn);
        Assert.True(plan.Step(Snapshots.Of("waiting", needsPerson: true), began + TimeSpan.FromSeconds(1.1)).IsOn);
    }

    [Fact]
    public void A_wait_is_whole_milliseconds_above_none_and_never_beyond_the_next_look()
    {
        var states = Gen.OneOf(Gen.Const("connected"), Gen.Const("waiting"), Gen.Const("holding"));
        Gen.Select(states, Gen.Bool, Gen.Long[0, 40_000_000]).Array[1, 40].Sample(
            course =>
            {
                var anew = new LightPlan();
                var now = TimeSpan.Zero;
                return course.All(each =>
                {
                    now += TimeSpan.FromTicks(each.Item3);
                    var wait = anew.Step(Snapshots.Of(each.Item1, needsPerson: each.Item2), now).Wait;
                    return wait >= TimeSpan.FromMilliseconds(1) && wait <= LightPlan.LookEvery
                        && wait.Ticks % TimeSpan.TicksPerMillisecond == 0;
                });
            });
    }

    private LightMessage At(double seconds, long waiting, long delivered) =>
        plan.Step(Snapshots.Of("connected", waiting, delivered), TimeSpan.FromSeconds(seconds)).Message;
}
