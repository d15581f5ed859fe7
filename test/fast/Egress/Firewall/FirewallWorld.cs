using System.Net;
using System.Text.Json.Nodes;
using Sluice.Agent.Egress.Firewall;

namespace Sluice.Fast.Egress.Firewall;

/// <summary>A gateway's flows and rules, and what nft would list of them.</summary>
internal static class FirewallWorld
{
    public static readonly FlowUsers Users = new(990, 991);

    public static readonly IReadOnlyList<StatedFlow> Flows =
    [
        new(FlowOwner.Agent, IPAddress.Parse("192.0.2.10"), true, 8883, "broker"),
        new(FlowOwner.Agent, IPAddress.Parse("10.10.1.30"), true, 502, "hmi1 hmi1-fast"),
        new(FlowOwner.Agent, IPAddress.Parse("10.10.1.40"), true, 4001, "meter"),
        new(FlowOwner.TimeService, IPAddress.Parse("192.0.2.11"), false, 123, "time"),
    ];

    public static FirewallRules Rules => new(Flows, Users);

    /// <summary>As nft 1.0.6 lists these rules; the field tests hold this against a real one.</summary>
    public static JsonArray Listing(FirewallRules rules)
    {
        var items = new JsonArray(
            new JsonObject { ["metainfo"] = new JsonObject { ["version"] = "1.0.6" } },
            new JsonObject { ["table"] = new JsonObject { ["family"] = "inet", ["name"] = "sluice" } });
        foreach (var chain in rules.Chains)
        {
            var described = new JsonObject { ["family"] = "inet", ["table"] = "sluice", ["name"] = chain.Name };
            if (chain.Hook is { } hook)
            {
                described["type"] = "filter";
                described["hook"] = hook;
                described["prio"] = 0;
                described["policy"] = "drop";
            }

            items.Add(new JsonObject { ["chain"] = described });
        }

        foreach (var rule in rules.Rules)
        {
            items.Add(Rule(rule.Chain, [.. rule.Clauses.Select(clause => JsonNode.Parse(clause.Json))]));
        }

        return items;
    }

    public static JsonObject Rule(string chain, params JsonNode?[] clauses) => new()
    {
        ["rule"] = new JsonObject
        {
            ["family"] = "inet", ["table"] = "sluice", ["chain"] = chain, ["handle"] = 7,
            ["expr"] = new JsonArray(clauses),
        },
    };

    public static string Text(JsonArray items) => new JsonObject { ["nftables"] = items }.ToJsonString();
}
