namespace Sluice.Agent.Doctor.Checks;

/// <summary>Whether a time stamp of this gateway is worth anything.</summary>
internal static class ClockChecks
{
    private const string Group = "Clock";
    private const string SeeTo = "see to the host's time service (timedatectl) and to the way to time.servers.";

    public static IReadOnlyList<Check> All { get; } =
    [
        new("clock-set", Group, "Is the clock set?", IsSet),
        new("clock-plausible", Group, "Can it be right?", Plausible),
        new("time-servers", Group, "Does anybody keep it right?", Servers),
    ];

    private static IEnumerable<Answer> IsSet(CheckupFacts facts)
    {
        var isSet = facts.Running?.Clock is { } clock ? clock.State == "set" : facts.Time.IsClockSet;
        yield return isSet
            ? Answer.Ok($"{facts.Time.Wall.UtcDateTime:yyyy-MM-dd HH:mm}Z")
            : Answer.Bad($"It says {facts.Time.Wall.UtcDateTime:yyyy-MM-dd HH:mm}Z and no time service has set it "
                + "since the start: readings are Uncertain/ClockNotSet.", SeeTo);
    }

    private static IEnumerable<Answer> Plausible(CheckupFacts facts)
    {
        yield return facts.Time.IsBehind
            ? Answer.Bad($"{facts.Time.ClockProblem}.", SeeTo)
            : Answer.Ok($"after {facts.Time.FloorIs}");
    }

    private static IEnumerable<Answer> Servers(CheckupFacts facts)
    {
        yield return facts.Configuration switch
        {
            null => Answer.Unknown("Nobody knows without a configuration.", "correct the configuration first."),
            { IsClockTrusted: true } => Answer.Ok("time.clock is \"trusted\": the plant says that the host keeps it."),
            { TimeServers.Count: 0 } => Answer.Look(
                "time.servers is empty, so the host's rules let no question for the time out.",
                "write the NTP servers of the DMZ into time.servers, then sluice-agent firewall apply."),
            { TimeServers: var servers } => Answer.Ok(string.Join(", ", servers)),
        };
    }
}
