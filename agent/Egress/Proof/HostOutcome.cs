namespace Sluice.Agent.Egress.Proof;

/// <summary>How an attempt against the host's rules ended.</summary>
/// <param name="Error">The kernel's number; 0 where nothing was said.</param>
/// <param name="IsAnswer">It was sent, and this came back; else the call itself failed, or nothing came.</param>
/// <param name="IsOwn">It was this host that answered that it is prohibited.</param>
internal readonly record struct HostOutcome(int Error, bool IsAnswer, bool IsOwn);

/// <summary>Says from the kernel's answer whether the host's rules stopped an attempt. A core.</summary>
internal static class HostJudge
{
    public const string Firewall = "firewall";

    private const int NotPermitted = 1;

    /// <summary>
    /// The rules reject: the call fails (EPERM), or this very host answers that it is prohibited. Whatever somebody
    /// else answers, and silence, means that the packet has left. A call that failed otherwise (no route, no such
    /// socket) says nothing of the rules.
    /// </summary>
    public static ProvedAttempt Judge(EscapeAttempt attempt, HostOutcome outcome) => outcome switch
    {
        { IsAnswer: false, Error: NotPermitted } => new ProvedAttempt(attempt, WallVerdict.Held, Firewall),
        { IsAnswer: false, Error: not 0 } => new ProvedAttempt(attempt, WallVerdict.Untried, ""),
        { IsAnswer: true, IsOwn: true } => new ProvedAttempt(attempt, WallVerdict.Held, Firewall),
        _ => new ProvedAttempt(attempt, WallVerdict.Open, ""),
    };

    /// <summary>One way that is open is too many; where none is, one that the rules shut shows them at work.</summary>
    public static ProvedAttempt Judge(EscapeAttempt attempt, IEnumerable<HostOutcome> ways)
    {
        ProvedAttempt[] judged = [.. ways.Select(way => Judge(attempt, way))];
        return judged.FirstOrDefault(way => way.Verdict == WallVerdict.Open)
            ?? judged.FirstOrDefault(way => way.Verdict == WallVerdict.Held)
            ?? new ProvedAttempt(attempt, WallVerdict.Untried, "");
    }
}
