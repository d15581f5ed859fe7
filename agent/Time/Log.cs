using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Time;

/// <summary>What the clock tells the journal. Event ids 8900 to 8999.</summary>
internal static partial class Log
{
    [LoggerMessage(8900, LogLevel.Warning,
        "The time cannot be saved in the identity's directory ({Fault}): after a dead battery, certificates are "
            + "judged by an older one. It is tried again every minute; all else goes on")]
    public static partial void GoodTimeNotSaved(ILogger logger, string fault);

    [LoggerMessage(8901, LogLevel.Warning,
        "A clock that was wrong had saved {Saved:u} as a good time; the clock has been set and steady for an hour and "
            + "says {Now:u}, which counts from now on")]
    public static partial void GoodTimeTakenBack(ILogger logger, DateTime saved, DateTime now);
}
