using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Watchdog;

internal static partial class Log
{
    [LoggerMessage(50, LogLevel.Critical, "{Loop} is stuck: it {Doing}, for {Seconds:0} s already. The watchdog is not "
        + "fed any more; after {Period:0} s the agent is ended and started anew")]
    public static partial void LoopStuck(ILogger logger, string loop, string doing, double seconds, double period);
}
