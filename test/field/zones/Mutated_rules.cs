using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Zones;

/// <summary>
/// Rules with one mistake each, as people make them. What the matrix does not notice of them it would not notice at a
/// plant either. Each is tried with the one layer that has it, because another layer would hide it.
/// </summary>
[Collection(nameof(ZonesLab))]
public sealed class Mutated_rules
{
    private const string ToTheBroker = "ip daddr 198.18.3.10 tcp dport 8883 ct state { new, established } accept";

    private int run;

    [Fact]
    public async Task Of_the_firewalls_are_each_found_by_the_matrix()
    {
        await using var lab = await ZonesLab.LayAsync();
        await lab.StandAsync(Layers.Firewalls);
        await HoldsAsync(lab, Layers.Firewalls);

        // Any port to the broker. The way back is as narrow as it was: nobody gets a connection, and packets arrive.
        var found = await FindsAsync(lab, ("ot-firewall", text => Replaced(
            text, ToTheBroker, "ip daddr 198.18.3.10 accept")));
        Assert.Equal(Passage.Heard, found.Of("agent", "broker", "tcp/22"));
        Assert.Equal(Passage.Heard, found.Of("agent", "broker", "udp/53"));

        // IT may call into OT.
        found = await FindsAsync(
            lab, ("ot-firewall", FromTheOffice), ("dmz-firewall", FromTheOffice));
        Assert.Equal(Passage.Heard, found.Of("office", "plc", "tcp/502"));

        // The gateway is known by its address only: so the panel has only to take it.
        found = await FindsAsync(lab, ("ot-firewall", text => Replaced(
            text, "iifname \"gateway\" oifname \"dmz\" ip saddr 198.18.2.10 " + ToTheBroker,
            "ip saddr 198.18.2.10 " + ToTheBroker)));
        Assert.Equal(Passage.Heard, found.Of("hmi as gateway", "broker", "tcp/8883"));

        // Somebody thought of IPv4 only.
        found = await FindsAsync(lab, ("ot-firewall", text => Replaced(
            Replaced(text, "table inet zones {", "table ip zones {"), "icmpv6 type", "# icmpv6 type", "with icmpx",
            "with icmp")));
        Assert.Equal(Passage.Shut, found.Of("plc", "broker", "tcp/8883"));
        Assert.NotEqual(Passage.Shut, found.Of("plc", "broker", "6:tcp/8883"));
        await lab.TryInAsync("ot-firewall", "/usr/sbin/nft", "delete", "table", "ip", "zones");

        // A word that nft does not know, at boot: nothing of the file is loaded.
        await lab.FlushFirewallAsync("ot-firewall");
        var (code, said) = await lab.LoadFirewallAsync(
            "ot-firewall", Replaced(ZonesLab.FirewallText("ot-firewall"), "policy drop", "policy dorp"));
        Assert.True(code != 0, said);
        found = await ZoneMatrix.RunAsync(lab, run++, Layers.Firewalls);
        Assert.NotEmpty(found.Faults);
        Assert.NotEqual(Passage.Shut, found.Of("hmi", "broker", "tcp/22"));

        // The same over rules that stand: these go on standing.
        Assert.Equal(0, (await lab.LoadFirewallAsync("ot-firewall")).Code);
        (code, _) = await lab.LoadFirewallAsync(
            "ot-firewall", Replaced(ZonesLab.FirewallText("ot-firewall"), "policy drop", "policy dorp"));
        Assert.NotEqual(0, code);
        await HoldsAsync(lab, Layers.Firewalls);
    }

    [Fact]
    public async Task Of_the_gateway_are_each_found_by_the_matrix_and_by_the_agents_own_check()
    {
        (string Change, string Source, string Target, string Way)[] mutants =
        [
            ("insert rule inet sluice agent accept", "agent", "broker", "tcp/22"),
            ("insert rule inet sluice agent tcp dport 8883 accept", "agent", "office", "tcp/8883"),
            ("insert rule inet sluice output udp dport 53 accept", "gateway's root", "mes", "udp/53"),
            ("add chain inet sluice forward { policy accept; }", "hmi by gateway", "broker", "tcp/8883"),
            ("delete table inet sluice", "time service", "elsewhere", "tcp/443"),
        ];
        await using var lab = await ZonesLab.LayAsync();
        string[] check = [FieldGateway.Binary("linux-x64"), .. lab.FirewallVerb("check")];
        foreach (var (change, source, target, way) in mutants)
        {
            await lab.StandAsync(Layers.Host);
            Assert.Equal(0, (await lab.TryInAsync("gateway", check)).Code);
            await lab.InAsync("gateway", "/usr/sbin/nft", change);

            var found = await ZoneMatrix.RunAsync(lab, run++, Layers.Host);
            Assert.NotEmpty(found.Faults);
            Assert.NotEqual(Passage.Shut, found.Of(source, target, way));
            Assert.NotEqual(0, (await lab.TryInAsync("gateway", check)).Code);
        }
    }

    private static string FromTheOffice(string text) => Replaced(
        text, "policy drop;\n\t\tiifname", "policy drop;\n\t\tip saddr 198.18.4.10 accept\n\t\tiifname");

    /// <summary>In pairs; what is not there to be replaced would make a mutant of nothing.</summary>
    private static string Replaced(string text, params ReadOnlySpan<string> pairs)
    {
        for (var i = 0; i < pairs.Length; i += 2)
        {
            Assert.Contains(pairs[i], text, StringComparison.Ordinal);
            text = text.Replace(pairs[i], pairs[i + 1], StringComparison.Ordinal);
        }

        return text;
    }

    private async Task<ZoneMatrix> FindsAsync(ZonesLab lab, params (string Host, Func<string, string> Change)[] changes)
    {
        foreach (var (host, change) in changes)
        {
            await lab.FlushFirewallAsync(host);
            var (code, said) = await lab.LoadFirewallAsync(host, change(ZonesLab.FirewallText(host)));
            Assert.True(code == 0, said);
        }

        var matrix = await ZoneMatrix.RunAsync(lab, run++, Layers.Firewalls);
        Assert.NotEmpty(matrix.Faults);
        foreach (var (host, _) in changes)
        {
            Assert.Equal(0, (await lab.LoadFirewallAsync(host)).Code);
        }

        return matrix;
    }

    private async Task HoldsAsync(ZonesLab lab, Layers layers)
    {
        var matrix = await ZoneMatrix.RunAsync(lab, run++, layers);
        Assert.True(matrix.Faults.Count == 0, matrix.Account());
    }
}
