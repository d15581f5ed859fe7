using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Loop;
using Sluice.Fast.Buffering.Contract;
using Sluice.Fast.Buffering.Stamps;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering;

public sealed class StoreSwitchTests
{
    private static readonly StoreId Volatile = SomeStores.Id(1000);

    private readonly HandClock clock = new();
    private readonly SimulatedDisk disk = new(record: false);

    [Fact]
    public void Readings_that_the_disk_does_not_take_go_to_memory_under_another_store_id()
    {
        using var stores = Open();
        Append(stores, 1, 5);
        disk.Mood = DiskMood.ReadOnly;

        Append(stores, 6, 5);

        var view = stores.View;
        Assert.Equal("memory", view.Storage);
        Assert.Equal([SomeStores.Id(1), Volatile], view.Stores.Select(store => store.Store));
        Assert.Equal([5L, 5L], view.Stores.Select(store => store.Waiting));
        Assert.Contains("Read-only file system", view.Fault!.Sentence, StringComparison.Ordinal);
        Assert.Equal(NumberedReadings.At(6).Value, Peek(stores, Volatile)[0].Value);
    }

    [Fact]
    public void The_backlog_on_a_failed_disk_drains_on()
    {
        using var stores = Open();
        Append(stores, 1, 5);
        disk.Mood = DiskMood.ReadOnly;
        Append(stores, 6, 5);

        Assert.Equal(5, Peek(stores, SomeStores.Id(1)).Count);
        stores.Acknowledge(SomeStores.Id(1), new PositionRange(1, 5));
        Assert.Equal(0, stores.View.Stores[0].Waiting);
    }

    [Fact]
    public void The_disk_takes_over_again_and_keeps_its_store_id_and_what_was_acknowledged()
    {
        using var stores = Open();
        Append(stores, 1, 5);
        disk.Mood = DiskMood.ReadOnly;
        Append(stores, 6, 5);
        stores.Acknowledge(SomeStores.Id(1), new PositionRange(2, 3));
        clock.Advance(StoreSwitch.ProbeEvery - TimeSpan.FromMilliseconds(1));
        disk.Mood = DiskMood.Works;
        Assert.False(stores.Probe());

        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(stores.Probe());
        Append(stores, 11, 2);

        var view = stores.View;
        Assert.Equal("disk", view.Storage);
        Assert.Null(view.Fault);
        Assert.Equal([Volatile, SomeStores.Id(1)], view.Stores.Select(store => store.Store));
        Assert.Equal([new PositionRange(2, 3)], view.Stores[1].Acknowledged);
        Assert.Equal([1L, 2, 3, 4, 5, 6, 7], Peek(stores, SomeStores.Id(1)).Select(reading => reading.Position));
        Assert.Equal(NumberedReadings.At(11).Value, Peek(stores, SomeStores.Id(1))[5].Value);
    }

    [Fact]
    public void A_drained_memory_left_the_ledger_and_a_broker_that_lost_both_left_a_hole_that_nothing_explained()
    {
        using var stores = Open();
        disk.Mood = DiskMood.ReadOnly;
        Append(stores, 1, 5);
        ComeBack(stores);

        stores.Acknowledge(Volatile, new PositionRange(1, 5));
        Append(stores, 6, 5);

        Assert.Equal([Volatile, SomeStores.Id(1)], stores.View.Stores.Select(store => store.Store));
        Assert.Equal(NumberedReadings.At(3).Value, Peek(stores, Volatile)[2].Value);
    }

    [Fact]
    public void A_disk_that_fails_again_finds_the_memory_of_this_run_and_not_a_new_one()
    {
        using var stores = Open();
        disk.Mood = DiskMood.ReadOnly;
        Append(stores, 1, 5);
        ComeBack(stores);
        stores.Acknowledge(Volatile, new PositionRange(1, 5));

        disk.Mood = DiskMood.ReadOnly;
        Append(stores, 6, 2);

        var memory = stores.View.Stores[^1];
        Assert.Equal((Volatile, 8L, 2L), (memory.Store, memory.Next, memory.Waiting));
    }

