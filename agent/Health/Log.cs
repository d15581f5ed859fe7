using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Health;

internal static partial class Log
{
    [LoggerMessage(7001, LogLevel.Warning,
        "The status socket {Path} cannot be used ({Fault}): `sluice-agent status` will not answer; all else goes on")]
    public static partial void StatusSocketFailed(ILogger logger, string path, string fault);

    [LoggerMessage(7002, LogLevel.Warning,
        "The status light stays as it is: {Problem} It is tried again every 10 s; all else goes on")]
    public static partial void LightFailed(ILogger logger, string problem);

    [LoggerMessage(7003, LogLevel.Information, "The status light is driven again")]
    public static partial void LightDriven(ILogger logger);
}
