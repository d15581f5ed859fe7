using System.Globalization;
using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Wires;
using Xunit;

namespace Sluice.Field.Egress;

/// <summary>
/// The host's rules tried alone, as the unit beside the agent does, in a namespace whose way out ends at a router that
/// counts. With the rules, without them, and with a firewall further on that refuses in the same words.
/// </summary>
public sealed class The_rules_from_outside
{
    private const int Agent = 2990;
    private const int Unclear = 65;

    [Fact]
    public async Task Are_told_to_hold_when_they_do_and_are_an_alarm_when_they_do_not()
    {
        await using var plant = await FieldPlant.StartAsync();
        await using var cables = await plant.LayCablesAsync();
        await using var router = await FarRouter.BehindAsync(cables);
        string[] asAgent = ["/usr/bin/setpriv", "--reuid", Number(Agent), "--clear-groups"];
        await using var gateway = new FieldGateway(plant.Directory) { Inside = [.. cables.Exec, .. asAgent] };
        Assert.Equal(0, (await ChildProcess.RunAsync("/bin/chown", "-R", Number(Agent), plant.Directory.Root)).Code);
        var (code, said) = await FirewallAsync(
            cables, gateway, [], "apply", "--user", Number(Agent), "--time-user", "0");
        Assert.True(code == 0, said);
        gateway.Start();
        await plant.ServesAsync(gateway, 5);

        (code, said) = await ProveAsync(cables, gateway, asAgent);
        Assert.True(code == 0, said);
        Assert.Contains("stopped all 3 attempts", said, StringComparison.Ordinal);
        Assert.Equal(0, await router.CameAsync());
        Assert.Equal(
            ["other-host firewall", "other-port firewall", "datagram firewall"], await RulesAsync(gateway));
        Assert.DoesNotContain("host's rules", (await gateway.StatusAsync()).Text, StringComparison.Ordinal);

        // Somebody flushed them. The agent's own jail still holds, and says nothing of it.
        Assert.Equal(0, (await ChildProcess.RunAsync(
            cables.Exec[0], [.. cables.Exec[1..], "/usr/sbin/nft", "flush", "ruleset"])).Code);
        (code, said) = await ProveAsync(cables, gateway, asAgent);
        Assert.True(code == Unclear, said);
        Assert.Contains("let out 3 of 3", said, StringComparison.Ordinal);
        Assert.True(await router.CameAsync() >= 3, "nothing came to the router: that was no test");
        Assert.Equal(["other-host open", "other-port open", "datagram open"], await RulesAsync(gateway));
        await gateway.StatusSaysAsync("The host's rules do not hold", FieldPlant.Soon);
        await gateway.Process.SaysAsync(
            "The host's rules let the agent's user connect to another host", FieldPlant.Soon);
        const string told = """{"attempt":"other-host","outcome":"open"}""";
        await Eventually.HoldsAsync(
            () => plant.Mes.Arrivals.Any(arrival => arrival.Topic == "posture"
                && arrival.Payload.Contains(told, StringComparison.Ordinal)),
            TimeSpan.FromSeconds(90), () => $"no posture with an alarm. {plant.Mes.Account()}");

        // A firewall further on refuses as the host's own would: what it refuses has left the host.
        await router.RefuseAsync();
        (code, said) = await ProveAsync(cables, gateway, asAgent);
        Assert.True(code == Unclear, said);
        Assert.Contains("let out 3 of 3", said, StringComparison.Ordinal);

        // Without a route the cards are tried.
        await cables.InsideAsync("route", "del", "default");
        (code, said) = await ProveAsync(cables, gateway, asAgent);
        Assert.True(code == Unclear, said);
        Assert.Contains("let out 3 of 3", said, StringComparison.Ordinal);
        (code, said) = await FirewallAsync(
            cables, gateway, [], "apply", "--user", Number(Agent), "--time-user", "0");
        Assert.True(code == 0, said);
        (code, said) = await ProveAsync(cables, gateway, asAgent);
        Assert.True(code == 0, said);
        Assert.Equal(0, await gateway.StopAsync());
    }

    private static Task<(int Code, string Text)> ProveAsync(
        NetworkCables cables, FieldGateway gateway, string[] asAgent) => FirewallAsync(
        cables, gateway, asAgent, "prove", "--result",
        Path.Combine(Path.GetDirectoryName(gateway.Socket)!, "firewall-proof.json"));

    private static Task<(int Code, string Text)> FirewallAsync(
        NetworkCables cables, FieldGateway gateway, string[] before, params string[] arguments) =>
        ChildProcess.RunAsync(
            cables.Exec[0],
            [
                .. cables.Exec[1..], .. before, FieldGateway.Binary("linux-x64"), "firewall", arguments[0], "--config",
                gateway.ConfigurationFile, .. arguments[1..],
            ]);

    private static async Task<List<string>> RulesAsync(FieldGateway gateway)
    {
        var rules = (await gateway.StatusJsonAsync()).GetProperty("jail").GetProperty("hostRules");
        return
        [
            .. rules.GetProperty("attempts").EnumerateArray().Select(each => $"{Word(each, "attempt")} "
                + (Word(each, "by") is { Length: > 0 } by ? by : Word(each, "verdict"))),
        ];
    }

    private static string Word(JsonElement attempt, string name) => attempt.GetProperty(name).GetString()!;

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