    [Fact]
    public void A_drained_memory_took_its_drops_along_before_any_ledger_had_named_them()
    {
        using var stores = Open(volatileBytesMax: 2000);
        disk.Mood = DiskMood.ReadOnly;
        Append(stores, 1, 100);
        ComeBack(stores);
        var memory = stores.View.Stores[0];
        Assert.True(memory.DroppedCount > 0);

        stores.Acknowledge(Volatile, new PositionRange(memory.First, 100));
        Append(stores, 101, 5);

        Assert.Equal(memory.Drops, stores.View.Stores[0].Drops);
    }

    [Fact]
    public void A_disk_that_cannot_be_opened_at_the_start_does_not_stop_the_agent()
    {
        disk.Mood = DiskMood.ReadOnly;
        using var stores = Open();
        Append(stores, 1, 5);
        Assert.Equal("memory", stores.View.Storage);
        Assert.NotNull(stores.View.Fault);

        disk.Mood = DiskMood.Works;
        clock.Advance(StoreSwitch.ProbeEvery);
        stores.Probe();
        Append(stores, 6, 5);

        Assert.Equal("disk", stores.View.Storage);
        Assert.Equal([5L, 5L], stores.View.Stores.Select(store => store.Waiting));
    }

    [Fact]
    public void A_full_disk_does_not_stop_commits_into_what_is_allocated()
    {
        using var stores = Open();
        disk.Mood = DiskMood.Full;

        Append(stores, 1, 5);

        Assert.Equal("disk", stores.View.Storage);
    }

    [Fact]
    public void A_disk_that_somebody_filled_costs_new_readings_their_durability_and_old_ones_nothing()
    {
        using var stores = Open();
        disk.Mood = DiskMood.Full;
        var number = 1L;
        while (stores.View.Storage == "disk")
        {
            stores.Append(NumberedReadings.SomeHeavy(number, 200));
            stores.Commit();
            number += 200;
        }

        Append(stores, number, 10);
        number += 10;
        Assert.Equal(number - 1, stores.View.Waiting);
        Assert.Equal(NumberedReadings.HeavyStored(1), Peek(stores, SomeStores.Id(1))[0]);

        clock.Advance(StoreSwitch.ProbeEvery);
        stores.Probe();
        Assert.Equal("memory", stores.View.Storage);
        Assert.Equal(NumberedReadings.HeavyStored(1), Peek(stores, SomeStores.Id(1))[0]);

        disk.Mood = DiskMood.Works;
        clock.Advance(StoreSwitch.ProbeEvery);
        stores.Probe();
        Assert.Equal("disk", stores.View.Storage);
        Assert.Equal(number - 1, stores.View.Waiting);
    }

    [Fact]
    public void The_last_reading_of_each_signal_is_known_after_a_restart()
    {
        using (var before = Open())
        {
            Append(before, 1, 100);
        }

        using var stores = Open();

        var present = stores.Present();
        Assert.Equal(24, present.Count);
        Assert.All(present, last => Assert.Equal(NumberedReadings.Stored(last.Reading.Position), last.Reading));
        Assert.All(present, last => Assert.InRange(last.Reading.Position, 77, 100));
        Assert.All(present, last => Assert.Equal(stores.View.Stores[^1].Store, last.Store));
    }

    private void ComeBack(StoreSwitch stores)
    {
        disk.Mood = DiskMood.Works;
        clock.Advance(StoreSwitch.ProbeEvery);
        stores.Probe();
    }

    private StoreSwitch Open(long volatileBytesMax = StoreSwitch.VolatileBytesMax)
    {
        var stores = new StoreSwitch(
            cut => DiskStore.Open(disk.Open, SomeStores.Options() with { DurableBelow = cut }), () => Volatile, clock,
            volatileBytesMax: volatileBytesMax);
        stores.Open();
        return stores;
    }

    private static void Append(StoreSwitch stores, long number, int count)
    {
        stores.Append(NumberedReadings.Some(number, count));
        stores.Commit();
    }

    private static IReadOnlyList<StoredReading> Peek(StoreSwitch stores, StoreId store)
    {
        var batch = new StoredBatch();
        Assert.Null(stores.Peek(store, 1, 1000, batch));
        return batch.Readings;
    }
}
