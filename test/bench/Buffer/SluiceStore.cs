using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Buffering.Disk.Storage;
using Sluice.Hal;

namespace Sluice.Bench.Buffer;

/// <summary>
/// The buffer; its journals are sealed beside the commits, as the agent's loop has it, or by the commits.
/// </summary>
internal sealed class SluiceStore : IContestant
{
    public const long SizeBytesMax = 1L << 30;

    private readonly StorageMeter meter = new();
    private readonly bool besides;
    private SealStep? sealing;

    public SluiceStore(string directory, bool sealsBesides)
    {
        besides = sealsBesides;
        var id = new StoreId(new Guid(1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]));
        var opening = DiskStore.Open(
            () => new CountedStorage(DirectoryStorage.Open(directory), meter),
            new DiskStoreOptions { SizeBytesMax = SizeBytesMax, NewStore = () => id });
        Store = opening.Store ?? throw new InvalidOperationException(opening.Fault!.Sentence);
    }

    public DiskStore Store { get; }

    public StorageMeter Meter => meter;

    public long Syncs => meter.Syncs;

    /// <summary>A step of the sealing is under way, or the commit before this one did all of it.</summary>
    public bool IsSealing { get; private set; }

    public void Append(ReadOnlySpan<Reading> readings) => Store.Append(readings);

    public void Commit()
    {
        var known = Store.SealStep;
        IsSealing = besides && known is { IsDone: false };
        if (Store.Commit() is { } fault)
        {
            throw new InvalidOperationException(fault.Sentence);
        }

        IsSealing |= known is not null && Store.SealStep != known;
        Store.Proceed();
        if (besides && Store.SealStep is { } step && step != sealing)
        {
            sealing = step;
            _ = Task.Run(step.Run);
        }
    }

    public void Dispose() => Store.Dispose();
}
