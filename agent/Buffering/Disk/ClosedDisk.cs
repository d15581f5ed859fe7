namespace Sluice.Agent.Buffering.Disk;

/// <summary>What a disk store that had to be closed knew and could not write down, until it is open again.</summary>
internal sealed class ClosedDisk
{
    private readonly List<StoreView> stores = [];

    /// <summary>What lies behind was never durable, whatever the disk shows of it.</summary>
    public (StoreId Store, long Position)? DurableBelow { get; private set; }

    public void Remember(DiskStore disk)
    {
        DurableBelow = (disk.Store, disk.Durable);
        stores.AddRange(disk.Older.Append(disk).Select(store => store.View));
    }

    /// <summary>It is open again: what was acknowledged meanwhile is acknowledged once more.</summary>
    public void TellAgain(Func<StoreId, IReadingBuffer?> find)
    {
        foreach (var known in stores)
        {
            if (find(known.Store) is { } store)
            {
                foreach (var range in known.Acknowledged.Where(range => range.From < store.Durable))
                {
                    store.Acknowledge(range with { To = Math.Min(range.To, store.Durable - 1) });
                }
            }
        }

        stores.Clear();
        DurableBelow = null;
    }
}
