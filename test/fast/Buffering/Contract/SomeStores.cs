using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;

namespace Sluice.Fast.Buffering.Contract;

/// <summary>Store ids in order, and the options of a small store.</summary>
internal static class SomeStores
{
    public static StoreId Id(int number) => new(new Guid(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]));

    public static DiskStoreOptions Options(int firstId = 1, long sizeBytesMax = DiskStoreOptions.SizeBytesMin)
    {
        var next = firstId;
        return new DiskStoreOptions { SizeBytesMax = sizeBytesMax, NewStore = () => Id(next++) };
    }
}
