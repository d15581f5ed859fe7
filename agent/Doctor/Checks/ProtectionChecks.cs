using Sluice.Agent.Health;

namespace Sluice.Agent.Doctor.Checks;

/// <summary>Whether anything could get out that should not.</summary>
internal static class ProtectionChecks
{
    private const string Group = "Protection";
    private const int PortsFrom = 4;

    public static IReadOnlyList<Check> All { get; } =
    [
        new("jail", Group, "Is the agent locked in?", Jail),
        new("host-rules", Group, "Do the host's rules hold?", HostRules),
    ];

    private static IEnumerable<Answer> Jail(CheckupFacts facts)
    {
        yield return facts switch
        {
            { Running.Jail: { } jail } when Open(jail.Proof) is { Length: > 0 } open => Answer.Bad(
                $"The agent could {open}.",
                "take this gateway for broken into until somebody knows better: sluice-agent prove."),
            { Running.Jail: { Landlock: >= PortsFrom, Filters: true } } => Answer.Ok(facts.Running.Jail.Sentence),
            { Running.Jail: { } jail } => Answer.Look($"The agent is {jail.Sentence}.",
                "a kernel from 6.7 on (Debian 13) has all walls; until then the host's rules hold the ports."),
            { Configuration.IsJailRequired: true, Landlock: < PortsFrom } => Answer.Bad(
                $"\"jail\" is \"required\", and this kernel has Landlock {facts.Landlock} (ports need 4): run does not "
                + "start.", "use a newer kernel, or write \"preferred\"."),
            { Landlock: < PortsFrom } => Answer.Look($"This kernel has Landlock {facts.Landlock}: it fences no ports.",
                "a kernel from 6.7 on (Debian 13) has all walls; until then the host's rules hold the ports."),
            _ => Answer.Ok($"this kernel has what it takes (Landlock {facts.Landlock})"),
        };
    }

    private static IEnumerable<Answer> HostRules(CheckupFacts facts)
    {
        yield return facts switch
        {
            { Running.Jail: { } jail } when Open(jail.HostRules) is { Length: > 0 } open => Answer.Bad(
                $"The agent's user could {open}.", "sluice-agent firewall apply."),
            { Firewall.Differences: { Count: > 0 } differences } => Answer.Bad(
                $"The kernel does not enforce what the configuration says, in {differences.Count} places: "
                + $"{differences[0]}.", "sluice-agent firewall apply."),
            { Firewall.Differences: not null } => Answer.Ok("the kernel enforces what the configuration says"),
            { Running.Jail.HostRules: { } proof } => Answer.Ok(
                $"tried from outside the jail at {proof.Utc:yyyy-MM-dd HH:mm}Z, and they held"),
            _ => Answer.Unknown($"Nobody could look: {facts.Firewall.Problem}.",
                "sudo sluice-agent firewall check; sluice-firewall.service loads them at boot."),
        };
    }

    private static string Open(ProofStatus? proof) => string.Join("; ", (proof?.Attempts ?? [])
        .Where(attempt => attempt.Verdict == "open").Select(attempt => attempt.Tried));
}
