using System.Globalization;
using System.Net;

namespace Sluice.Agent.Configuration;

/// <summary>
/// What several keys say together. A check whose keys were refused already is left out: one mistake, one problem.
/// </summary>
internal static class GatewayChecks
{
    public static void Check(GatewayDraft draft, FileNode root, ProblemList problems)
    {
        CheckName(draft, root, problems);
        CheckBroker(draft, root, problems);
        CheckTime(draft, root, problems);
        CheckDirectories(draft, root, problems);
        foreach (var (name, source) in draft.Sources ?? [])
        {
            CheckSource(name, source, draft, root, problems);
        }

        BusChecks.Check(draft, root, problems);
    }

    /// <summary>Pauses alone must not fill the cycle: then no device could be fast enough to keep it.</summary>
    public static void CheckPace(SourceSettings source, FileNode root, ProblemList problems)
    {
        if (source is not ModbusTcpSettings modbus || modbus.Options.PauseBetweenRequests == TimeSpan.Zero)
        {
            return;
        }

        var pause = modbus.Options.PauseBetweenRequests;
        var requests = modbus.RequestsPerCycle();
        var pauses = pause * requests;
        var every = modbus.Signals.Min(signal => signal.Every);
        if (pauses > every)
        {
            problems.Warning(
                root.At("sources", source.Name, "quirks", "pauseBetweenRequests"),
                $"sources.{source.Name}.quirks.pauseBetweenRequests",
                $"{requests.ToString(CultureInfo.InvariantCulture)} requests with {UnitText.Format(pause)} between "
                    + "them take "
                    + $"{UnitText.Format(pauses)} for pauses alone, and signals are read every "
                    + $"{UnitText.Format(every)}: "
                    + "turns will be skipped. Write a longer every or a shorter pause.");
        }
    }

    /// <summary>The broker ends a session when another one comes under its id.</summary>
    private static void CheckName(GatewayDraft draft, FileNode root, ProblemList problems)
    {
        const string next = GatewayName.NextSession;
        if (draft.Gateway?.Id is { } id && id.EndsWith(next, StringComparison.Ordinal))
        {
            problems.Error(root.At("gateway", "id"), "gateway.id", $"'{id}' ends in {next}, and so does the session by "
                + $"which gateway '{id[..^next.Length]}' tries its next certificate: one would end the other's. Give "
                + "it another id.");
        }
    }

    private static void CheckBroker(GatewayDraft draft, FileNode root, ProblemList problems)
    {
        if (draft.Broker?.Addresses is not { } addresses)
        {
            return;
        }

        var nodes = root.At("broker", "addresses");
        foreach (var (index, (address, node)) in Pairs(addresses, nodes).Index())
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"broker.addresses[{index}]");
            if (draft.Broker.Network is { } network && !network.Contains(address))
            {
                problems.Error(node, path, $"{address} lies outside broker.network {network}: nothing is ever sent "
                    + "there. Write "
                    + "the broker's address, or the network of the DMZ that it is in.");
            }
        }

        foreach (var twice in addresses.GroupBy(address => address).Where(same => same.Count() > 1))
        {
            problems.Warning(nodes, "broker.addresses", $"names {twice.Key} more than once.");
        }
    }

    private static void CheckTime(GatewayDraft draft, FileNode root, ProblemList problems)
    {
        if (draft.Broker?.Network is not { } network)
        {
            return;
        }

        foreach (var (server, node) in Pairs(draft.Time?.Servers ?? [], root.At("time", "servers")))
        {
            if (!network.Contains(server))
            {
                problems.Warning(node, "time.servers", $"{server} lies outside broker.network {network}: time servers "
                    + "belong "
                    + "in the DMZ.");
            }
        }
    }

    /// <summary>
    /// Accepted values and their nodes; a list with a refused item has lost its order and is left out.
    /// </summary>
    private static IEnumerable<(IPAddress Address, FileNode Node)> Pairs(
        IReadOnlyList<IPAddress> addresses, FileNode list) =>
        addresses.Count == list.Items.Count ? addresses.Zip(list.Items) : [];

    private static void CheckDirectories(GatewayDraft draft, FileNode root, ProblemList problems)
    {
        if (draft.Identity?.Directory is not { } identity || draft.Buffer?.Directory is not { } buffer)
        {
            return;
        }

        if (Inside(identity, buffer) || Inside(buffer, identity))
        {
            problems.Error(root.At("buffer", "directory"), "buffer.directory", $"{buffer} and identity.directory "
                + $"{identity} lie "
                + "one in the other: keep the key apart from the readings.");
        }
    }

    private static bool Inside(string inner, string outer) =>
        (inner.TrimEnd('/') + "/").StartsWith(outer.TrimEnd('/') + "/", StringComparison.Ordinal);

    private static void CheckSource(
        string name, SourceDraft source, GatewayDraft draft, FileNode root, ProblemList problems)
    {
        var path = $"sources.{name}";

        // Loopback is on neither side: demo and tests have both ends there.
        if (source.Address is { } address && draft.Broker?.Network is { } network
            && network.Contains(address) && !IPAddress.IsLoopback(address))
        {
            problems.Error(root.At("sources", name, "address"), $"{path}.address", $"{address} lies inside "
                + "broker.network "
                + $"{network}: machines and DMZ must be two networks, or nothing keeps them apart. Check both "
                + "addresses.");
        }

        if (source.Profile == "weintek" && source.UnitId == 0)
        {
            problems.Warning(root.At("sources", name, "unitId"), $"{path}.unitId", "Weintek panels were seen not to "
                + "answer unit 0: "
                + "write 1.");
        }
    }
}
