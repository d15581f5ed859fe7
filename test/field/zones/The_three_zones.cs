using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Zones;

/// <summary>
/// Every source, target and port that matters between OT, DMZ and IT, by rules of a real kernel: what arrives is
/// counted at the far end, because a connection that does not come about proves nothing about the packet that asked.
/// </summary>
[Collection(nameof(ZonesLab))]
public sealed class The_three_zones(ITestOutputHelper output)
{
    [Fact]
    public async Task Leave_the_stated_flows_and_nothing_else()
    {
        await using var lab = await ZonesLab.LayAsync();

        // The positive control: without rules everything opens, so what is shut below is shut by a rule.
        await HoldsAsync(lab, 0, Layers.None);
        await HoldsAsync(lab, 1, Layers.Host | Layers.Firewalls);
    }

    [Fact]
    public async Task Are_kept_apart_by_the_firewalls_alone()
    {
        await using var lab = await ZonesLab.LayAsync();
        await HoldsAsync(lab, 0, Layers.Firewalls);
    }

    [Fact]
    public async Task Are_kept_apart_on_the_gateway_by_its_own_rules_alone()
    {
        await using var lab = await ZonesLab.LayAsync();
        var matrix = await HoldsAsync(lab, 0, Layers.Host);

        // Its kernel would pass packets on from card to card. Its rules do not.
        Assert.Equal("1", (await lab.InAsync("gateway", "/usr/sbin/sysctl", "-n", "net.ipv4.ip_forward")).Trim());
        Assert.Equal(Passage.Shut, matrix.Of("hmi by gateway", "broker", "tcp/8883"));
        Assert.Equal(Passage.Shut, matrix.Of("firewall by gateway", "plc", "tcp/502"));
    }

    [Fact]
    public async Task Lie_beside_those_of_another_run_and_leave_nothing_behind()
    {
        string[] prefixes;
        await using (var one = await ZonesLab.LayAsync())
        await using (var other = await ZonesLab.LayAsync())
        {
            prefixes = [one.Prefix, other.Prefix];
            await one.StandAsync(Layers.Firewalls);
            var matrices = await Task.WhenAll(
                ZoneMatrix.RunAsync(one, 0, Layers.Firewalls), ZoneMatrix.RunAsync(other, 0, Layers.None));
            Assert.All(matrices, matrix => Assert.True(matrix.Faults.Count == 0, matrix.Account()));
        }

        var (_, listed) = await ChildProcess.RunAsync("/usr/sbin/ip", "netns", "list");
        Assert.All(prefixes, prefix => Assert.DoesNotContain(prefix, listed, StringComparison.Ordinal));
    }

    private async Task<ZoneMatrix> HoldsAsync(ZonesLab lab, int run, Layers layers)
    {
        await lab.StandAsync(layers);
        var matrix = await ZoneMatrix.RunAsync(lab, run, layers);
        output.WriteLine($"Standing: {layers}\n{matrix.Table()}\n");
        Assert.True(matrix.Faults.Count == 0, matrix.Account());
        return matrix;
    }
}
