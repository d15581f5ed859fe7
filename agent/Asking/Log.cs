using Microsoft.Extensions.Logging;
using Sluice.Agent.Buffering;

namespace Sluice.Agent.Asking;

/// <summary>What asks tell the journal. Event ids 9000 to 9999.</summary>
internal static partial class Log
{
    [LoggerMessage(9000, LogLevel.Warning,
        "An ask over MQTT was refused: {Reason} ({Count} of them since the start). Nothing was changed by it.")]
    public static partial void AskRefused(ILogger logger, AskRefusal reason, long count);

    [LoggerMessage(9001, LogLevel.Information,
        "The MES asked for positions {From} to {To} of store {Store} once more.")]
    public static partial void ReplayAsked(ILogger logger, StoreId store, long from, long to);

    [LoggerMessage(9002, LogLevel.Information,
        "{Readings} readings of store {Store}, positions {From} to {To}, were published once more.")]
    public static partial void Replayed(ILogger logger, long readings, StoreId store, long from, long to);
}
