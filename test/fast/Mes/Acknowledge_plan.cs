using Sluice.Mes;
using Xunit;

namespace Sluice.Fast.Mes;

public sealed class Acknowledge_plan
{
    [Fact]
    public void What_is_stored_is_told_once_and_a_hundred_ranges_at_a_time()
    {
        var plan = new AcknowledgePlan();
        for (var position = 1; position <= 250; position++)
        {
            plan.Stored("gw", "s", new Positions(position * 2, position * 2));
        }

        int[] counts = [plan.Next()!.Ranges.Count, plan.Next()!.Ranges.Count, plan.Next()!.Ranges.Count];
        Assert.Equal([100, 100, 50], counts);
        Assert.Null(plan.Next());
    }

    [Fact]
    public void What_could_not_be_told_because_the_gateway_was_away_is_told_again()
    {
        var plan = AcknowledgePlan.After([("gw", "s", new Positions(1, 9))]);
        var told = plan.Next()!;
        plan.Stored("gw", "s", new Positions(10, 12));
        plan.NotTold(told);
        Assert.Equal("""{"v":1,"ask":"acknowledge","store":"s","ranges":[[1,12]]}""", plan.Next()!.Payload);
    }
}
