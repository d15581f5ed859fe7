using Sluice.Agent.Time;
using Sluice.Hal;

namespace Sluice.Agent.Buffering;

/// <summary>
/// A reading as the buffer holds it: with its position, and its signal by name because the list may have changed.
/// </summary>
public readonly record struct StoredReading(
    long Position, string Signal, SignalValue Value, Quality Quality, DateTime SourceTimestamp)
{
    private readonly ReadingClock? clock;

    /// <summary>The clock that <see cref="SourceTimestamp"/> was taken from.</summary>
    public ReadingClock Clock
    {
        get => clock ?? ReadingClock.Unknown;
        init => clock = value == ReadingClock.Unknown ? null : value;
    }

    /// <summary>
    /// The time may still be corrected. It must not go to the link before the store knows for certain that it stays as
    /// it is (<see cref="IReadingBuffer.Release"/>).
    /// </summary>
    public bool IsProvisional { get; init; }

    /// <summary>The monotonic stamp, milliseconds in the boot of <see cref="Clock"/>; 0 where nobody knows.</summary>
    public long MonotonicMilliseconds => Clock.Boot == Guid.Empty
        ? 0
        : ReadingClock.Milliseconds(SourceTimestamp) - Clock.OffsetMilliseconds;
}

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

    /// <summary>The first position from an index on whose time may still be corrected, or null.</summary>
    public long? FirstProvisional(int start)
    {
        for (var i = start; i < readings.Count; i++)
        {
            if (readings[i].IsProvisional)
            {
                return readings[i].Position;
            }
        }

        return null;
    }

    /// <summary>Takes back what was added last.</summary>
    public void CutTo(int count) => readings.RemoveRange(count, readings.Count - count);
}

/// <summary>The last durable reading of a signal, and its store: a position means nothing without it.</summary>
public readonly record struct PresentReading(StoreId Store, StoredReading Reading);
