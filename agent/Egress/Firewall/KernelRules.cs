using System.Text.Json;

namespace Sluice.Agent.Egress.Firewall;

/// <summary>
/// Holds what the kernel enforces, as <c>nft -j list table</c> prints it, against what the configuration says. A core.
/// Order counts: a rule behind another one may never be reached.
/// </summary>
internal static class KernelRules
{
    private const int DepthMax = 32;

    /// <summary>What differs, a sentence each; none where the kernel enforces just these rules.</summary>
    public static IReadOnlyList<string> Differences(FirewallRules wanted, string listing)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(listing, new JsonDocumentOptions { MaxDepth = DepthMax });
        }
        catch (JsonException exception)
        {
            return [$"what nft lists cannot be read: {exception.Message}"];
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("nftables", out var items)
                || items.ValueKind != JsonValueKind.Array)
            {
                return ["what nft lists is no list of rules"];
            }

            List<string> differences = [.. Chains(wanted, items), .. Strangers(items)];
            foreach (var chain in wanted.Chains)
            {
                differences.AddRange(Rules(wanted, chain.Name, items));
            }

            return differences;
        }
    }

    private static IEnumerable<string> Chains(FirewallRules wanted, JsonElement items)
    {
        var found = Of(items, "chain").ToList();
        foreach (var chain in wanted.Chains)
        {
            if (found.Find(one => Text(one, "name") == chain.Name) is not { ValueKind: JsonValueKind.Object } is_)
            {
                yield return $"the chain {chain.Name} is missing";
            }
            else if (Text(is_, "hook") != (chain.Hook ?? ""))
            {
                yield return $"the chain {chain.Name} is entered from '{Text(is_, "hook")}' and not from "
                    + $"'{chain.Hook ?? "no hook"}'";
            }
            else if (chain.Hook is not null && (Text(is_, "policy") != "drop" || Text(is_, "type") != "filter"))
            {
                yield return $"the chain {chain.Name} lets through what no rule names (policy {Text(is_, "policy")})";
            }
        }

        foreach (var more in found.Select(one => Text(one, "name"))
            .Where(name => wanted.Chains.All(chain => chain.Name != name)))
        {
            yield return $"there is a chain {more} that nobody stated";
        }
    }

    /// <summary>Sets, maps and flow tables: the last of these lets packets pass the chains by.</summary>
    private static IEnumerable<string> Strangers(JsonElement items) => items.EnumerateArray()
        .Where(item => item.ValueKind == JsonValueKind.Object)
        .SelectMany(item => item.EnumerateObject())
        .Where(item => item.Name is not ("metainfo" or "table" or "chain" or "rule"))
        .Select(item => $"there is a {item.Name} '{Text(item.Value, "name")}' that nobody stated");

    private static IEnumerable<string> Rules(FirewallRules wanted, string chain, JsonElement items)
    {
        var stated = wanted.Rules.Where(rule => rule.Chain == chain).ToList();
        var enforced = Of(items, "rule").Where(rule => Text(rule, "chain") == chain).ToList();
        var at = 0;
        foreach (var rule in enforced)
        {
            var same = stated.FindIndex(at, one => IsSame(one, rule));
            if (same < 0)
            {
                yield return $"the chain {chain} has a rule that nobody stated here: {Shown(rule)}";
                continue;
            }

            for (; at < same; at++)
            {
                yield return $"a rule of the chain {chain} is missing: {stated[at].Text}";
            }

            at = same + 1;
        }

        for (; at < stated.Count; at++)
        {
            yield return $"a rule of the chain {chain} is missing: {stated[at].Text}";
        }
    }

    private static bool IsSame(FirewallRule stated, JsonElement rule)
    {
        if (!rule.TryGetProperty("expr", out var clauses) || clauses.ValueKind != JsonValueKind.Array
            || clauses.GetArrayLength() != stated.Clauses.Count)
        {
            return false;
        }

        var at = 0;
        foreach (var clause in clauses.EnumerateArray())
        {
            if (!IsSame(stated.Clauses[at++], clause))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsSame(RuleClause stated, JsonElement clause)
    {
        // A counter's figures are no part of the rule.
        if (stated == RuleClause.Count)
        {
            return clause.ValueKind == JsonValueKind.Object && clause.TryGetProperty("counter", out _);
        }

        using var wanted = JsonDocument.Parse(stated.Json);
        return JsonElement.DeepEquals(wanted.RootElement, clause);
    }

    private static string Shown(JsonElement rule) =>
        rule.TryGetProperty("expr", out var clauses) ? clauses.GetRawText() : rule.GetRawText();

    private static IEnumerable<JsonElement> Of(JsonElement items, string kind) => items.EnumerateArray()
        .Where(item => item.ValueKind == JsonValueKind.Object && item.TryGetProperty(kind, out _))
        .Select(item => item.GetProperty(kind))
        .Where(item => Text(item, "table") == FirewallRules.Table && Text(item, "family") == "inet");

    private static string Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var text)
            && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
}
