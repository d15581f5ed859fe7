using Sluice.Agent.Egress.Firewall;
using Sluice.Provisioning.Bundles;

namespace Sluice.Agent.Configuration.Brought;

/// <summary>
/// What a configuration in a bundle may not change. A core.
/// <para>
/// Invariants: it is this gateway's; it finds its identity and its buffer where they are; it connects to nobody to whom
/// the gateway's own file does not, because from that file root makes the host's rules, and what the agent's user may
/// write must never open them.
/// </para>
/// </summary>
internal static class BroughtJudge
{
    private const string File = "gateway.json";

    private const string ByHand = "the gateway's own file says otherwise, and is changed by hand.";

    /// <param name="read">What was brought; null where that is refused already: then only its lists are judged.</param>
    /// <param name="brought">The same as it came.</param>
    /// <param name="own">The gateway's own file.</param>
    public static IEnumerable<ConfigurationProblem> Differences(
        GatewayConfiguration? read, BundleConfiguration brought, GatewayConfiguration own)
    {
        if (read is null)
        {
            yield break;
        }

        var pairs = new (string Path, string Brought, string Own)[]
        {
            ("gateway.id", read.Gateway.Id, own.Gateway.Id),
            ("gateway.site", read.Gateway.Site, own.Gateway.Site),
            ("identity.directory", read.Identity.Directory, own.Identity.Directory),
            ("buffer.directory", read.Buffer.Directory, own.Buffer.Directory),
            ("broker.host", read.Broker.Host, own.Broker.Host),
            ("broker.network", read.Broker.Network.ToString(), own.Broker.Network.ToString()),
        };
        foreach (var (path, given, here) in pairs.Where(pair => pair.Brought != pair.Own))
        {
            yield return Problem(path, $"is {given}, and here it is {here}: {ByHand}");
        }

        var known = StatedFlow.Of(own).Select(flow => flow with { Purpose = "" }).ToHashSet();
        foreach (var flow in StatedFlow.Of(read).Where(flow => !known.Contains(flow with { Purpose = "" })))
        {
            yield return Problem(flow.Purpose, $"leads to {flow.Address}, port {flow.Port}, and the host's rules are "
                + "made from the gateway's own file, which does not: add it there by hand first.");
        }

        var named = ConfigurationInForce.Read(brought).Files!.Lists.Select(each => each.Key).ToHashSet();
        foreach (var (name, _) in brought.Lists.Where(each => !named.Contains(each.Key)))
        {
            yield return new ConfigurationProblem(name, 0, 0, "", "is in the bundle, and no source names it.");
        }
    }

    private static ConfigurationProblem Problem(string path, string sentence) => new(File, 0, 0, path, sentence);
}
