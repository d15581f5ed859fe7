namespace Sluice.Agent.Doctor.Checks;

/// <summary>Whether the agent is at work.</summary>
internal static class ServiceChecks
{
    private const string Group = "Agent";
    private const string Journal = "journalctl -u sluice-agent -n 50";
    private const long RestartsLooked = 3;

    public static IReadOnlyList<Check> All { get; } =
    [
        new("unit-active", Group, "Is its service at work?", Active),
        new("unit-enabled", Group, "Will it be after the next boot?", Enabled),
        new("watchdog", Group, "Does anybody watch it?", Watchdog),
        new("agent-answers", Group, "Does it answer?", Answers),
        new("asked-as", Group, "Who asks all this?", User),
    ];

    private static IEnumerable<Answer> Active(CheckupFacts facts)
    {
        yield return facts.Service switch
        {
            null => Answer.None("No systemd answers here."),
            { Load: "not-found" } => Answer.None("No unit sluice-agent is installed."),
            { Load: "masked" } => Answer.Bad("The unit is masked: nobody can start it.",
                "systemctl unmask sluice-agent."),
            { Active: "active", Restarts: > RestartsLooked and var restarts } => Answer.Look(
                $"It is active, and was started anew {restarts} times.", $"see why: {Journal}."),
            { Active: "active" } => Answer.Ok("active"),
            { Active: "activating" } => Answer.Look("It is starting, or waits to be started anew.",
                $"look again in a moment; if it stays so: {Journal}."),
            { Active: "failed", Result: var result } => Answer.Bad($"It failed ({result}).",
                $"see why: {Journal}; then: systemctl restart sluice-agent."),
            { Active: var state } => Answer.Bad($"It is {state}: nothing is read and nothing published.",
                "systemctl start sluice-agent."),
        };
    }

    private static IEnumerable<Answer> Enabled(CheckupFacts facts)
    {
        yield return facts.Service switch
        {
            null or { Load: "not-found" } => Answer.None("No unit of systemd."),
            { Enabled: "enabled" or "enabled-runtime" or "static" } => Answer.Ok(facts.Service.Enabled),
            { Enabled: var state } => Answer.Look(
                $"The unit is {(state.Length > 0 ? state : "not enabled")}: after a power cut the agent stays off.",
                "systemctl enable sluice-agent."),
        };
    }

    private static IEnumerable<Answer> Watchdog(CheckupFacts facts)
    {
        yield return facts.Service switch
        {
            null or { Load: "not-found" } => Answer.None("No unit of systemd: nobody would start a stuck agent anew."),
            { Watchdog: "0" or "" or "infinity" } => Answer.Look(
                "The unit has no watchdog: a stuck agent would stay stuck.",
                "restore WatchdogSec= (systemctl cat sluice-agent shows who took it away)."),
            { Watchdog: var period } => Answer.Ok($"fed by the loops' own progress, within {period}"),
        };
    }

    private static IEnumerable<Answer> Answers(CheckupFacts facts)
    {
        yield return facts switch
        {
            { Running: { } report } => Answer.Ok(
                $"sluice-agent {report.Version}, up {Health.StatusText.Duration(report.UptimeSeconds)}"),
            { IsNobody: true } => Answer.Look("No agent runs. What follows was tried without it.",
                "systemctl start sluice-agent."),
            _ => Answer.Unknown(facts.Silence,
                "sudo -u sluice sluice-agent doctor. While nobody knows what the agent holds, no device is asked."),
        };
    }

    private static IEnumerable<Answer> User(CheckupFacts facts)
    {
        yield return facts.User switch
        {
            { IsAgent: true, HasAgent: false } => Answer.Ok($"{facts.User.Name}; this machine has no user sluice"),
            { IsAgent: true } => Answer.Ok($"{facts.User.Name}, as the agent itself"),
            { IsRoot: true } => Answer.Look(
                $"{facts.User.Name}: it may read what the agent may not, and the host's rules let only the agent's "
                + "user out, so that a connection that is refused here may work for the agent.",
                "ask as the agent does: sudo -u sluice sluice-agent doctor."),
            _ => Answer.Look($"{facts.User.Name}, which is not the agent's user: it may lack rights that the agent "
                + "has.", "sudo -u sluice sluice-agent doctor."),
        };
    }
}
