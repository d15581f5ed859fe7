using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sluice.Agent.Egress.Firewall;

/// <summary>
/// One part of a rule, in the two forms in which nftables speaks: the text that is loaded, and the JSON in which the
/// kernel's rules are listed (libnftables-json(5), all names as numbers). They stand side by side, so that they cannot
/// drift apart.
/// </summary>
internal sealed record RuleClause(string Text, string Json)
{
    public static readonly RuleClause Accept = new("accept", """{"accept":null}""");

    /// <summary>Not dropped: who is stopped learns it at once, and a probe ends.</summary>
    public static readonly RuleClause Reject = new(
        "reject with icmpx admin-prohibited", """{"reject":{"type":"icmpx","expr":3}}""");

    /// <summary>What was stopped is counted, for whoever looks.</summary>
    public static readonly RuleClause Count = new("counter", """{"counter":null}""");

    /// <summary>What a connection that was let through before sends, and what answers one that came in.</summary>
    public static readonly RuleClause OfKnownConnection = new(
        "ct state established,related",
        """{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":[2,4]}}""");

    public static readonly RuleClause ToItself = new(
        "oifname \"lo\"", """{"match":{"op":"==","left":{"meta":{"key":"oifname"}},"right":"lo"}}""");

    /// <summary>How IPv6 finds a neighbour's hardware address, as ARP does for IPv4 (RFC 4861).</summary>
    public static readonly RuleClause NeighbourDiscovery = new(
        "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert }",
        """
        {"match":{"op":"==","left":{"payload":{"protocol":"icmpv6","field":"type"}},
        "right":{"set":[135,136]}}}
        """);

    /// <summary>By this card, or by any but this one. A flow to the broker has no business among the machines, and one
    /// to a machine none in the DMZ.</summary>
    public static RuleClause By(string card, bool isBy) => new(
        $"oifname {(isBy ? "" : "!= ")}\"{card}\"",
        $$$"""
        {"match":{"op":"{{{(isBy ? "==" : "!=")}}}","left":{"meta":{"key":"oifname"}},"right":"{{{card}}}"}}
        """);

    public static RuleClause OfUser(uint user) => new(
        string.Create(CultureInfo.InvariantCulture, $"meta skuid {user}"),
        string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"match":{"op":"==","left":{"meta":{"key":"skuid"}},"right":{{{user}}}}}"""));

    public static RuleClause Goto(string chain) => new($"goto {chain}", $$$"""{"goto":{"target":"{{{chain}}}"}}""");

    public static RuleClause To(IPAddress address)
    {
        var protocol = address.AddressFamily == AddressFamily.InterNetworkV6 ? "ip6" : "ip";
        return new RuleClause(
            $"{protocol} daddr {address}",
            $$$"""
            {"match":{"op":"==","left":{"payload":{"protocol":"{{{protocol}}}","field":"daddr"}},
            "right":"{{{address}}}"}}
            """);
    }

    public static RuleClause ToPort(bool isTcp, int port)
    {
        var protocol = isTcp ? "tcp" : "udp";
        return new RuleClause(
            string.Create(CultureInfo.InvariantCulture, $"{protocol} dport {port}"),
            string.Create(
                CultureInfo.InvariantCulture,
                $$$"""
                {"match":{"op":"==","left":{"payload":{"protocol":"{{{protocol}}}","field":"dport"}},
                "right":{{{port}}}}}
                """));
    }
}
