using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Egress.Proof;

internal static partial class Log
{
    [LoggerMessage(6001, LogLevel.Critical, "The agent could {Attempt}, although {Wall} is said to stop it. Something "
        + "is wrong with this machine or this program: have it looked at (sluice-agent prove)")]
    public static partial void WallOpen(ILogger logger, string attempt, string wall);

    [LoggerMessage(6002, LogLevel.Information, "The agent tried to get out and was stopped: {Held} of {Tried} "
        + "attempts")]
    public static partial void WallsHold(ILogger logger, int held, int tried);

    [LoggerMessage(6003, LogLevel.Critical, "The host's rules let the agent's user {Attempt}. Load them: sluice-agent "
        + "firewall apply")]
    public static partial void HostRulesOpen(ILogger logger, string attempt);

    [LoggerMessage(6004, LogLevel.Information, "The host's rules were tried from outside the jail, and stopped {Held} "
        + "of {Tried} attempts")]
    public static partial void HostRulesHold(ILogger logger, int held, int tried);

    [LoggerMessage(6005, LogLevel.Warning, "The host's rules were not tried for more than a day: look at "
        + "sluice-firewall-proof.timer")]
    public static partial void HostRulesOld(ILogger logger);
}
