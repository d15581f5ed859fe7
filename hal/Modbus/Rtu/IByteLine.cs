namespace Sluice.Hal.Modbus;

/// <summary>
/// Bytes to and from a bus: a serial line, or a TCP connection to a converter that has one. What the world does wrong
/// is a value here too. Owned by one <see cref="ModbusRtuClient"/>.
/// </summary>
public interface IByteLine : IAsyncDisposable
{
    /// <summary>What it is, for a sentence: <c>/dev/ttyS1</c>, <c>10.10.1.40:4001</c>.</summary>
    string Name { get; }

    bool IsOpen { get; }

    /// <summary>
    /// Whether the far end can lose it without a word: a converter that lost its power forgets its connections, and
    /// nobody tells ours.
    /// </summary>
    bool MayBeHalfOpen { get; }

    /// <summary>Where its calls block their thread: the one to call them on; null where they wait as tasks.</summary>
    LineThread? Thread => null;

    /// <summary>Opens it; empty, or the sentence that says why it cannot be opened and what to do.</summary>
    ValueTask<string> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Takes what has arrived and was not read, without waiting.</summary>
    int TakeWaiting(Span<byte> into);

    /// <summary>Writes all; false if the line broke.</summary>
    ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>
    /// Waits for bytes, at most for this long; 0 if none came, be it that the line broke and is closed now. May return
    /// 0 before the time is over: the caller looks at its clock.
    /// </summary>
    ValueTask<int> ReadAsync(Memory<byte> into, TimeSpan within, CancellationToken cancellationToken);

    /// <summary>Waits for this long, or less where something can be read before.</summary>
    ValueTask PauseAsync(TimeSpan time, CancellationToken cancellationToken);

    void Close();
}
