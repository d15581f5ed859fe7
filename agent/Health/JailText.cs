using System.Globalization;
using System.Text;
using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Egress.Proof;

namespace Sluice.Agent.Health;

/// <summary>The jail and its proof, for the status and for people. A core.</summary>
internal static class JailText
{
    public static JailStatus Describe(JailStanding standing, ProofView? proof, ProofView? hostRules = null) =>
        new(standing.Landlock, standing.Filters, standing.Sentence)
        {
            Proof = Describe(proof), HostRules = Describe(hostRules),
        };

    public static string Alarm(ProofView proof) =>
        $"The agent is said to be locked in, and could {string.Join("; ", proof.Open.Select(
            open => ProofWords.Sentence(open.Attempt)))}. Nothing was harmed by trying. Take this gateway for broken "
        + "into, or its start for tampered with, until somebody knows better: sluice-agent prove.";

    /// <summary>What the verb prints.</summary>
    public static string Render(JailStatus jail)
    {
        var text = new StringBuilder($"The agent is {jail.Sentence}.\n");
        Append(text, jail.Proof);
        if (jail.Proof is not null)
        {
            text.Append(jail.HostRules is { Utc: var utc }
                ? string.Create(CultureInfo.InvariantCulture, $"The host's rules, tried from outside at {utc:u}:\n")
                : "The host's rules were not tried in this boot (sluice-firewall-proof.service).\n");
            Append(text, jail.HostRules);
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, ProofStatus? proof)
    {
        foreach (var attempt in proof?.Attempts ?? [])
        {
            var outcome = attempt.Verdict switch
            {
                "held" => $"stopped by {attempt.By}",
                "open" => "NOT STOPPED",
                _ => "could not be tried",
            };
            text.Append(CultureInfo.InvariantCulture, $"  {attempt.Tried,-50} {outcome}\n");
        }
    }

    private static ProofStatus? Describe(ProofView? proof) => proof is null ? null : new ProofStatus(
        proof.Number, proof.Utc,
        [
            .. proof.Attempts.Select(each => new AttemptStatus(
                each.Word, ProofWords.Sentence(each.Attempt), ProofWords.Of(each.Verdict), each.By)),
        ]);
}
