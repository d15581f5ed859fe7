using Sluice.Hal;

namespace Sluice.Agent.Buffering;

/// <summary>
/// A reading as the buffer holds it: with its position, and its signal by name because the list may have changed.
/// </summary>
public readonly record struct StoredReading(
    long Position, string Signal, SignalValue Value, Quality Quality, DateTime SourceTimestamp);

/// <summary>
/// Readings of one store in ascending position; cleared and filled again, so that draining allocates little.
/// </summary>
public sealed class StoredBatch
{
    private readonly List<StoredReading> readings = [];

    public IReadOnlyList<StoredReading> Readings => readings;

    public int Count => readings.Count;

    public void Add(in StoredReading reading) => readings.Add(reading);

    public void Clear() => readings.Clear();
}

/// <summary>The last durable reading of a signal, and its store: a position means nothing without it.</summary>
public readonly record struct PresentReading(StoreId Store, StoredReading Reading);
