namespace Sluice.Hal;

/// <summary>
/// Readings on their way from a source to the sampler: a list that is cleared and used again, so that steady polling
/// allocates nothing. Owned by one loop.
/// </summary>
public sealed class ReadingBatch
{
    private Reading[] items = new Reading[64];

    public int Count { get; private set; }

    public ReadOnlySpan<Reading> Readings => items.AsSpan(0, Count);

    /// <summary>The same, for a call that awaits. Valid until the next Add or Clear.</summary>
    public ReadOnlyMemory<Reading> Memory => items.AsMemory(0, Count);

    public void Add(in Reading reading)
    {
        if (Count == items.Length)
        {
            Array.Resize(ref items, items.Length * 2);
        }

        items[Count++] = reading;
    }

    public void Clear()
    {
        Array.Clear(items, 0, Count);
        Count = 0;
    }
}
