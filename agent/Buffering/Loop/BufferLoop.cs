using System.Buffers;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Hal;

namespace Sluice.Agent.Buffering.Loop;

/// <summary>
/// The one loop that owns the buffer. The sampler appends, the publisher peeks and acknowledges; all of them through
/// one bounded channel, so that the stores need no lock and readings keep their order. It commits when
/// <c>commitEvery</c> has passed since the oldest reading that is not durable, or when many wait, and publishes a new
/// <see cref="View"/> after each change. What takes long of the sealing of a full journal runs on the thread pool, one
/// piece at a time; the loop only takes over what came of it.
/// <para>
/// Stop: no more commands are taken, what is in the channel is stored, committed and closed.
/// </para>
/// </summary>
public sealed class BufferLoop : BackgroundService
{
    /// <summary>Most readings in one frame of the journal.</summary>
    public const int CommitReadings = 1000;

    // Together what waits for a disk that hangs: a worn card takes seconds for one sync, and whoever samples must not
    // notice. Ten sources that are read ten times a second may wait ten seconds; the readings take 10 MiB at most.
    private const int InletCommandsMax = 1024;
    private const int CommandReadingsMax = 128;

    // Then the view is published, however busy the senders are.
    private const int TurnCommandsMax = 64;

    private readonly StoreSwitch stores;
    private readonly BufferWork work;
    private readonly ILogger<BufferLoop> logger;
    private readonly Channel<BufferCommand> inlet;
    private readonly ITimer timer;

    private volatile Published published = new(new BufferView([], null));
    private SealStep? sealing;

