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
}
