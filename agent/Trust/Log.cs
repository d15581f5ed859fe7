using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Trust;

/// <summary>What becomes of trust bundles, for the journal. Event ids 8500 to 8599.</summary>
internal static partial class Log
{
    [LoggerMessage(8500, LogLevel.Information,
        "Trust bundle {Version} was taken in: its roots and revocation lists count from now on.")]
    public static partial void Taken(ILogger logger, int version);

    [LoggerMessage(8501, LogLevel.Warning, "A trust bundle was not taken in, and nothing has changed: {Sentence}")]
    public static partial void Refused(ILogger logger, string sentence);
}
