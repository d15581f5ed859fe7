using Sluice.Mes.Streams;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Fast.EndToEnd;

/// <summary>The whole agent, when its own certificate is withdrawn while it publishes.</summary>
public sealed class Whole_agent_revoked
{
    [Fact]
    public async Task It_stops_publishing_says_so_goes_on_reading_and_comes_back_with_another_certificate()
    {
        await using var plant = await SmallPlant.StartAsync();
        var own = plant.Keys.WriteIdentityDirectory(plant.IdentityDirectory, SmallPlant.GatewayId);
        plant.StartAgentAsItIs();
        await plant.UntilAsync("readings", stream => stream.Readings >= 5);

        plant.Keys.Revoke(own);
        ReplaceLists(plant);

        await plant.UntilAsync("its last word", stream => stream.Status is { IsOnline: false, Reason: "revoked" });
        var given = plant.Given;
        while (plant.Given < given + 3)
        {
            await Task.Delay(5, plant.Bound);
        }

        var status = await plant.AskStatusAsync();
        Assert.Equal("withdrawn", status!.Identity!.State);
        Assert.Contains(status.Attention, each => each.Contains("was revoked", StringComparison.Ordinal)
            && each.Contains("may not publish any more", StringComparison.Ordinal));
        Assert.NotEqual("connected", status.Uplink.State);
        Assert.Single(plant.Logged, line => line.Contains("was withdrawn", StringComparison.Ordinal));

        plant.Keys.WriteIdentityVersion(
            plant.IdentityDirectory, SmallPlant.GatewayId, plant.Keys.IssueClient(SmallPlant.GatewayId), "0002");
        await plant.UntilAsync("readings of meanwhile", stream => stream.Status is { IsOnline: true }
            && plant.RecordLast() > given + 3 && stream.OpenGaps == 0);
        plant.Prove();
    }

    private static void ReplaceLists(SmallPlant plant)
    {
        var file = Path.Combine(plant.IdentityDirectory, "current", "crl.pem");
        File.WriteAllText(file + ".new", plant.Keys.CrlPem());
        File.Move(file + ".new", file, overwrite: true);
    }
}
