using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Egress.Proof;

/// <summary>
/// Reads what the unit beside the agent found out about the host's rules (<c>sluice-agent firewall prove</c>), for
/// status and posture, and tells the journal when that changes. From any thread.
/// </summary>
internal sealed class HostProofWatch(string path, Func<HostBoot> now, ILogger<HostProofWatch> log)
{
    private readonly Lock gate = new();
    private ProofView? told;
    private bool wasOld;

    /// <summary>The last one of this boot; null where there is none.</summary>
    public ProofView? View => Look().Proof;

    /// <summary>For status: what is wrong with it, most urgent first.</summary>
    public string? Attention => Look() switch
    {
        { Proof: { IsAlarm: true } alarm } => Alarm(alarm),
        { IsOld: true } => "The host's rules were not tried for more than a day: look at sluice-firewall-proof.timer "
            + "(systemctl list-timers).",
        _ => null,
    };

    private static string Alarm(ProofView proof) =>
        $"The host's rules do not hold: the agent's user could {string.Join("; ", proof.Open.Select(
            open => ProofWords.Sentence(open.Attempt)))}. The agent's own jail still does. Load them: sluice-agent "
        + "firewall apply; and see what is enforced: sluice-agent firewall check.";

    private (ProofView? Proof, bool IsOld) Look()
    {
        var boot = now();
        var proof = HostProof.Read(path, boot);
        var view = proof?.View();
        var isOld = proof?.IsOld(boot) == true;
        lock (gate)
        {
            Tell(view, isOld);
        }

        return (view, isOld);
    }

    private void Tell(ProofView? view, bool isOld)
    {
        if (view is not null && !view.SaysTheSameAs(told))
        {
            foreach (var open in view.Open)
            {
                Log.HostRulesOpen(log, ProofWords.Sentence(open.Attempt));
            }

            if (!view.IsAlarm)
            {
                Log.HostRulesHold(
                    log, view.Attempts.Count(each => each.Verdict == WallVerdict.Held), view.Attempts.Count);
            }
        }

        if (isOld && !wasOld)
        {
            Log.HostRulesOld(log);
        }

        (told, wasOld) = (view ?? told, isOld);
    }
}
