using System.Security.Cryptography;
using System.Text;
using Sluice.Agent.Health;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Trust;
using Xunit;

namespace Sluice.Fast.EndToEnd;

/// <summary>The whole agent, when its plant publishes whom to believe.</summary>
[Trait("suite", "world")]
public sealed class Whole_agent_trusts
{
    private const string Topic = "sluice/v1/plant1/trust";

    [Fact]
    public async Task It_takes_the_retained_bundle_in_and_the_next_ones_and_keeps_its_session()
    {
        await using var plant = await SmallPlant.StartAsync();
        await TellAsync(plant, plant.Keys.TrustBundle(3));
        plant.StartAgent();
        await UntilAsync(plant, now => now.Identity!.Version == "0001t3");
        var births = plant.See(stream => stream.Births);

        await TellAsync(plant, plant.Keys.TrustBundle(2));
        await UntilAsync(plant, status => status.Trust!.Refused == 1);
        var status = await plant.AskStatusAsync();
        Assert.Equal((3, 1L), (status!.Trust!.Version, status.Trust.Taken));
        Assert.Contains(status.Attention, each => each.Contains("already taken in version 3", StringComparison.Ordinal)
            && each.Contains("What was believed before is believed on", StringComparison.Ordinal));

        await TellAsync(plant, plant.Keys.TrustBundle(4));
        await UntilAsync(plant, now => now.Identity!.Version == "0001t4");
        Assert.Equal(births, plant.See(stream => stream.Births));
        Assert.Contains(plant.Logged, line => line.Contains("Trust bundle 4 was taken in", StringComparison.Ordinal));
        plant.Prove();
    }

    [Fact]
    public async Task A_bundle_of_almost_1_MiB_comes_through()
    {
        await using var plant = await SmallPlant.StartAsync();
        var bundle = plant.Keys.TrustBundle(1, content => content with
        {
            // A CA that took back twenty-two thousand certificates.
            RevocationLists = [Long(plant.Keys), content.RevocationLists[1]],
        });
        Assert.InRange(bundle.Length, 950_000, 1 << 20);
        await TellAsync(plant, bundle);
        plant.StartAgent();
        await UntilAsync(plant, status => status.Identity!.Version == "0001t1");
        plant.Prove();
    }

    [Fact]
    public async Task A_list_that_revokes_the_gateway_itself_stops_publishing_and_the_word_is_revoked()
    {
        await using var plant = await SmallPlant.StartAsync();
        var own = plant.Keys.WriteIdentityDirectory(plant.IdentityDirectory, SmallPlant.GatewayId);
        plant.StartAgentAsItIs();
        await plant.UntilAsync("readings", stream => stream.Readings >= 5);

        plant.Keys.Revoke(own);
        await TellAsync(plant, plant.Keys.TrustBundle(1));

        await plant.UntilAsync("its last word", stream => stream.Status is { IsOnline: false, Reason: "revoked" });
        await UntilAsync(plant, status => status.Identity!.State == "withdrawn");
    }

    [Fact]
    public async Task A_list_that_revokes_the_broker_ends_the_session_and_it_does_not_come_back()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.StartAgent();
        await plant.UntilAsync("readings", stream => stream.Readings >= 5);

        plant.Keys.Revoke(plant.Broker.Certificate);
        await TellAsync(plant, plant.Keys.TrustBundle(1));

        await plant.UntilAsync("its last word", stream => stream.Status is { IsOnline: false, Reason: "stopped" });
        var readings = plant.See(stream => stream.Readings);
        await UntilAsync(plant, status => status.Uplink.Sentence.Contains(
            "the broker is not believed", StringComparison.Ordinal));

        // From now on nothing at all; between the last word and now nothing but a will, where an answer was too late.
        var published = plant.Broker.Published;
        var given = plant.Given;
        while (plant.Given < given + 20)
        {
            await Task.Delay(5, plant.Bound);
        }

        var status = await plant.AskStatusAsync();
        Assert.NotEqual("connected", status!.Uplink.State);
        Assert.Contains("was revoked", status.Uplink.Sentence, StringComparison.Ordinal);
        Assert.Equal("in use", status.Identity!.State);
        Assert.Equal(published, plant.Broker.Published);
        Assert.Equal(readings, plant.See(stream => stream.Readings));
        Assert.Single(plant.Logged, line => line.Contains(
            "The broker's certificate was revoked while it was connected", StringComparison.Ordinal));
    }

    private static Task TellAsync(SmallPlant plant, byte[] bundle) =>
        plant.Broker.RetainAsync(Topic, bundle, TrustContent.ContentType);

    private static async Task UntilAsync(SmallPlant plant, Func<StatusReport, bool> holds)
    {
        // The socket is there a moment after the agent was started.
        while (await plant.AskStatusAsync() is not { } status || !holds(status))
        {
            await Task.Delay(20, plant.Bound);
        }
    }

    /// <summary>The issuing authority's list with so many entries that a bundle just takes it.</summary>
    private static ReadOnlyMemory<byte> Long(PlantKeys keys)
    {
        for (var at = 0; at < 22_000; at++)
        {
            keys.RevokeSerial([0x40, .. RandomNumberGenerator.GetBytes(15)]);
        }

        return RevocationFile.Read(Encoding.ASCII.GetBytes(keys.CrlPem()))[0].Der;
    }
}
