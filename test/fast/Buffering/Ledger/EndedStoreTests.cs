using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Fast.Buffering.Contract;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering.Ledger;

/// <summary>Store ids that ended, and hold nothing any more: their drops are in no other ledger.</summary>
public sealed class EndedStoreTests
{
    // As many ended ones that hold nothing as are kept.
    private const int KeptMax = 8;

    [Fact]
    public void An_ended_store_whose_readings_made_room_took_its_drops_along_at_the_next_start()
    {
        var disk = new SimulatedDisk(record: false);
        long dropped;
        Fill(disk, id: 1, readings: 2000);
        EndStore(disk);
        using (var store = Open(disk, id: 2))
        {
            for (var number = 1L; store.Older[0].View.Waiting > 0; number += 300)
            {
                store.Append(NumberedReadings.SomeHeavy(number, 300));
                Assert.Null(store.Commit());
            }

            dropped = store.Older[0].View.DroppedCount;
        }

        for (var start = 0; start < 3; start++)
        {
            using var store = Open(disk, id: 3);
            Assert.Equal(SomeStores.Id(2), store.Store);
            var ended = Assert.Single(store.Older).View;
            Assert.Equal((SomeStores.Id(1), dropped, 0L), (ended.Store, ended.DroppedCount, ended.Waiting));
            Assert.Equal(dropped, ended.Drops.Sum(drop => drop.Count));
            store.Append(NumberedReadings.Some(1, 1));
            Assert.Null(store.Commit());
        }
    }

    [Fact]
    public void Of_ended_stores_that_hold_nothing_the_last_eight_are_kept()
    {
        var disk = new SimulatedDisk(record: false);
        for (var id = 1; id <= 20; id++)
        {
            Fill(disk, id, readings: 1200);
            EndStore(disk);
        }

        using (var store = Open(disk, id: 21))
        {
            Assert.Equal(8, store.Older.Count(older => older.View.Waiting > 0));
            Assert.InRange(store.Older.Count(older => older.View.Waiting == 0), 1, KeptMax);
        }

        using var again = Open(disk, id: 22);
        Assert.InRange(again.Older.Count(older => older.View.Waiting == 0), 1, KeptMax);
    }

    private static DiskStore Open(SimulatedDisk disk, int id) =>
        DiskStore.Open(disk.Open, SomeStores.Options(firstId: id)).Store!;

    /// <summary>Everything that was stored is in segments afterwards.</summary>
    private static void Fill(SimulatedDisk disk, int id, int readings)
    {
        using var store = Open(disk, id);
        Assert.Equal(SomeStores.Id(id), store.Store);
        for (var number = 1; number <= readings; number += 300)
        {
            store.Append(NumberedReadings.SomeHeavy(number, 300));
            Assert.Null(store.Commit());
            while (store.SealStep is { } step)
            {
                step.Run();
                store.Proceed();
            }
        }
    }

    /// <summary>The journal that is written is copied away and put back: the directory is a copy.</summary>
    private static void EndStore(SimulatedDisk disk)
    {
        var copy = disk.CopyOfEverything();
        foreach (var name in disk.Files.Keys.ToArray())
        {
            disk.Remove(name);
            disk.Put(name, copy.Files[name]);
        }
    }
}
