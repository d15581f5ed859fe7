using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Buffering;

/// <summary>What the buffer tells the journal: state changes only. Event ids 2000 to 2999.</summary>
internal static partial class Log
{
    [LoggerMessage(2000, LogLevel.Information,
        "The buffer is open: store {Store} on {Storage}, positions {First} to {Next}, {Waiting} readings wait.")]
    public static partial void BufferOpened(
        ILogger logger, StoreId store, string storage, long first, long next, long waiting);

    [LoggerMessage(2001, LogLevel.Information, "The buffer is closed: everything up to position {Next} is durable.")]
    public static partial void BufferClosed(ILogger logger, long next);

    [LoggerMessage(2002, LogLevel.Error,
        "The storage failed; new readings go to memory under store {Store}, lost by a stop or a power cut. {Fault}")]
    public static partial void WentToMemory(ILogger logger, StoreId store, string fault);

    [LoggerMessage(2003, LogLevel.Information, "The storage works again: new readings go to disk under store {Store}.")]
    public static partial void CameBackToDisk(ILogger logger, StoreId store);

    [LoggerMessage(2004, LogLevel.Warning,
        "{Count} readings of store {Store} were dropped and will never arrive: {Reason}.")]
    public static partial void ReadingsDropped(ILogger logger, StoreId store, long count, DropReason reason);

    [LoggerMessage(2005, LogLevel.Information, "The clock is {State}, in boot {Boot}.")]
    public static partial void ClockState(ILogger logger, string state, Guid boot);

    [LoggerMessage(2006, LogLevel.Warning, "The clock was moved by {Seconds} s; it shows {At:u} now.")]
    public static partial void ClockStepped(ILogger logger, double seconds, DateTime at);

    [LoggerMessage(2007, LogLevel.Information, "Nothing was recorded on the disk from {From:u} to {To:u}: {Reason}.")]
    public static partial void NothingRecorded(ILogger logger, DateTime from, DateTime to, GapReason reason);
}
