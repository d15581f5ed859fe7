using Sluice.Mes;
using Sluice.Mes.Link;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Xunit;

namespace Sluice.Fast.Mes;

public sealed class Acknowledge_plan
{
    private readonly AcknowledgePlan plan = new();

    [Fact]
    public void What_is_stored_is_told_once_and_a_hundred_ranges_at_a_time()
    {
        for (var position = 1; position <= 250; position++)
        {
            plan.Stored("gw", "s", new Positions(position * 2, position * 2));
        }

        int[] counts = [plan.Next()!.Ranges.Count, plan.Next()!.Ranges.Count, plan.Next()!.Ranges.Count];
        Assert.Equal([100, 100, 50], counts);
        Assert.Null(plan.Next());
    }

    /// <summary>
    /// A receiver that subscribes to everything hears its own asks: the broker's word for them is success although the
    /// gateway is away, and forty readings stayed unacknowledged for ever.
    /// </summary>
    [Fact]
    public void What_was_told_to_a_gateway_that_was_away_is_told_again_when_two_ledgers_do_not_have_it()
    {
        plan.Stored("gw", "s", new Positions(1, 9));
        Assert.NotNull(plan.Next());
        plan.Ledger("gw", Account(first: 1, new Positions(1, 4)));
        Assert.Null(plan.Next());
        plan.Ledger("gw", Account(first: 1, new Positions(1, 4)));
        Assert.Equal("""{"v":1,"ask":"acknowledge","store":"s","ranges":[[5,9]]}""", plan.Next()!.Payload);
    }

    [Fact]
    public void What_the_ledger_knows_or_the_gateway_holds_no_more_is_not_told_again()
    {
        plan.Stored("gw", "s", new Positions(1, 9));
        Assert.NotNull(plan.Next());
        plan.Ledger("gw", Account(first: 4, new Positions(4, 9)));
        plan.Ledger("gw", Account(first: 4, new Positions(4, 9)));
        Assert.Null(plan.Next());
    }

    [Fact]
    public void However_many_holes_there_are_nothing_is_acknowledged_that_was_not_stored()
    {
        for (var position = 1; position <= 30_000; position += 2)
        {
            plan.Stored("gw", "s", new Positions(position, position));
        }

        for (var told = plan.Next(); told is not null; told = plan.Next())
        {
            Assert.All(told.Ranges, range => Assert.Equal(1, range.Count));
        }
    }

    private static StoreAccount Account(long first, params Positions[] acknowledged) =>
        new("s", false, first, 10, 0, 0, acknowledged, [], []);
}
