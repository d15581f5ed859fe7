using System.Text.Json.Nodes;
using Sluice.Agent.Egress.Firewall;
using Xunit;

namespace Sluice.Fast.Egress.Firewall;

/// <summary>Whatever somebody changed in the kernel's rules behind our back is told.</summary>
public sealed class KernelRulesTests
{
    private static readonly FirewallRules Wanted = FirewallWorld.Rules;

    [Fact]
    public void Rules_as_they_were_loaded_do_not_differ() =>
        Assert.Empty(Differences(FirewallWorld.Listing(Wanted)));

    [Fact]
    public void Counters_that_have_counted_are_no_difference()
    {
        var items = FirewallWorld.Listing(Wanted);
        foreach (var clause in Rules(items).SelectMany(rule => rule["rule"]!["expr"]!.AsArray())
            .Where(clause => clause!.AsObject().ContainsKey("counter")).ToList())
        {
            clause!["counter"] = new JsonObject { ["packets"] = 3, ["bytes"] = 180 };
        }

        Assert.Empty(Differences(items));
    }

    [Fact]
    public void Each_rule_that_is_gone_is_named()
    {
        for (var at = 0; at < Wanted.Rules.Count; at++)
        {
            var items = FirewallWorld.Listing(Wanted);
            items.Remove(Rules(items)[at]);

            var difference = Assert.Single(Differences(items));
            Assert.Contains(Wanted.Rules[at].Text, difference, StringComparison.Ordinal);
            Assert.Contains("missing", difference, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_rule_that_was_put_in_anywhere_is_named()
    {
        for (var at = 0; at <= Wanted.Rules.Count; at++)
        {
            var items = FirewallWorld.Listing(Wanted);
            var more = FirewallWorld.Rule("output", JsonNode.Parse("""{"accept":null}"""));
            items.Insert(items.Count - Wanted.Rules.Count + at, more);

            Assert.Contains("nobody stated", Assert.Single(Differences(items)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Each_clause_that_was_changed_is_told()
    {
        for (var at = 0; at < Wanted.Rules.Count; at++)
        {
            for (var clause = 0; clause < Wanted.Rules[at].Clauses.Count; clause++)
            {
                var items = FirewallWorld.Listing(Wanted);
                Rules(items)[at]["rule"]!["expr"]![clause] = JsonNode.Parse("""{"log":null}""");

                Assert.NotEmpty(Differences(items));
            }
        }
    }

    [Fact]
    public void Two_rules_that_changed_places_are_told()
    {
        var items = FirewallWorld.Listing(Wanted);
        var output = Rules(items).Where(rule => (string?)rule["rule"]!["chain"] == "output").ToList();
        var last = output[^1];
        items.Remove(last);
        items.Insert(items.IndexOf(output[0]), last);

        Assert.NotEmpty(Differences(items));
    }

    [Theory]
    [InlineData("policy", "accept", "lets through")]
    [InlineData("type", "route", "lets through")]
    [InlineData("hook", "input", "is entered from 'input'")]
    [InlineData("name", "output2", "is missing")]
    public void A_chain_that_was_changed_is_told(string key, string value, string told)
    {
        var items = FirewallWorld.Listing(Wanted);
        Chain(items, "output")[key] = value;

        Assert.Contains(Differences(items), difference => difference.Contains(told, StringComparison.Ordinal));
    }

    [Fact]
    public void A_chain_of_which_only_a_jump_was_known_and_that_has_a_hook_now_is_told()
    {
        var items = FirewallWorld.Listing(Wanted);
        Chain(items, "agent")["hook"] = "output";

        Assert.Contains("no hook", Assert.Single(Differences(items)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chain", "more")]
    [InlineData("set", "friends")]
    [InlineData("flowtable", "fast")]
    public void Whatever_else_stands_in_the_table_is_told(string kind, string name)
    {
        var items = FirewallWorld.Listing(Wanted);
        items.Add(new JsonObject
        {
            [kind] = new JsonObject { ["family"] = "inet", ["table"] = "sluice", ["name"] = name },
        });

        Assert.Contains($"{kind} ", Assert.Single(Differences(items)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"nftables\":3}")]
    [InlineData("{\"nftables\":[3,null,{\"rule\":null},{\"rule\":{\"table\":3}}]}")]
    public void A_listing_that_is_none_is_no_proof(string listing) =>
        Assert.NotEmpty(KernelRules.Differences(Wanted, listing));

    private static IReadOnlyList<string> Differences(JsonArray items) =>
        KernelRules.Differences(Wanted, FirewallWorld.Text(items));

    private static List<JsonObject> Rules(JsonArray items) =>
        [.. items.OfType<JsonObject>().Where(item => item.ContainsKey("rule"))];

    private static JsonNode Chain(JsonArray items, string name) => items.OfType<JsonObject>()
        .Where(item => item.ContainsKey("chain")).Select(item => item["chain"]!)
        .Single(chain => (string?)chain["name"] == name);
}
