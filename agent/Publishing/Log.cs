using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Publishing;

/// <summary>What publishing tells the journal: state changes only. Event ids 3000 to 3999.</summary>
internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Information,
        "Connected to the broker at {Address} with {Tls}; {Waiting} readings wait to be delivered.")]
    public static partial void Connected(ILogger logger, string address, string tls, long waiting);

    [LoggerMessage(3001, LogLevel.Warning,
        "No connection to the broker: {Sentence} Nothing is lost; the next try comes in {Seconds:0.0} s.")]
    public static partial void NotConnected(ILogger logger, string sentence, double seconds);

    [LoggerMessage(3002, LogLevel.Warning,
        "The connection to the broker is gone: {Sentence} Readings are kept; the next try comes in {Seconds:0.0} s.")]
    public static partial void LinkLost(ILogger logger, string sentence, double seconds);

    [LoggerMessage(3003, LogLevel.Warning,
        "The broker does not take what is published: {Sentence} The next try comes in {Seconds:0.0} s.")]
    public static partial void Holding(ILogger logger, string sentence, double seconds);

    [LoggerMessage(3004, LogLevel.Information, "The broker takes what is published again.")]
    public static partial void HoldEnded(ILogger logger);

    [LoggerMessage(3005, LogLevel.Error,
        "Readings {From} to {To} of store {Store} are set aside for ten minutes at most: {Sentence}")]
    public static partial void SetAside(ILogger logger, long from, long to, string store, string sentence);

    [LoggerMessage(3006, LogLevel.Error,
        "Somebody else connected as this gateway and the broker ended our session: the identity may be in use twice "
            + "(a copied card?).")]
    public static partial void TakenOver(ILogger logger);

    [LoggerMessage(3007, LogLevel.Warning, "{Warning}")]
    public static partial void UplinkWarning(ILogger logger, string warning);

    [LoggerMessage(3008, LogLevel.Error, "Readings cannot be read back from the buffer: {Sentence}")]
    public static partial void CannotPeek(ILogger logger, string sentence);

    [LoggerMessage(3009, LogLevel.Information,
        "Publishing has stopped; {Delivered} readings were delivered since the start, {Waiting} wait.")]
    public static partial void Stopped(ILogger logger, long delivered, long waiting);

    [LoggerMessage(3010, LogLevel.Warning,
        "The birth is larger than the broker's packet limit; it goes without descriptions and last readings. Raise "
            + "the limit.")]
    public static partial void BirthReduced(ILogger logger);

    [LoggerMessage(3011, LogLevel.Warning,
        "The broker does not take the posture: {Sentence} It is tried again within the hour; all else goes on.")]
    public static partial void PostureRefused(ILogger logger, string sentence);

    [LoggerMessage(3012, LogLevel.Information,
        "The session with the broker ends cleanly, to begin anew at once with the identity that is in use now.")]
    public static partial void Moving(ILogger logger);

    [LoggerMessage(3020, LogLevel.Warning, "What was kept of earlier signal lists is damaged: {Sentence}")]
    public static partial void DescriptionsDamaged(ILogger logger, string sentence);

    [LoggerMessage(3021, LogLevel.Warning,
        "The descriptions of the signals cannot be kept in the buffer's directory; they are tried again every "
            + "{Seconds} s. After a change of the signal list, readings of removed signals would go without.")]
    public static partial void DescriptionsNotKept(ILogger logger, double seconds);

    [LoggerMessage(3022, LogLevel.Warning,
        "The oldest {Count} descriptions of removed signals are let go, because there are too many; readings of them "
            + "may still be held.")]
    public static partial void DescriptionsForgotten(ILogger logger, int count);

    [LoggerMessage(3013, LogLevel.Error, "{Sentence}")]
    public static partial void Contested(ILogger logger, string sentence);

    [LoggerMessage(3014, LogLevel.Information, "The session was not taken from this gateway again for a while.")]
    public static partial void ContestEnded(ILogger logger);

    [LoggerMessage(3015, LogLevel.Warning, "The session cannot begin anew with the other identity yet: {Sentence} The "
        + "present one goes on; the next try comes in {Seconds:0.0} s")]
    public static partial void NotPrepared(ILogger logger, string sentence, double seconds);
}
