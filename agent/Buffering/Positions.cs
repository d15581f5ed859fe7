namespace Sluice.Agent.Buffering;

/// <summary>
/// Names one life of a store. Positions are unique inside it; a new store (first start, lost journal, copied-back
/// directory, memory only) has a new id, so that (gateway, store, position) never means two readings.
/// </summary>
public readonly record struct StoreId(Guid Value)
{
    public override string ToString() => Value.ToString("N");

    public static StoreId Parse(string text) => new(Guid.ParseExact(text, "N"));
}

/// <summary>
/// Positions <paramref name="From"/> to <paramref name="To"/>, both included, as the wire writes them.
/// </summary>
public readonly record struct PositionRange(long From, long To)
{
    public long Count => To - From + 1;

    public bool Contains(long position) => position >= From && position <= To;

    public override string ToString() => $"[{From},{To}]";
}
