using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Loop;
using Sluice.Fast.Buffering.Contract;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering;

public sealed class BufferLoopTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task What_is_appended_becomes_durable_within_the_interval_and_can_be_read_back()
    {
        using var loop = Open(TimeSpan.FromMilliseconds(5));
        await loop.StartAsync(CancellationToken.None);
        await loop.AppendAsync(NumberedReadings.Some(1, 10), CancellationToken.None);
        var view = await Until(loop, v => v.Stores[^1].Next == 11);

        var batch = new StoredBatch();
        Assert.Null(await loop.PeekAsync(view.Stores[^1].Store, 4, 3, batch, CancellationToken.None));

        Assert.Equal([4L, 5L, 6L], batch.Readings.Select(r => r.Position));
        Assert.Equal(NumberedReadings.At(4).Value, batch.Readings[0].Value);
        Assert.Equal(10, view.Waiting);
        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Many_readings_do_not_wait_for_the_interval()
    {
        using var loop = Open(TimeSpan.FromHours(1));
        await loop.StartAsync(CancellationToken.None);
        await loop.AppendAsync(NumberedReadings.Some(1, 7999), CancellationToken.None);
        Assert.Empty(await loop.PresentAsync(CancellationToken.None));
        await loop.AppendAsync(NumberedReadings.Some(8000, 1), CancellationToken.None);

        await Until(loop, v => v.Stores[^1].Next == 8001);
        Assert.Equal(24, (await loop.PresentAsync(CancellationToken.None)).Count);
        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Acknowledged_readings_do_not_wait_any_more()
    {
        using var loop = Open(TimeSpan.FromMilliseconds(5));
        await loop.StartAsync(CancellationToken.None);
        await loop.AppendAsync(NumberedReadings.Some(1, 10), CancellationToken.None);
        await Until(loop, v => v.Stores[^1].Next == 11);

        await loop.AcknowledgeAsync(NumberedReadings.Store, new PositionRange(3, 6), CancellationToken.None);

        var view = await Until(loop, v => v.Waiting == 6);
        Assert.Equal([new PositionRange(3, 6)], view.Stores[^1].Acknowledged);
        await loop.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task What_is_in_the_inlet_at_a_stop_is_committed()
    {
        using var loop = Open(TimeSpan.FromHours(1));
        await loop.StartAsync(CancellationToken.None);
        await loop.AppendAsync(NumberedReadings.Some(1, 7), CancellationToken.None);

        await loop.StopAsync(CancellationToken.None);

        Assert.Equal(8, loop.View.Stores[^1].Next);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await loop.AppendAsync(NumberedReadings.Some(8, 1), CancellationToken.None));
    }

    [Fact]
    public async Task A_disk_that_hangs_holds_up_nobody_who_samples_and_what_waits_for_it_is_bounded()
    {
        using var goesOn = new ManualResetEventSlim(initialState: true);
        var hangs = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var disk = new SimulatedDisk(record: false);
        using var loop = new BufferLoop(
            new StoreSwitch(_ => DiskStore.Open(disk.Open, SomeStores.Options()), () => SomeStores.Id(9),
                TimeProvider.System),
            TimeSpan.FromMilliseconds(5), TimeProvider.System, NullLogger<BufferLoop>.Instance);
        await loop.StartAsync(CancellationToken.None);
        disk.Before = _ =>
        {
            hangs.TrySetResult();
            goesOn.Wait(Bound);
        };
        goesOn.Reset();
        await loop.AppendAsync(NumberedReadings.Some(1, 1), CancellationToken.None);
        await hangs.Task.WaitAsync(Bound);

        var sent = 1;
        var append = ValueTask.CompletedTask;
        while (append.IsCompletedSuccessfully && sent < 5000)
        {
            append = loop.AppendAsync(NumberedReadings.Some(++sent, 1), CancellationToken.None);
        }

        Assert.InRange(sent, 1000, 1100);
        goesOn.Set();
        await append;
        await Until(loop, view => view.Stores[^1].Next == sent + 1);
        await loop.StopAsync(CancellationToken.None);
    }

    private static BufferLoop Open(TimeSpan commitEvery) => new(
        StoreSwitch.InMemory(NumberedReadings.Store, 1 << 20), commitEvery, TimeProvider.System,
            NullLogger<BufferLoop>.Instance);

    private static async Task<BufferView> Until(BufferLoop loop, Func<BufferView, bool> condition)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (true)
        {
            var view = loop.View;
            if (condition(view))
            {
                return view;
            }

            await loop.ChangedAsync(view, bound.Token);
        }
    }
}
