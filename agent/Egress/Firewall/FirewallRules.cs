using System.Net.Sockets;
using System.Text;

namespace Sluice.Agent.Egress.Firewall;

/// <summary>
/// What the host lets out: the stated flows and nothing else. A core; the one place where the rules are decided.
/// <para>
/// Invariants. Of the agent's user each single packet has to go to a stated address and port: there is no word for
/// "established" there, so not even the handshake with somebody who connects to the agent leaves. Everybody else on
/// the host may answer, speak to itself, and let the time service ask the declared servers. Nothing is forwarded from
/// one card to the other. IPv6 is closed as long as no flow names an IPv6 address.
/// </para>
/// </summary>
internal sealed class FirewallRules
{
    public const string Table = "sluice";

    private readonly List<FirewallRule> rules = [];

    /// <param name="flows">What may leave; none closes the host.</param>
    /// <param name="users">Whose packets are whose.</param>
    public FirewallRules(IReadOnlyList<StatedFlow> flows, FlowUsers users)
    {
        Chains =
        [
            new FirewallChain("agent", null),
            new FirewallChain("output", "output"),
            new FirewallChain("forward", "forward"),
        ];
        foreach (var flow in flows.Where(flow => flow.Owner == FlowOwner.Agent))
        {
            Add("agent", flow.Purpose, [.. Way(flow), RuleClause.Accept]);
        }

        Add("agent", "all else", [RuleClause.Count, RuleClause.Reject]);
        Add("output", "agent", [RuleClause.OfUser(users.Agent), RuleClause.Goto("agent")]);
        Add("output", "the host itself", [RuleClause.ToItself, RuleClause.Accept]);
        Add("output", "answers", [RuleClause.OfKnownConnection, RuleClause.Accept]);
        if (flows.Any(flow => flow.Address.AddressFamily == AddressFamily.InterNetworkV6))
        {
            Add("output", "neighbours", [RuleClause.NeighbourDiscovery, RuleClause.Accept]);
        }

        foreach (var flow in flows.Where(flow => flow.Owner == FlowOwner.TimeService))
        {
            Add("output", flow.Purpose, [RuleClause.OfUser(users.TimeService), .. Way(flow), RuleClause.Accept]);
        }

        Add("output", "all else", [RuleClause.Count, RuleClause.Reject]);
    }

    public IReadOnlyList<FirewallChain> Chains { get; }

    public IReadOnlyList<FirewallRule> Rules => rules;

    /// <summary>
    /// As <c>nft -f</c> takes it: one transaction that replaces the table, so that there is no moment without rules,
    /// and the old ones stay where a new one is not understood.
    /// </summary>
    public string Text()
    {
        var text = new StringBuilder()
            .Append("table inet ").Append(Table).Append(" {}\n")
            .Append("delete table inet ").Append(Table).Append('\n')
            .Append("table inet ").Append(Table).Append(" {\n");
        foreach (var chain in Chains)
        {
            text.Append("\tchain ").Append(chain.Name).Append(" {\n");
            if (chain.Hook is { } hook)
            {
                text.Append("\t\ttype filter hook ").Append(hook).Append(" priority 0; policy drop;\n");
            }

            foreach (var rule in rules.Where(rule => rule.Chain == chain.Name))
            {
                text.Append("\t\t").Append(rule.Text).Append('\n');
            }

            text.Append("\t}\n");
        }

        return text.Append("}\n").ToString();
    }

    private static RuleClause[] Way(StatedFlow flow) =>
    [
        .. flow.Card is { } card ? [RuleClause.By(card, flow.IsByCard)] : Array.Empty<RuleClause>(),
        RuleClause.To(flow.Address), RuleClause.ToPort(flow.IsTcp, flow.Port),
    ];

    private void Add(string chain, string comment, IReadOnlyList<RuleClause> clauses) =>
        rules.Add(new FirewallRule(chain, comment, clauses));
}

/// <summary>A chain of the table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Hook">Where the kernel enters it, with the policy drop; null where another chain leads to it.</param>
internal sealed record FirewallChain(string Name, string? Hook);

/// <summary>One rule.</summary>
/// <param name="Chain">Where it stands.</param>
/// <param name="Comment">What for.</param>
/// <param name="Clauses">What it consists of, in order.</param>
internal sealed record FirewallRule(string Chain, string Comment, IReadOnlyList<RuleClause> Clauses)
{
    /// <summary>nft refuses a comment beyond this.</summary>
    private const int CommentCharactersMax = 127;

    /// <summary>As nft reads it.</summary>
    public string Text => $"{string.Join(' ', Clauses.Select(clause => clause.Text))} comment \"{Short}\"";

    /// <summary>Names of sources hold letters, digits, '-' and '_' only; many at one device make it long.</summary>
    private string Short => Comment.Length <= CommentCharactersMax ? Comment : Comment[..CommentCharactersMax];
}

/// <summary>Numbers of the users whose packets are told apart.</summary>
internal sealed record FlowUsers(uint Agent, uint TimeService);
