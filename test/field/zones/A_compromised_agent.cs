using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field.Zones;

/// <summary>
/// Somebody has taken the agent over: the intruder runs as its user and tries every way to get a packet out, to every
/// host. Each layer is tried with the two others off; the witnesses say what arrived.
/// </summary>
[Collection(nameof(ZonesLab))]
public sealed class A_compromised_agent(ITestOutputHelper output)
{
    private static readonly string[] Far = ["broker", "mes", "office"];
    private static readonly string[] Near = ["plc", "hmi"];

    [Fact]
    public async Task Gets_a_packet_to_everybody_where_nothing_stands()
    {
        await using var lab = await ZonesLab.LayAsync();
        var (arrived, _) = await IntrudeAsync(lab, Layers.None, "free");
        Assert.All(arrived, each => Assert.Superset(
            new HashSet<string> { "tcp/22", "tcp/8883", "udp/53", "udp/123", "ping", "6:ping" },
            each.Words.ToHashSet()));
    }

    [Fact]
    public async Task Gets_no_packet_past_the_hosts_rules_alone()
    {
        await using var lab = await ZonesLab.LayAsync();
        var (arrived, _) = await IntrudeAsync(lab, Layers.Host, "free");
        Is(arrived, "plc", "tcp/502");
        Is(arrived, "hmi", "tcp/502");
        Is(arrived, "broker", "tcp/8883");
        Is(arrived, "mes");
        Is(arrived, "office");
    }

    /// <summary>To a firewall the agent is the gateway: its clock's flow is open to it too, and OT lies on its side.
    /// </summary>
    [Fact]
    public async Task Gets_no_packet_past_the_firewalls_alone()
    {
        await using var lab = await ZonesLab.LayAsync();
        var (arrived, _) = await IntrudeAsync(lab, Layers.Firewalls, "free");
        Is(arrived, "broker", "tcp/8883");
        Is(arrived, "mes", "udp/123");
        Is(arrived, "office");
        Assert.All(Near, host => Assert.Contains("tcp/22", Words(arrived, host)));
    }

    /// <summary>
    /// The jail knows ports and no hosts (Landlock has no word for those): what is left of it are the two ports of the
    /// configuration, by TCP. Which host, the two other layers say, each alone.
    /// </summary>
    [Fact]
    public async Task Gets_no_packet_past_its_jail_alone_but_to_the_ports_of_the_configuration()
    {
        await using var lab = await ZonesLab.LayAsync();
        var (arrived, said) = await IntrudeAsync(lab, Layers.None, "jailed");
        Assert.Contains("locked in", said);
        Assert.All([.. Near, .. Far], host => Is(arrived, host, "tcp/502", "tcp/8883"));

        // Only the plain connections to these ports got as far as the kernel's network, by either card.
        Assert.Equal(
            ["by-card", "tcp"],
            said.Select(line => line.Split(' ')).Where(parts => parts is [_, _, var went] && went != "0")
                .Where(parts => parts[0] != "locked").Select(parts => parts[0]).Order());
    }

    private static void Is((string Host, IReadOnlySet<string> Words)[] arrived, string host, params string[] words) =>
        Assert.Equal(words.Order(), Words(arrived, host).Order());

    private static IReadOnlySet<string> Words((string Host, IReadOnlySet<string> Words)[] arrived, string host) =>
        arrived.Single(each => each.Host == host).Words;

    private async Task<((string Host, IReadOnlySet<string> Words)[] Arrived, IReadOnlyList<string> Said)> IntrudeAsync(
        ZonesLab lab, Layers layers, string how)
    {
        await lab.StandAsync(layers);
        var targets = ZonePolicy.Targets.Where(target => target.Host != "gateway")
            .SelectMany(target => new[] { target.V4, target.V6 }).Where(address => address.Length > 0);
        string[] all =
        [
            .. lab.AsUser("gateway", ZonesLab.AgentUser), Path.Combine(AppContext.BaseDirectory, "sluice-intruder"),
            lab.ConfigurationFile, how, .. targets,
        ];
        await using var intruder = ChildProcess.Start(all[0], all[1..]);
        await intruder.ExitAsync(FieldPlant.Later);
        Assert.True(intruder.ExitCode == 0, intruder.Tail());
        var arrived = await Task.WhenAll(new[] { "plc", "hmi", "broker", "mes", "office" }.Select(
            async host => (host, (await Witness.ReadAsync(lab, host)).Words)));
        output.WriteLine($"Standing: {layers}, {how}. Kind, tries, calls that went through:\n{intruder.Tail()}\n"
            + string.Join('\n', arrived.Select(each => $"  at {each.host}: {string.Join(' ', each.Words.Order())}")));
        return (arrived, intruder.Lines);
    }
}
