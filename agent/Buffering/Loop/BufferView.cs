namespace Sluice.Agent.Buffering.Loop;

/// <summary>What the buffer is right now: immutable, published by the owner loop after each change.</summary>
/// <param name="Stores">Every store that is held, the one being written last. Empty before the loop was
/// started.</param>
/// <param name="Fault">What is wrong with the storage and what to do, or null.</param>
public sealed record BufferView(IReadOnlyList<StoreView> Stores, StorageFault? Fault)
{
    /// <summary>The clock, its steps, and when nothing was recorded; null where nobody watches a clock.</summary>
    public RecordView? Record { get; init; }

    /// <summary>Bytes handed to the disk since the buffer was opened, in whole pages; 0 where it is memory.</summary>
    public long BytesWritten { get; init; }

    /// <summary>Syncs of files and directories since the buffer was opened.</summary>
    public long Syncs { get; init; }

    /// <summary>One word for status and birth: where new readings go.</summary>
    public string Storage => Stores.Count > 0 && Stores[^1].IsVolatile ? "memory" : "disk";

    /// <summary>Readings that are held and not acknowledged, over all stores.</summary>
    public long Waiting => Stores.Sum(store => store.Waiting);
}
