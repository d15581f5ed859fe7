using Sluice.Agent.Egress.Jail;

namespace Sluice.Agent.Egress.Proof;

/// <summary>
/// Says from the kernel's answer which wall stopped an attempt. A core.
/// <para>
/// The walls answer differently, and that is how they are told apart: Landlock and our filter of sockets with EACCES,
/// our filter of all else with EPERM, the host's rules at once with a rejection that the kernel gives as EHOSTUNREACH
/// (icmpx admin-prohibited) or, to a datagram, EPERM; the unit's hardening with EPERM, EROFS or EAFNOSUPPORT. An answer
/// that a wall in force cannot give is put down to the host.
/// </para>
/// </summary>
internal static class ProofJudge
{
    private const int NotPermitted = 1;
    private const int AccessDenied = 13;
    private const int NetworkUnreachable = 101;
    private const int ConnectionRefused = 111;
    private const int HostUnreachable = 113;

    /// <param name="attempt">What was tried.</param>
    /// <param name="outcome">How that ended.</param>
    /// <param name="standing">Which walls of our own stand.</param>
    public static ProvedAttempt Judge(EscapeAttempt attempt, AttemptOutcome outcome, JailStanding standing)
    {
        if (outcome.Succeeded)
        {
            return new ProvedAttempt(attempt, WallVerdict.Open, "");
        }

        if (outcome == AttemptOutcome.Untried || (IsConnection(attempt) && outcome.Error == NetworkUnreachable))
        {
            return new ProvedAttempt(attempt, WallVerdict.Untried, "");
        }

        return new ProvedAttempt(attempt, WallVerdict.Held, By(attempt, outcome.Error, standing));
    }

    /// <summary>
    /// What the jailed agent tries: each against a wall of its own that is said to stand, so that nothing leaves the
    /// gateway while it does. What only the host's rules can stop is tried from outside the jail.
    /// </summary>
    public static IEnumerable<EscapeAttempt> AgainstOwnWalls(JailStanding standing) =>
        Enum.GetValues<EscapeAttempt>().Where(attempt => Wall(attempt, standing).Length > 0);

    /// <summary>What is tried from outside the jail, under the same user.</summary>
    public static IReadOnlyList<EscapeAttempt> AgainstHostRules { get; } =
        [EscapeAttempt.OtherHost, EscapeAttempt.OtherPort, EscapeAttempt.Datagram];

    /// <summary>The wall of ours that is there to stop it; empty where it does not stand.</summary>
    public static string Wall(EscapeAttempt attempt, JailStanding standing) => attempt switch
    {
        EscapeAttempt.OtherHost => "",
        EscapeAttempt.OtherPort => standing.FencesPorts ? "landlock" : "",
        EscapeAttempt.WriteOutside or EscapeAttempt.ReadOutside => standing.FencesFiles ? "landlock" : "",
        _ => standing.Filters ? "seccomp" : "",
    };

    private static string By(EscapeAttempt attempt, int error, JailStanding standing)
    {
        var wall = Wall(attempt, standing);
        var isOurs = attempt == EscapeAttempt.Exec ? error == NotPermitted : error == AccessDenied;
        if (wall.Length > 0 && isOurs)
        {
            return wall;
        }

        return IsConnection(attempt) && error is HostUnreachable or ConnectionRefused
            || (attempt == EscapeAttempt.Datagram && error == NotPermitted)
            ? "firewall"
            : "host";
    }

    private static bool IsConnection(EscapeAttempt attempt) =>
        attempt is EscapeAttempt.OtherHost or EscapeAttempt.OtherPort or EscapeAttempt.Datagram;
}