    public BufferLoop(StoreSwitch stores, TimeSpan commitEvery, TimeProvider clock, ILogger<BufferLoop> logger)
    {
        this.stores = stores;
        work = new BufferWork(stores, commitEvery, clock);
        this.logger = logger;
        inlet = Channel.CreateBounded<BufferCommand>(
            new BoundedChannelOptions(InletCommandsMax) { SingleReader = true });

        // A full channel needs no wake: the loop looks at what is due after every command anyway.
        timer = clock.CreateTimer(
            _ => inlet.Writer.TryWrite(BufferCommand.Wake.Instance), null, Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
    }

    /// <summary>What the buffer is right now; from any thread.</summary>
    public BufferView View => published.View;

    /// <summary>Completes when <see cref="View"/> is not <paramref name="seen"/> any more.</summary>
    public Task ChangedAsync(BufferView seen, CancellationToken cancellationToken)
    {
        var now = published;
        return ReferenceEquals(now.View, seen) ? now.Superseded.Task.WaitAsync(cancellationToken) : Task.CompletedTask;
    }

    /// <summary>
    /// Takes a copy of the readings; waits while the inlet is full. Durable within <c>commitEvery</c>.
    /// </summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<Reading> readings, CancellationToken cancellationToken)
    {
        for (var start = 0; start < readings.Length; start += CommandReadingsMax)
        {
            var count = Math.Min(CommandReadingsMax, readings.Length - start);
            var copy = ArrayPool<Reading>.Shared.Rent(count);
            readings.Slice(start, count).CopyTo(copy);
            await SendAsync(new BufferCommand.Append(copy, count), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Adds up to <paramref name="readingsMax"/> durable readings of a store, from a position on. A store that is not
    /// held any more gives none. The batch belongs to the loop until the task completes.
    /// </summary>
    public async ValueTask<StorageFault?> PeekAsync(
        StoreId store, long from, int readingsMax, StoredBatch into, CancellationToken cancellationToken)
    {
        var reply = new TaskCompletionSource<StorageFault?>(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendAsync(new BufferCommand.Peek(store, from, readingsMax, into, reply), cancellationToken)
            .ConfigureAwait(false);
        return await reply.Task.ConfigureAwait(false);
    }

    /// <summary>These may be forgotten: the broker (or the MES) has them. Applied in the order of the calls.</summary>
    public ValueTask AcknowledgeAsync(StoreId store, PositionRange range, CancellationToken cancellationToken) =>
        SendAsync(new BufferCommand.Acknowledge(store, range), cancellationToken);

    /// <summary>The last durable reading of each signal that has one, for the birth.</summary>
    public async ValueTask<IReadOnlyList<PresentReading>> PresentAsync(CancellationToken cancellationToken)
    {
        var reply = new TaskCompletionSource<IReadOnlyList<PresentReading>>(
            TaskCreationOptions.RunContinuationsAsynchronously);
        await SendAsync(new BufferCommand.Present(reply), cancellationToken).ConfigureAwait(false);
        return await reply.Task.ConfigureAwait(false);
    }

    /// <summary>Opens the stores, so that <see cref="View"/> is true before anybody else starts.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        stores.Open();
        Publish();
        var writing = View.Stores[^1];
        Log.BufferOpened(logger, writing.Store, View.Storage, writing.First, writing.Next, View.Waiting);
        if (View.Fault is { } fault)
        {
            Log.WentToMemory(logger, writing.Store, fault.Sentence);
        }

        Arm();
        await base.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Takes no more commands and waits until what was taken is durable. Before the loop is cancelled, because a loop
    /// that was cancelled before its first step never runs, and what is in the inlet would be lost.
    /// </summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        inlet.Writer.TryComplete();
        if (ExecuteTask is { } running)
        {
            await running.WaitAsync(cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        timer.Dispose();
        stores.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var stop = stoppingToken.Register(() => inlet.Writer.TryComplete());
        try
        {
            await RunAsync().ConfigureAwait(false);
            stores.Close();
            Publish();
            Log.BufferClosed(logger, View.Stores[^1].Next);
        }
        finally
        {
            // Nobody may wait for an answer that never comes, whatever ended the loop.
            inlet.Writer.TryComplete();
            while (inlet.Reader.TryRead(out var command))
            {
                Refuse(command);
            }

            stores.Dispose();
        }
    }

    private static void Refuse(BufferCommand command)
    {
        switch (command)
        {
            case BufferCommand.Peek peek:
                peek.Reply.TrySetCanceled();
                break;
            case BufferCommand.Present present:
                present.Reply.TrySetCanceled();
                break;
        }
    }

    private async Task RunAsync()
    {
        SealBesides();
        while (await inlet.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            for (var i = 0; i < TurnCommandsMax && inlet.Reader.TryRead(out var command); i++)
            {
                Do(command);
                work.DoWhatIsDue();
                SealBesides();
            }

            if (work.TakeChanged())
            {
                Publish();
            }

            Arm();
        }
    }

    private void Do(BufferCommand command)
    {
        switch (command)
        {
            case BufferCommand.Append append:
                work.Append(append.Readings.AsSpan(0, append.Count));
                ArrayPool<Reading>.Shared.Return(append.Readings, clearArray: true);
                break;
            case BufferCommand.Acknowledge acknowledge:
                work.Acknowledge(acknowledge.Store, acknowledge.Range);
                break;
            case BufferCommand.Peek peek:
                peek.Reply.SetResult(work.Peek(peek.Store, peek.From, peek.ReadingsMax, peek.Into));
                break;
            case BufferCommand.Present present:
                present.Reply.SetResult(work.Present());
                break;
        }
    }

    private void SealBesides()
    {
        if (work.SealStep is { } step && step != sealing)
        {
            sealing = step;
            _ = Task.Run(() =>
            {
                // A full channel needs no wake; a loop that stops waits for the step when it closes the store.
                step.Run();
                inlet.Writer.TryWrite(BufferCommand.Wake.Instance);
            });
        }
    }

    private void Arm()
    {
        if (work.UntilDue is { } due)
        {
            timer.Change(due > TimeSpan.FromMilliseconds(1) ? due : TimeSpan.FromMilliseconds(1),
                Timeout.InfiniteTimeSpan);
        }
    }

    private void Publish()
    {
        var before = published;
        published = new Published(stores.View);
        before.Superseded.TrySetResult();
        Tell(before.View, published.View);
    }

    private void Tell(BufferView before, BufferView now)
    {
        var writing = now.Stores[^1];
        if (before.Stores.Count > 0 && before.Storage != now.Storage)
        {
            if (writing.IsVolatile)
            {
                Log.WentToMemory(logger, writing.Store, now.Fault?.Sentence ?? "");
            }
            else
            {
                Log.CameBackToDisk(logger, writing.Store);
            }
        }

        TellClock(before.Record, now.Record);
        foreach (var store in now.Stores)
        {
            var known = before.Stores.FirstOrDefault(other => other.Store == store.Store)?.DroppedCount ?? 0;
            if (store.DroppedCount > known)
            {
                Log.ReadingsDropped(logger, store.Store, store.DroppedCount - known, store.Drops[^1].Reason);
            }
        }
    }

    private void TellClock(RecordView? before, RecordView? now)
    {
        if (now is null)
        {
            return;
        }

        if (before is null || before.Clock.IsSet != now.Clock.IsSet || before.Clock.Boot != now.Clock.Boot)
        {
            Log.ClockState(logger, now.Clock.IsSet ? "set" : "not set", now.Clock.Boot);
        }

        for (var i = Math.Max(0, now.Steps.Count - (int)(now.StepsTotal - (before?.StepsTotal ?? now.StepsTotal)));
            i < now.Steps.Count; i++)
        {
            Log.ClockStepped(logger, now.Steps[i].OffsetMilliseconds / 1000.0, now.Steps[i].At);
        }

        if (before is not null && now.GapsTotal > before.GapsTotal)
        {
            var gap = now.Gaps[^1];
            Log.NothingRecorded(logger, gap.From, gap.To, gap.Reason);
        }
    }

    private async ValueTask SendAsync(BufferCommand command, CancellationToken cancellationToken)
    {
        try
        {
            await inlet.Writer.WriteAsync(command, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException closed)
        {
            throw new OperationCanceledException("The buffer is closed.", closed);
        }
    }

    private sealed record Published(BufferView View)
    {
        public TaskCompletionSource Superseded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
