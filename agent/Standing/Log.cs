using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Standing;

/// <summary>What becomes of the identity in use, for the journal. Event ids 8800 to 8899.</summary>
internal static partial class Log
{
    [LoggerMessage(8800, LogLevel.Error, "The identity in use was withdrawn: {Sentence}")]
    public static partial void Withdrawn(ILogger logger, string sentence);

    [LoggerMessage(8801, LogLevel.Information, "The identity in use may be used again.")]
    public static partial void Restored(ILogger logger);

    [LoggerMessage(8802, LogLevel.Error, "The broker's certificate was revoked while it was connected: {Sentence}")]
    public static partial void BrokerRevoked(ILogger logger, string sentence);

    [LoggerMessage(8803, LogLevel.Information, "The version of the identity that is in use now has another "
        + "configuration: the agent stops, and its service starts it again with that one.")]
    public static partial void Reconfigured(ILogger logger);
}
