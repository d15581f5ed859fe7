using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Buffering.Stamps;
using Sluice.Agent.Configuration;
using Sluice.Fast.Buffering.Contract;
using Sluice.Fast.Buffering.Stamps;
using Sluice.Plant.Clock;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering;

public sealed class BufferWorkTests
{
    /// <summary>
    /// Everything that the disk is asked for counts: commits, changes of the journal, segments, directories, evictions.
    /// </summary>
    [Theory]
    [InlineData(0.5, 1200)]
    [InlineData(50, 1200)]
    [InlineData(1000, 120)]
    [InlineData(10_000, 55, Traits = ["suite", "world"])]
    public void There_are_at_most_two_syncs_a_second_at_the_defaults(double readingsPerSecond, int seconds)
    {
        var step = TimeSpan.FromMilliseconds(50);
        var clock = new HandClock();
        var defaults = new BufferSettings { Directory = "/" };
        var disk = new SimulatedDisk(record: false);
        var options = SomeStores.Options(sizeBytesMax: defaults.SizeBytesMax);
        using var stores = new StoreSwitch(_ => DiskStore.Open(disk.Open, options), () => SomeStores.Id(9), clock);
        stores.Open();
        var work = new BufferWork(stores, defaults.CommitEvery, clock);
        var before = disk.Syncs;
        var number = 1L;
        for (var passed = TimeSpan.Zero; passed.TotalSeconds < seconds; passed += step)
        {
            clock.Advance(step);
            for (; number < readingsPerSecond * passed.TotalSeconds; number++)
            {
                work.Append([NumberedReadings.At(number)]);
                work.DoWhatIsDue();
            }

            work.SealStep?.Run();
            work.DoWhatIsDue();
            if (work.TakeChanged() && work.View.Waiting > 0)
            {
                // The broker is quick: what was committed is acknowledged at once.
                var store = work.View.Stores[^1];
                work.Acknowledge(store.Store, new PositionRange(store.First, store.Next - 1));
            }
        }

        Assert.Equal("disk", work.View.Storage);
        Assert.InRange(disk.Syncs - before, seconds / (readingsPerSecond < 1 ? 3 : 2), 2 * seconds);
    }

    /// <summary>On an idle plant nothing else would have told it for as long as nothing was read.</summary>
    [Fact]
    public void A_loss_that_was_found_while_handing_out_woke_no_ledger()
    {
        var bench = new IdleWork();
        bench.Fill(100);
        foreach (var name in bench.Disk.Files.Keys.Where(name => name.StartsWith("journal", StringComparison.Ordinal)))
        {
            bench.Disk.Files[name].Write(2 * 4096, new byte[4096]);
        }

        bench.Peek();

        Assert.True(bench.Work.TakeChanged());
        Assert.NotEmpty(bench.Work.View.Stores[^1].Drops);
        Assert.False(bench.Work.TakeChanged());
    }

    [Fact]
    public void A_step_of_the_clock_that_was_noticed_while_handing_out_woke_no_ledger()
    {
        var bench = new IdleWork();
        bench.Fill(10);
        bench.Machine.Step(TimeSpan.FromHours(1));

        bench.Peek();

        Assert.True(bench.Work.TakeChanged());
        Assert.Single(bench.Work.View.Record!.Steps);
    }

    [Fact]
    public void A_correction_that_became_durable_while_handing_out_woke_no_ledger()
    {
        var bench = new IdleWork();
        bench.Fill(10);
        bench.Machine.Synchronised = true;
        bench.Machine.Advance(BufferClock.LookEvery);
        bench.Work.DoWhatIsDue();
        bench.Work.TakeChanged();
        Assert.Empty(bench.Work.View.Stores[^1].Corrections);

        bench.Peek();

        Assert.True(bench.Work.TakeChanged());
        Assert.Single(bench.Work.View.Stores[^1].Corrections);
    }

    [Fact]
    public void A_disk_that_failed_while_a_birth_was_made_woke_no_ledger()
    {
        var bench = new IdleWork();
        bench.Fill(10);
        bench.Disk.Mood = DiskMood.ReadOnly;

        bench.Work.Present();

        Assert.True(bench.Work.TakeChanged());
        Assert.NotNull(bench.Work.View.Fault);
    }

    [Fact]
    public void What_the_clock_did_was_lost_with_the_power_where_no_reading_came_behind_it()
    {
        var bench = new IdleWork();
        bench.Fill(10);
        bench.Machine.Step(TimeSpan.FromHours(1));
        bench.Machine.Synchronised = true;

        for (var passed = TimeSpan.Zero; passed < BufferClock.LookEvery + TimeSpan.FromSeconds(2);)
        {
            var due = bench.Work.UntilDue!.Value;
            bench.Machine.Advance(due);
            passed += due;
            bench.Work.DoWhatIsDue();
        }

        // Only what is durable is shown.
        Assert.Single(bench.Work.View.Stores[^1].Corrections);
    }

    [Fact]
    public void Readings_that_waited_for_a_failed_disk_were_asked_for_without_end()
    {
        var bench = new IdleWork();
        bench.Fill(10);
        bench.Disk.Mood = DiskMood.ReadOnly;
        bench.Peek();
        Assert.True(bench.Work.TakeChanged());
        Assert.NotNull(bench.Work.View.Fault);

        bench.Peek();

        Assert.False(bench.Work.TakeChanged());
    }

    [Fact]
    public void Handing_out_what_is_known_already_wakes_nobody()
    {
        var bench = new IdleWork();
        bench.Machine.Synchronised = true;
        bench.Fill(10);
        bench.Peek();
        bench.Work.TakeChanged();

        bench.Peek();
        bench.Work.Present();

        Assert.False(bench.Work.TakeChanged());
    }

    /// <summary>Nothing is read any more, and nothing acknowledged.</summary>
    private sealed class IdleWork
    {
        public IdleWork()
        {
            var stores = new StoreSwitch(
                _ => DiskStore.Open(Disk.Open, SomeStores.Options()), () => SomeStores.Id(9), Machine, Machine);
            stores.Open();
            Work = new BufferWork(stores, TimeSpan.FromSeconds(1), Machine);
        }

        public SimulatedMachine Machine { get; } =
            new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero), isSynchronised: false);

        public SimulatedDisk Disk { get; } = new(record: false);

        public BufferWork Work { get; }

        public void Fill(int count)
        {
            for (var number = 1; number <= count; number++)
            {
                Work.Append([NumberedReadings.Heavy(number)]);
                Machine.Advance(TimeSpan.FromSeconds(1));
                Work.DoWhatIsDue();
            }

            Assert.True(Work.TakeChanged());
        }

        public void Peek()
        {
            var store = Work.View.Stores[0];
            Assert.Null(Work.Peek(store.Store, 1, int.MaxValue, new StoredBatch()));
        }
    }
}
