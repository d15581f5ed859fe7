using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sluice.Fast.EndToEnd;

/// <summary>A log that keeps what an agent wrote; from any of its threads.</summary>
internal sealed class KeptLog : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter) => Lines.Enqueue($"{logLevel} {formatter(state, exception)}");

    public void Dispose()
    {
    }
}
