using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Auditing;

/// <summary>What the audit log cannot say itself, for the journal. Event ids 8600 to 8699.</summary>
internal static partial class Log
{
    [LoggerMessage(8600, LogLevel.Warning,
        "The audit log cannot be written ({Fault}); {Waiting} lines wait, and it is tried again. All else goes on")]
    public static partial void NotWritten(ILogger logger, string fault, int waiting);

    [LoggerMessage(8601, LogLevel.Information, "The audit log is written again")]
    public static partial void WrittenAgain(ILogger logger);

    [LoggerMessage(8602, LogLevel.Error,
        "The agent stops and {Lost} things are not in the audit log, because the disk does not take it ({Fault})")]
    public static partial void Lost(ILogger logger, long lost, string fault);
}
