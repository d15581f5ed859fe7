using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Fast.Buffering.Contract;
using Sluice.Fast.Buffering.Stamps;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering.Disk;

/// <summary>
/// fdatasync says EIO once. The kernel lets go of what it was to write, reads it back all the same, and the next sync
/// succeeds without it (fsync(2), NOTES). Whoever believes that one serves readings that no device has.
/// </summary>
public sealed class LostSyncTests
{
    private readonly SimulatedDisk disk = new();
    private readonly HandClock clock = new();
    private int appended;

    [Fact]
    public void What_the_failed_sync_was_to_write_is_not_served_by_the_next_start()
    {
        using (var store = Open())
        {
            Append(store, 10);
            disk.LosesSyncOf = _ => true;
            store.Append(NumberedReadings.SomeHeavy(11, 5));
            Assert.NotNull(store.Commit());
            Assert.Equal(11, store.Durable);
        }

        // The agent was restarted: nobody remembers that a sync failed, and every sync succeeds.
        using (var next = Open())
        {
            Assert.Equal(11, next.Durable);
            Append(next, 3);
        }

        AfterThePowerCut();
    }

    [Fact]
    public void A_kernel_that_goes_on_remembering_it_is_caught_by_this_test()
    {
        disk.KeepsCache = true;
        using (var store = Open())
        {
            disk.LosesSyncOf = _ => true;
            store.Append(NumberedReadings.SomeHeavy(1, 5));
            Assert.NotNull(store.Commit());
        }

        using var next = Open();
        Assert.Equal(6, next.Durable);
    }

    [Fact]
    public void The_agent_that_saw_it_fail_writes_those_readings_elsewhere_and_the_rest_of_that_journal_never_again()
    {
        using (var stores = new StoreSwitch(
            cut => DiskStore.Open(disk.Open, SomeStores.Options() with { DurableBelow = cut }),
            () => SomeStores.Id(1000), clock))
        {
            stores.Open();
            stores.Append(NumberedReadings.SomeHeavy(1, 10));
            stores.Commit();
            disk.LosesSyncOf = _ => true;
            stores.Append(NumberedReadings.SomeHeavy(11, 5));
            stores.Commit();
            Assert.Equal("memory", stores.View.Storage);
            Assert.Equal([11L, 6L], stores.View.Stores.Select(store => store.Next));

            clock.Advance(StoreSwitch.ProbeEvery);
            Assert.True(stores.Probe());
            Assert.Equal("disk", stores.View.Storage);
            var journal = disk.Files["journal-0"].Content;
            stores.Append(NumberedReadings.SomeHeavy(11, 3));
            stores.Commit();
            appended = 13;
            Assert.Equal(journal, disk.Files["journal-0"].Content);
        }

        AfterThePowerCut();
    }

    [Fact]
    public void A_segment_whose_sync_failed_is_written_again_and_its_journal_is_kept_until_then()
    {
        using (var store = Open())
        {
            disk.LosesSyncOf = name => name.EndsWith(".new", StringComparison.Ordinal);
            AppendUntil(store, () => store.Fault is not null);
            Assert.DoesNotContain(disk.Files.Keys, name => name.EndsWith(".segment", StringComparison.Ordinal));

            AppendUntil(store, () => store.Fault is null);
            Assert.Contains(disk.Files.Keys, name => name.EndsWith(".segment", StringComparison.Ordinal));
        }

        AfterThePowerCut();
    }

    [Fact]
    public void A_store_that_does_not_open_holds_no_file()
    {
        disk.LosesSyncOf = _ => true;

        Assert.Null(DiskStore.Open(disk.Open, SomeStores.Options()).Store);

        Assert.Equal(0, disk.OpenFiles);
    }

    private void Append(DiskStore store, int count)
    {
        store.Append(NumberedReadings.SomeHeavy(store.Next, count));
        Assert.Null(store.Commit());
        appended += count;
    }

    private DiskStore Open() => DiskStore.Open(disk.Open, SomeStores.Options()).Store!;

    private void AppendUntil(DiskStore store, Func<bool> enough)
    {
        for (var commits = 0; !enough(); commits++)
        {
            Assert.True(commits < 100, "it never came to that");
            Append(store, 60);
            while (store.SealStep is { } step)
            {
                step.Run();
                store.Proceed();
            }
        }
    }

    /// <summary>What was not synced is gone; what was committed is there, each reading at its place.</summary>
    private void AfterThePowerCut()
    {
        var left = new PowerCut(disk.Operations).Before(disk.Operations.Count, new Random(1)).Disk;
        using var store = DiskStore.Open(left.Open, SomeStores.Options(firstId: 2)).Store!;
        Assert.Equal(SomeStores.Id(1), store.Store);
        var batch = new StoredBatch();
        Assert.Null(store.Peek(1, appended + 100, batch));
        Assert.Equal(Enumerable.Range(1, appended).Select(i => NumberedReadings.HeavyStored(i)), batch.Readings);
    }
}
