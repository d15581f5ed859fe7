using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Buffering.Loop;
using Sluice.Fast.Buffering.Contract;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering.Disk;

/// <summary>A full journal becomes a segment while the store goes on; whoever runs the steps, and whenever.</summary>
public sealed class SealingTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private readonly SimulatedDisk disk = new(record: false);
    private long number = 1;

    [Fact]
    public void Commits_go_on_while_a_full_journal_is_being_sealed()
    {
        using var store = Open();
        FillJournal(store);
        Append(store, 50);
        Assert.Empty(Segments);

        store.SealStep!.Run();
        Append(store, 50);
        store.Proceed();
        Append(store, 50);
        store.SealStep!.Run();
        Append(store, 50);
        store.Proceed();

        Assert.Null(store.SealStep);
        Assert.Single(Segments);
        AssertAllHeld(store);
    }

    [Fact]
    public void Where_nobody_seals_the_commit_that_needs_the_journal_does()
    {
        using var store = Open();
        for (var i = 0; i < 20; i++)
        {
            Append(store, 100);
        }

        Assert.NotEmpty(Segments);
        Assert.Equal(0, store.View.DroppedCount);
        AssertAllHeld(store);
    }

    [Fact]
    public void A_step_that_the_disk_refuses_leaves_the_readings_in_the_journal_and_no_file()
    {
        using var store = Open();
        FillJournal(store);
        Run(store);
        disk.Mood = DiskMood.Full;
        var size = store.View.SizeBytes;
        Run(store);

        Assert.Contains("No space left", store.Fault!.Sentence, StringComparison.Ordinal);
        Assert.Null(store.SealStep);
        Assert.True(store.View.SizeBytes < size, "The room that was made for the segment is still counted.");
        disk.Mood = DiskMood.Works;
        Assert.Equal(["journal-0", "journal-1"], disk.Files.Keys.Order());
        while (store.Fault is not null)
        {
            Append(store, 100);
        }

        Assert.Single(Segments);
        AssertAllHeld(store);
    }

    [Fact]
    public void A_file_that_cannot_be_written_to_its_end_does_not_stay()
    {
        using var store = Open();
        FillJournal(store);
        Run(store);
        var asked = 0;
        disk.Before = _ => disk.FailsAfter = ++asked == 4 ? 0 : null;
        store.SealStep!.Run();
        disk.Before = _ => { };
        disk.FailsAfter = null;
        store.Proceed();

        Assert.NotNull(store.Fault);
        Assert.Empty(Segments);
        AssertAllHeld(store);
    }

    [Fact]
    public void A_block_that_was_found_damaged_meanwhile_does_not_come_back_with_the_segment()
    {
        using var store = Open();
        FillJournal(store);
        store.SealStep!.Run();
        store.Proceed();
        store.SealStep!.Run();
        disk.Files["journal-0"].Write((10 * 4096) + 100, new byte[64]);
        var batch = new StoredBatch();
        Assert.Null(store.Peek(1, int.MaxValue, batch));
        var held = batch.Count;
        var drop = Assert.Single(store.View.Drops);

        while (store.SealStep is not null)
        {
            Run(store);
        }

        batch.Clear();
        Assert.Null(store.Peek(1, int.MaxValue, batch));
        Assert.Equal(held, batch.Count);
        Assert.Equal(number - 1 - drop.Count, batch.Count);
        Assert.Equal(batch.Count, store.View.Waiting);
    }

    [Fact]
    public void A_damaged_block_of_a_full_journal_is_named_and_the_rest_is_sealed()
    {
        using var store = Open();
        FillJournal(store);
        disk.Files["journal-0"].Write((10 * 4096) + 100, new byte[64]);

        while (store.SealStep is not null)
        {
            Run(store);
        }

        var drop = Assert.Single(store.View.Drops);
        Assert.Equal(DropReason.Corrupt, drop.Reason);
        Assert.Contains(disk.Files.Keys, name => name.StartsWith("quarantine/journal-0", StringComparison.Ordinal));
        var batch = new StoredBatch();
        Assert.Null(store.Peek(1, int.MaxValue, batch));
        Assert.Equal(number - 1 - drop.Count, batch.Count);
        Assert.Single(Segments);
    }

    [Fact]
    public async Task A_store_that_is_closed_waits_for_the_step_that_runs_and_then_touches_nothing()
    {
        var store = Open();
        FillJournal(store);
        Run(store);
        var step = store.SealStep!;
        using var reached = new SemaphoreSlim(0);
        using var goOn = new SemaphoreSlim(0);
        disk.Before = _ =>
        {
            disk.Before = _ => { };
            reached.Release();
            goOn.Wait(Bound);
        };
        var sealing = Task.Run(step.Run);
        Assert.True(await reached.WaitAsync(Bound));

        var closing = Task.Run(store.Dispose);
        goOn.Release();
        await closing.WaitAsync(Bound);

        Assert.True(step.IsDone);
        disk.Before = name => throw new InvalidOperationException($"{name} was touched.");
        await sealing.WaitAsync(Bound);
        Assert.Single(Segments);
        disk.Before = _ => { };
        using var again = Open();
        AssertAllHeld(again);
    }

    [Fact]
    public async Task The_loop_commits_on_while_the_disk_hangs_on_a_segment()
    {
        using var goOn = new ManualResetEventSlim();
        using var hanging = new ManualResetEventSlim();
        disk.Before = name =>
        {
            if (name.EndsWith(".new", StringComparison.Ordinal))
            {
                hanging.Set();
                goOn.Wait(Bound);
            }
        };
        var stores = new StoreSwitch(
            cut => DiskStore.Open(disk.Open, SomeStores.Options() with { DurableBelow = cut }),
            () => SomeStores.Id(1000), TimeProvider.System);
        using var loop = new BufferLoop(
            stores, TimeSpan.FromMilliseconds(1), TimeProvider.System, NullLogger<BufferLoop>.Instance);
        await loop.StartAsync(CancellationToken.None);
        // A journal and a third: a second one that is full would have to wait for the first.
        for (var i = 0; i < 8; i++)
        {
            await AppendAsync(loop, 100);
        }

        Assert.True(await Task.Run(() => hanging.Wait(Bound)), "No journal was sealed.");
        await AppendAsync(loop, 50);
        await AppendAsync(loop, 50);
        Assert.Empty(Segments);
        goOn.Set();
        await loop.StopAsync(CancellationToken.None);

        disk.Before = _ => { };
        Assert.Single(Segments);
        Assert.Equal("disk", loop.View.Storage);
        using var store = Open();
        AssertAllHeld(store);
    }

    [Fact]
    public void Journals_of_an_older_version_shrink_when_they_are_used_next_and_lose_nothing()
    {
        const int large = 4 << 20;
        const int small = 1 << 20;
        const long room = 64 << 20;

        // A directory of 32 GiB has journals as large as a smaller one had in an older version.
        using (var old = DiskStore.Open(disk.Open, SomeStores.Options(sizeBytesMax: 32L << 30)).Store!)
        {
            Append(old, 50);
            Assert.Equal([large, large], JournalLengths);
        }

        using (var store = DiskStore.Open(disk.Open, SomeStores.Options(2, room)).Store!)
        {
            Assert.Equal([large, large], JournalLengths);
            FillJournal(store);
            Assert.Equal([small, large], JournalLengths);
            AssertAllHeld(store);
            Run(store);
            Run(store);
            FillJournal(store);
            Assert.Equal([small, small], JournalLengths);
            AssertAllHeld(store);
            Assert.InRange(disk.SizeBytes(), 1, store.View.SizeBytes);
        }

        using var again = DiskStore.Open(disk.Open, SomeStores.Options(2, room)).Store!;
        Assert.Equal(SomeStores.Id(1), again.Store);
        Assert.Equal(0, again.View.DroppedCount);
        AssertAllHeld(again);
    }

    private IEnumerable<long> JournalLengths => disk.Files
        .Where(file => file.Key.StartsWith("journal-", StringComparison.Ordinal))
        .Select(file => file.Value.LengthBytes)
        .Order();

    private IEnumerable<string> Segments =>
        disk.Files.Keys.Where(name => name.Contains(".segment", StringComparison.Ordinal));

    private static void Run(DiskStore store)
    {
        store.SealStep!.Run();
        store.Proceed();
    }

    private DiskStore Open() => DiskStore.Open(disk.Open, SomeStores.Options()).Store!;

    private void FillJournal(DiskStore store)
    {
        while (store.SealStep is null)
        {
            Append(store, 50);
        }
    }

    private void Append(DiskStore store, int count)
    {
        store.Append(NumberedReadings.SomeHeavy(number, count));
        number += count;
        Assert.Null(store.Commit());
    }

    private async Task AppendAsync(BufferLoop loop, int count)
    {
        await loop.AppendAsync(NumberedReadings.SomeHeavy(number, count), CancellationToken.None);
        number += count;
        using var bound = new CancellationTokenSource(Bound);
        for (var view = loop.View; view.Stores[^1].Next < number; view = loop.View)
        {
            await loop.ChangedAsync(view, bound.Token);
        }
    }

    private void AssertAllHeld(DiskStore store)
    {
        var batch = new StoredBatch();
        Assert.Null(store.Peek(1, int.MaxValue, batch));
        Assert.Equal(number - 1, batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            Assert.Equal(NumberedReadings.HeavyStored(i + 1), batch.Readings[i]);
        }
    }
}
