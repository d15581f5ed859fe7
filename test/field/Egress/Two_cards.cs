using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Wires;
using Xunit;

namespace Sluice.Field.Egress;

/// <summary>
/// A gateway with one card at the machines and one in the DMZ, and somebody who leads the way to the broker round by
/// the machines. A witness in the gateway's own namespace counts what leaves by the wrong card.
/// </summary>
public sealed partial class Two_cards
{
    [Theory]
    [InlineData(NetworkCables.BrokerCard)]
    [InlineData(null)]
    public async Task Nothing_for_the_broker_leaves_by_the_card_to_the_machines(string? named)
    {
        await using var plant = await FieldPlant.StartAsync();
        await using var cables = await plant.LayCablesAsync();
        plant.Configure(plant.Configuration with { Interface = named });
        await WatchAsync(cables);
        await using var gateway = new FieldGateway(plant.Directory) { Inside = cables.Exec };
        gateway.Start();
        await plant.ServesAsync(gateway, 20);
        await gateway.ConnectedAsync(FieldPlant.Soon);
        Assert.Equal(NetworkCables.BrokerCard, await CardAsync(gateway));
        Assert.Contains("by the card dmz0 only", (await gateway.StatusAsync()).Text, StringComparison.Ordinal);

        // The route is moved: what knows no card goes the wrong way, and the agent does not.
        await cables.InsideAsync(
            "route", "replace", cables.BrokerAddress, "dev", NetworkCables.MachineCard);
        await CallAsync(cables, plant.Broker.Port);
        var before = await SeenAsync(cables);
        Assert.True(before == 1, $"the witness saw {before} packets of one");
        await plant.Broker.StopAsync();
        await gateway.UplinkIsAsync("waiting", FieldPlant.Soon);
        await plant.Broker.StartAsync();
        await gateway.StatusSaysAsync("routes lead to", FieldPlant.Later);
        await gateway.ConnectedAsync(FieldPlant.Later);
        Assert.Contains(
            $"lead to {cables.BrokerAddress} by the card ot0, and the agent goes by dmz0 only",
            (await gateway.StatusAsync()).Text, StringComparison.Ordinal);
        Assert.Equal(NetworkCables.BrokerCard, await CardAsync(gateway));

        // Its own card is dead, and the other one would do: the agent waits and says what for.
        await cables.InsideAsync("link", "set", NetworkCables.BrokerCard, "down");
        await gateway.StatusSaysAsync("tried by the card dmz0 only", FieldPlant.Later);
        await gateway.StatusSaysAsync("by the card ot0, and the agent goes by dmz0 only", FieldPlant.Later);
        Assert.Equal(before, await SeenAsync(cables));

        await cables.InsideAsync("link", "set", NetworkCables.BrokerCard, "up");
        await cables.InsideAsync("route", "del", cables.BrokerAddress, "dev", NetworkCables.MachineCard);
        await gateway.ConnectedAsync(FieldPlant.Later);
        await plant.ServesAsync(gateway, 20);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, gateway);
        Assert.Equal(before, await SeenAsync(cables));
        Assert.Equal(0, await gateway.StopAsync());
    }

    [Fact]
    public async Task Networks_that_overlap_are_refused_by_check()
    {
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        await using var cables = await plant.LayCablesAsync();
        var (code, said) = await CheckAsync(cables, plant.Gateway);
        Assert.True(code == 0, said);

        await cables.InsideAsync("addr", "add", cables.BrokerAddress[..^1] + "77/24", "dev", NetworkCables.MachineCard);
        (code, said) = await CheckAsync(cables, plant.Gateway);
        Assert.True(code == 78, said);
        Assert.Contains("overlap", said, StringComparison.Ordinal);
        Assert.Contains("the files are right, and this machine is not ready", said, StringComparison.Ordinal);

        // The files alone say nothing of it. Somebody names another card than the one in the DMZ, and it is not there.
        (code, said) = await CheckAsync(cables, plant.Gateway, "--files-only");
        Assert.True(code == 0, said);
        await cables.InsideAsync("addr", "del", cables.BrokerAddress[..^1] + "77/24", "dev", NetworkCables.MachineCard);
        plant.Configure(plant.Configuration with { Interface = "dmz7" });
        (code, said) = await CheckAsync(cables, plant.Gateway);
        Assert.True(code == 78, said);
        Assert.Contains("on the card dmz0, and the broker is spoken to by dmz7", said, StringComparison.Ordinal);
        Assert.Contains("no card dmz7 (it has dmz0, ot0)", said, StringComparison.Ordinal);
    }

    private static async Task<string?> CardAsync(FieldGateway gateway) =>
        (await gateway.StatusJsonAsync()).GetProperty("uplink").GetProperty("card").GetString();

    private static Task<(int Code, string Text)> CheckAsync(
        NetworkCables cables, FieldGateway gateway, params string[] more) => ChildProcess.RunAsync(
        cables.Exec[0],
        [
            .. cables.Exec[1..], FieldGateway.Binary("linux-x64"), "check", "--config", gateway.ConfigurationFile,
            .. more,
        ]);

    /// <summary>
    /// Somebody who knows of no card: his packet goes where the routes lead. One datagram, and not a connection, whose
    /// last packets may leave when the witness was asked already.
    /// </summary>
    private static Task<(int Code, string Text)> CallAsync(NetworkCables cables, int port) => ChildProcess.RunAsync(
        cables.Exec[0],
        [.. cables.Exec[1..], "/usr/bin/timeout", "2", "/bin/bash", "-c", string.Create(
            CultureInfo.InvariantCulture, $"echo >/dev/udp/{cables.BrokerAddress}/{port}")]);

    private static async Task WatchAsync(NetworkCables cables)
    {
        var (code, said) = await ChildProcess.RunAsync(
            cables.Exec[0],
            [.. cables.Exec[1..], "/usr/sbin/nft", $$"""
                table ip witness {
                  chain leaves {
                    type filter hook postrouting priority 300
                    oifname "{{NetworkCables.MachineCard}}" ip daddr {{cables.BrokerNetwork}} counter
                  }
                }
                """]);
        Assert.True(code == 0, said);
    }

    private static async Task<int> SeenAsync(NetworkCables cables)
    {
        var (code, said) = await ChildProcess.RunAsync(
            cables.Exec[0], [.. cables.Exec[1..], "/usr/sbin/nft", "list", "table", "ip", "witness"]);
        Assert.True(code == 0, said);
        return int.Parse(Counted().Match(said).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"counter packets (\d+)")]
    private static partial Regex Counted();
}
