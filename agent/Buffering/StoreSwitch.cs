using Sluice.Hal;

namespace Sluice.Agent.Buffering;

/// <summary>
/// Which store takes new readings, and every store that still holds some. Owned by one loop (BufferLoop).
/// <para>
/// Invariants: there is always a store that takes readings; readings that were appended and not yet committed are in
/// exactly one store; the one being written is last.
/// </para>
/// </summary>
public sealed class StoreSwitch : IDisposable
{
    /// <summary>How far back the last reading of each signal is looked for when the buffer is opened.</summary>
    private const int PresentReadingsMax = 50_000;

    private readonly List<IReadingBuffer> stores = [];
    private readonly List<Reading> uncommitted = [];
    private readonly Dictionary<string, StoredReading> present = new(StringComparer.Ordinal);

    private StoreSwitch(IReadingBuffer only) => stores.Add(only);

    /// <summary>Memory only: for tests, and for trying the agent without a disk.</summary>
    public static StoreSwitch InMemory(StoreId store, long sizeBytesMax) => new(new MemoryBuffer(store, sizeBytesMax));

    public BufferView View => new(stores.Select(store => store.View).ToArray(), null);

    public int Uncommitted => uncommitted.Count;

    private IReadingBuffer Writing => stores[^1];

    public void Open() => FindPresent();

    public void Append(ReadOnlySpan<Reading> readings)
    {
        Writing.Append(readings);
        uncommitted.AddRange(readings);
    }

    public void Commit()
    {
        Writing.Commit();
        var position = Writing.Durable - uncommitted.Count;
        foreach (var reading in uncommitted)
        {
            present[reading.Signal.Name] = new StoredReading(
                position++, reading.Signal.Name, reading.Value, reading.Quality, reading.SourceTimestamp);
        }

        uncommitted.Clear();
    }

    public StorageFault? Peek(StoreId store, long from, int readingsMax, StoredBatch into) =>
        stores.Find(held => held.Store == store)?.Peek(from, readingsMax, into);

    public void Acknowledge(StoreId store, PositionRange range) =>
        stores.Find(held => held.Store == store)?.Acknowledge(range);

    public IReadOnlyList<StoredReading> Present() => [.. present.Values];

    public void Dispose() => stores.ForEach(store => store.Dispose());

    private void FindPresent()
    {
        var batch = new StoredBatch();
        Writing.Peek(Math.Max(Writing.First, Writing.Durable - PresentReadingsMax), PresentReadingsMax, batch);
        foreach (var reading in batch.Readings)
        {
            present[reading.Signal] = reading;
        }
    }
}
