using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Configuration;
using Sluice.Fast.Buffering.Contract;
using Sluice.Fast.Buffering.Stamps;
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
    [InlineData(10_000, 55)]
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
}
