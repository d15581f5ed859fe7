using Microsoft.Extensions.Logging;

namespace Sluice.Agent;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Gateway {Gateway} starts: sluice-agent {Version}, configuration {Hash}")]
    public static partial void Starting(ILogger logger, string gateway, string version, string hash);

    [LoggerMessage(2, LogLevel.Information, "The gateway has stopped; what was not delivered waits in the buffer")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(3, LogLevel.Critical, "{Loop} broke: a fault of ours. The gateway stops, to be started again")]
    public static partial void Broken(ILogger logger, string loop, Exception fault);
}
