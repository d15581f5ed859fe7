using System.Net;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Cards;
using Sluice.Agent.Egress.Firewall;
using Sluice.Provisioning.Audit;

namespace Sluice.Agent.Doctor.Gathering;

/// <summary>Looks at this machine: cards, routes, rules, users, the buffer's folder. Reads only, but for the file that
/// tells whether a folder can be written, where no agent holds it.</summary>
/// <param name="root">Where the machine's files are: /.</param>
internal sealed class HostLook(string root = "/")
{
    private const string AgentUser = "sluice";
    private const string TimeUser = "systemd-timesync";

    public Nft Nft { get; init; } = new();

    public UserFacts User()
    {
        var isRoot = Environment.IsPrivilegedProcess;
        var name = ProcessUser.Name;
        var isKnown = HostUsers.NumberOf(AgentUser, Text("etc/passwd")) is not null;
        return new UserFacts(name, !isKnown || name == AgentUser, isRoot) { HasAgent = isKnown };
    }

    public IReadOnlyList<CardFacts> Cards(CardSight sight) =>
    [
        .. sight.Names.Where(name => name != "lo").Select(name => new CardFacts(
            name,
            Text($"sys/class/net/{name}/operstate"),
            Text($"sys/class/net/{name}/carrier") switch { "1" => true, "0" => false, _ => null },
            [.. sight.Addresses.Where(address => address.Card == name && address.IsOfACard)
                .Select(address => $"{address.Address}/{address.Length}")])),
    ];

    public static IReadOnlyList<RouteFacts> Routes(GatewayConfiguration configuration, CardSight sight) =>
    [
        .. Machines(configuration).Select(each =>
            new RouteFacts(each.Name, each.Address.ToString(), Way(each.Address, sight))),
        .. configuration.Broker.Addresses.Select(address => new RouteFacts(
            Checks.NetworkChecks.Broker, address.ToString(), Way(address, sight))),
    ];

    public static BufferFacts Buffer(BufferSettings buffer, bool isHeld)
    {
        var folder = HostChecks.NearestFolder(buffer.Directory);
        return new BufferFacts(
            folder, isHeld ? "" : HostChecks.RefuseWrite(folder) ?? "", HostChecks.FreeBytes(folder),
            HostChecks.UsedBytes(buffer.Directory));
    }

    /// <summary>Root alone may list them.</summary>
    public async Task<FirewallFacts> FirewallAsync(
        GatewayConfiguration configuration, CancellationToken cancellationToken)
    {
        var passwd = Text("etc/passwd");
        if (HostUsers.NumberOf(AgentUser, passwd) is not { } agent)
        {
            return new FirewallFacts(null, $"there is no user {AgentUser} on this machine");
        }

        if (!Environment.IsPrivilegedProcess)
        {
            return new FirewallFacts(null, "only root may list the rules");
        }

        var (listing, problem) = await Nft.ListAsync(cancellationToken).ConfigureAwait(false);
        var time = HostUsers.NumberOf(TimeUser, passwd) ?? agent;
        return listing is null ? new FirewallFacts(null, problem) : new FirewallFacts(
            KernelRules.Differences(
                new FirewallRules(StatedFlow.Of(configuration), new FlowUsers(agent, time)), listing), "");
    }

    private static IEnumerable<(string Name, IPAddress Address)> Machines(GatewayConfiguration configuration)
    {
        foreach (var source in configuration.Sources)
        {
            if (source is ModbusTcpSettings tcp)
            {
                yield return (source.Name, tcp.Options.Address);
            }
            else if (source is ModbusRtuSettings { Converter: { } converter })
            {
                yield return (source.Name, converter.Address);
            }
        }
    }

    /// <summary>To itself the kernel needs no route of the main table.</summary>
    private static string Way(IPAddress address, CardSight sight) =>
        IPAddress.IsLoopback(address) || sight.Addresses.Any(own => own.Address.Equals(address))
            ? "lo" : sight.RouteTo(address);

    private string Text(string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(root, file)).Trim();
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
