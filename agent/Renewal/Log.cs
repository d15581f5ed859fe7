using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Renewal;

/// <summary>What the renewal tells the journal: beginnings and ends. Event ids 8000 to 8499.</summary>
internal static partial class Log
{
    [LoggerMessage(8000, LogLevel.Information, "The gateway's certificate {Serial} is being renewed.")]
    public static partial void Begun(ILogger logger, string serial);

    [LoggerMessage(8001, LogLevel.Information,
        "The gateway's certificate was renewed: version {Version} is in use and confirmed, valid until {NotAfter:u}.")]
    public static partial void Done(ILogger logger, string version, DateTime notAfter);

    [LoggerMessage(8002, LogLevel.Warning,
        "The gateway's certificate was not renewed: {Sentence}. What is in use stays in use; it is tried again.")]
    public static partial void Failed(ILogger logger, string sentence);

    [LoggerMessage(8003, LogLevel.Warning,
        "The gateway's certificate expires at {NotAfter:u} and was not renewed yet; see: sluice-agent status")]
    public static partial void Expires(ILogger logger, DateTime notAfter);
}
