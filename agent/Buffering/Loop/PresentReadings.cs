namespace Sluice.Agent.Buffering.Loop;

/// <summary>
/// The last durable reading of each signal. What goes into a birth is handed to the link as well: where its clock was
/// not set it must be released, durable, before.
/// </summary>
internal sealed class PresentReadings
{
    private readonly Dictionary<string, PresentReading> last = new(StringComparer.Ordinal);

    public void Remember(in PresentReading reading) => last[reading.Reading.Signal] = reading;

    /// <summary>As they go out; without those that are gone, or that must wait for the disk.</summary>
    /// <param name="find">A store that is held.</param>
    /// <param name="commit">Makes durable what a store knows.</param>
    public IReadOnlyList<PresentReading> Take(Func<StoreId, IReadingBuffer?> find, Action<StoreId> commit)
    {
        // As of now: a commit makes others present, which nobody has released.
        var present = last.Values.ToArray();
        var unset = present.Where(reading => !reading.Reading.Clock.IsSet).ToArray();
        foreach (var (store, reading) in unset)
        {
            find(store)?.Release(new PositionRange(reading.Position, reading.Position));
        }

        foreach (var store in unset.Select(reading => reading.Store).Distinct())
        {
            commit(store);
        }

        return [.. present.Select(reading => Effective(reading, find)).OfType<PresentReading>()];
    }

    private static PresentReading? Effective(PresentReading stored, Func<StoreId, IReadingBuffer?> find)
    {
        if (stored.Reading.Clock.IsSet)
        {
            return stored;
        }

        var batch = new StoredBatch();
        find(stored.Store)?.Peek(stored.Reading.Position, 1, batch);
        return batch.Count > 0 && batch.Readings[0] is { IsProvisional: false } now
            && now.Position == stored.Reading.Position
                ? stored with { Reading = now }
                : null;
    }
}
