using Sluice.Agent.Standing;
using Sluice.Agent.Uplink;
using Sluice.Fast.Uplink;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Revocation;
using Xunit;

namespace Sluice.Fast.Validity;

/// <summary>What becomes of a revocation list with the days, with and without a grace.</summary>
public sealed class LateListTests
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [Theory]
    [InlineData(15, null, true, "")]
    [InlineData(13, null, true, "is to be replaced by")]
    [InlineData(13, null, false, "")]
    [InlineData(-1, null, true, "it still counts")]
    [InlineData(-4000, null, true, "it still counts")]
    [InlineData(-1, 7, true, "stops publishing")]
    [InlineData(-8, 7, true, "lets no list count")]
    [InlineData(-8, 7, false, "stops publishing")]
    [InlineData(-1, 0, true, "lets no list count")]
    public async Task A_late_list_stops_a_gateway_only_where_the_plant_says_so_and_the_clock_is_right(
        int daysLeft, int? graceDays, bool isSet, string words)
    {
        await using var gateway = new EnrolledGateway();
        gateway.UseIdentity().Dispose();
        gateway.UseLists(Now.AddDays(daysLeft));
        await gateway.Broker.StartAsync(CancellationToken.None);
        gateway.SetClock(Now, isSet);
        var configuration = gateway.Configuration;
        configuration = configuration with
        {
            Identity = configuration.Identity with
            {
                Revocation = new RevocationPolicy(
                    TimeSpan.FromDays(14), graceDays is { } days ? TimeSpan.FromDays(days) : null),
            },
        };
        await using var link = new MqttBrokerLink(configuration, gateway.Clock, gateway.Context.Validity, null);

        var outcome = await link.ConnectAsync(BrokerLinkBench.Will, CancellationToken.None);
        var loaded = IdentityDirectory.Load(
            gateway.IdentityPath, EnrolledGateway.Id, gateway.Context.Validity.Now(),
            configuration.Identity.Revocation);
        using var identity = loaded.Identity;
        var standing = IdentityStanding.Of(loaded);

        var stops = words == "lets no list count";
        Assert.Equal(stops ? ConnectVerdict.NoIdentity : ConnectVerdict.Connected, outcome.Verdict);
        Assert.Equal(stops, outcome.NeedsPerson);
        Assert.Equal(stops, standing.Withdrawn is { Word: "stopped" });
        var said = string.Join(' ', outcome.Terms?.Warnings ?? [outcome.Sentence]);
        Assert.Equal(words.Length > 0, said.Contains("revocation list", StringComparison.Ordinal));
        Assert.Contains(words, said, StringComparison.Ordinal);
        Assert.Equal(words.Length > 0, standing.Warnings.Count > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_revoked_certificate_is_withdrawn_under_any_clock(bool isSet)
    {
        await using var gateway = new EnrolledGateway();
        var own = gateway.UseIdentity();
        gateway.Revoke(own);
        gateway.SetClock(isSet ? Now : DateTimeOffset.UnixEpoch, isSet);

        var standing = IdentityStanding.Of(gateway.Context.Load(IdentityDirectory.Current));

        Assert.Equal("revoked", standing.Withdrawn?.Word);
        Assert.Null(standing.Version);
    }
}
