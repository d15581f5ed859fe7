using Sluice.Agent;
using Sluice.Agent.Binding;
using Sluice.Agent.Enrolment;
using Sluice.Plant.Clock;
using Xunit;

namespace Sluice.Fast.EndToEnd;

/// <summary>The whole agent with a card that was copied from another gateway.</summary>
public sealed class Whole_agent_on_a_copied_card
{
    private static readonly MachineFacts Own = new("board-1", "card-1");
    private static readonly MachineFacts Other = new("board-2", "card-2");

    [Fact]
    public async Task It_stores_and_does_not_connect_says_what_to_do_and_goes_on_once_it_is_adopted()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.Machine = Own;
        plant.StartAgent();
        await plant.UntilAsync("readings", stream => stream.Readings >= 5);
        Assert.Single(plant.Logged, line => line.Contains("is bound to board board-1 with", StringComparison.Ordinal));
        await plant.StopAgentAsync();
        var stores = plant.See(stream => stream.Stores.Count);

        plant.Machine = Other;
        var given = plant.Given;
        var births = plant.See(stream => stream.Births);
        plant.StartAgentAsItIs();
        while (plant.Given < given + 5)
        {
            await Task.Delay(5, plant.Bound);
        }

        var status = await plant.AskStatusAsync();
        while (status?.Identity?.State != "withdrawn" || status.Uplink.State != "waiting")
        {
            await Task.Delay(20, plant.Bound);
            status = await plant.AskStatusAsync();
        }

        Assert.Single(status.Attention, each => each.Contains(
            "made for board board-1 with storage card-1, and this is board board-2", StringComparison.Ordinal)
            && each.Contains("identity adopt", StringComparison.Ordinal));
        Assert.Equal((births, stores), plant.See(stream => (stream.Births, stream.Stores.Count)));
        Assert.DoesNotContain(plant.Logged, line => line.Contains("bound to board board-2", StringComparison.Ordinal));

        Adopt(plant);
        await plant.UntilAsync("readings of meanwhile", stream => stream.Births > births
            && plant.RecordLast() > given + 5 && stream.OpenGaps == 0);
        Assert.Equal(stores + 1, plant.See(stream => stream.Stores.Count));
        plant.Prove();
    }

    private static void Adopt(SmallPlant plant)
    {
        using var disk = LinuxIdentityDisk.Open(plant.IdentityDirectory);
        var clock = new MovedClock { Synchronised = true };
        var context = new EnrolmentContext(
            plant.Configuration, disk, clock, clock, new EnrolmentUser("somebody", "none")) { Machine = Other };
        Assert.Equal(ExitCode.Fine, new Adoption(context).Run((_, _) => true).ExitCode);
    }
}
