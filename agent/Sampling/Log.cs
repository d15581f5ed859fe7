using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Sampling;

internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Information, "Source {Source} is being read: {Signals} signals")]
    public static partial void SourceStarted(ILogger logger, string source, int signals);

    [LoggerMessage(1002, LogLevel.Information, "Source {Source} is {State}. {Sentence}")]
    public static partial void SourceState(ILogger logger, string source, string state, string sentence);
}
