using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Health;

internal static partial class Log
{
    [LoggerMessage(7001, LogLevel.Warning,
        "The status socket {Path} cannot be used ({Fault}): `sluice-agent status` will not answer; all else goes on")]
    public static partial void StatusSocketFailed(ILogger logger, string path, string fault);
}
