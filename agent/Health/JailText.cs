using System.Globalization;
using System.Text;
using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Egress.Proof;

namespace Sluice.Agent.Health;

/// <summary>The jail and its proof, for the status and for people. A core.</summary>
internal static class JailText
{
    public static JailStatus Describe(JailStanding standing, ProofView? proof) =>
        new(standing.Landlock, standing.Filters, standing.Sentence)
        {
            Proof = proof is null ? null : new ProofStatus(proof.Number, proof.Utc,
            [
                .. proof.Attempts.Select(each => new AttemptStatus(
                    each.Word, ProofWords.Sentence(each.Attempt), ProofWords.Of(each.Verdict), each.By)),
            ]),
        };

    public static string Alarm(ProofView proof) =>
        $"The agent is said to be locked in, and could {string.Join("; ", proof.Open.Select(
            open => ProofWords.Sentence(open.Attempt)))}. Nothing was harmed by trying. Take this gateway for broken "
        + "into, or its start for tampered with, until somebody knows better: sluice-agent prove.";

    /// <summary>What the verb prints.</summary>
    public static string Render(JailStatus jail)
    {
        var text = new StringBuilder($"The agent is {jail.Sentence}.\n");
        foreach (var attempt in jail.Proof?.Attempts ?? [])
        {
            var outcome = attempt.Verdict switch
            {
                "held" => $"stopped by {attempt.By}",
                "open" => "NOT STOPPED",
                _ => "could not be tried",
            };
            text.Append(CultureInfo.InvariantCulture, $"  {attempt.Tried,-50} {outcome}\n");
        }

        return text.ToString();
    }
}
