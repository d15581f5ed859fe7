using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sluice.Fast;

/// <summary>A log that keeps what was written; from any thread. A line is the level and the text.</summary>
internal class KeptLog : ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter) => Lines.Enqueue($"{logLevel} {formatter(state, exception)}");
}

/// <summary>For who asks for a log of its own.</summary>
internal sealed class KeptLog<T> : KeptLog, ILogger<T>;

/// <summary>Whatever a host writes goes into one log.</summary>
internal sealed class KeptLogProvider(KeptLog log) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => log;

    public void Dispose()
    {
    }
}
