using System.Collections.Concurrent;
using Sluice.Agent.Asking;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Uplink;
using Sluice.Agent.Watchdog;

namespace Sluice.Agent.Publishing;

/// <summary>
/// One connection's loop: asks <see cref="PublishWork"/> what is next, does it with the buffer or the link, and
/// acknowledges to the buffer what the broker accepted. Runs on the publisher's loop; answers come from other threads
/// through one inlet, which the window bounds.
/// </summary>
internal sealed class PublishSession : IDisposable
{
    /// <summary>How long a stop waits for answers that are on their way, and for the last word.</summary>
    private static readonly TimeSpan GoodbyeMax = TimeSpan.FromSeconds(3);

    /// <summary>A next session that cannot be prepared is tried again, less and less often.</summary>
    private static readonly TimeSpan PrepareAgainFirst = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PrepareAgainMax = TimeSpan.FromMinutes(2);

    /// <summary>Somebody knocks from time to time, and a loop that is well turns then, whether there is work or not.
    /// The bounds of a farewell are shorter.</summary>
    private static readonly LoopStep Works = new("works on its session", LoopStep.Grace);

    private readonly PublishDesk desk;
    private readonly BufferLoop buffer;
    private readonly IBrokerLink link;
    private readonly PublishWork work;
    private readonly WakeSignal wake;
    private readonly BufferView connectedAt;
    private readonly CancellationTokenSource ended = new();
    private readonly Action<ConnectOutcome, TimeSpan> notPrepared;
    private Task<ConnectOutcome?>? preparing;
    private TimeSpan prepareAt;
    private TimeSpan prepareAgain = PrepareAgainFirst;
    private readonly ConcurrentQueue<(HandedOver Handed, DeliveryOutcome Outcome)> answers = new();

    /// <param name="desk">What outlives the connection.</param>
    /// <param name="buffer">Where the readings are.</param>
    /// <param name="link">The connection.</param>
    /// <param name="terms">What the broker demands.</param>
    /// <param name="notPrepared">Told where the session that is to follow cannot be made yet, and when it is tried
    /// again.</param>
    public PublishSession(
        PublishDesk desk, BufferLoop buffer, IBrokerLink link, ConnectTerms terms,
        Action<ConnectOutcome, TimeSpan> notPrepared)
    {
        this.notPrepared = notPrepared;
        this.desk = desk;
        this.buffer = buffer;
        this.link = link;
        wake = new WakeSignal(desk.Clock);
        connectedAt = buffer.View;
        work = new PublishWork(desk, terms, connectedAt);
        desk.Wake = wake.Set;
    }

    /// <summary>Works until the link is lost, and says why. A stop ends it cleanly and throws cancellation.</summary>
    public async Task<LinkLoss> RunAsync(CancellationToken stoppingToken)
    {
        var lost = link.Lost;
        var watching = Task.WhenAll(WatchLinkAsync(lost), WatchBufferAsync(connectedAt));
        try
        {
            while (!lost.IsCompleted)
            {
                desk.Progress.Enter(Works);
                stoppingToken.ThrowIfCancellationRequested();
                if (await IsPreparedAsync().ConfigureAwait(false))
                {
                    return await MoveAwayAsync(stoppingToken).ConfigureAwait(false);
                }

                Interlocked.Increment(ref desk.Rounds);
                if (desk.Withdrawn is { } withdrawal)
                {
                    await SayGoodbyeAsync(withdrawal.Word).ConfigureAwait(false);
                    return new LinkLoss(withdrawal.Sentence) { NeedsPerson = true };
                }

                await TakeAnswersAsync(stoppingToken).ConfigureAwait(false);
                work.Observe(buffer.View);
                await TakeAsksAsync(stoppingToken).ConfigureAwait(false);
                if (await StepAsync(stoppingToken).ConfigureAwait(false) is { Kind: WorkKind.Sleep } sleep)
                {
                    await wake.WaitAsync(Wait(sleep), stoppingToken).ConfigureAwait(false);
                }
            }

            return await lost.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await SayGoodbyeAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(false);
            await PreparingEndedAsync().ConfigureAwait(false);
            await TakeAnswersAsync(CancellationToken.None).ConfigureAwait(false);
            desk.Progress.Enter(Works);
            work.Ended();
        }
    }

    /// <summary>
    /// Whether the session that is to follow lies ready. It is made beside this one, which goes on publishing
    /// meanwhile, and where it cannot be made goes on at all.
    /// </summary>
    private async ValueTask<bool> IsPreparedAsync()
    {
        if (preparing is { IsCompleted: true } ended)
        {
            preparing = null;
            if (await ended.ConfigureAwait(false) is { } refusal)
            {
                notPrepared(refusal, prepareAgain);
                prepareAt = desk.Now + prepareAgain;
                prepareAgain = prepareAgain * 2 < PrepareAgainMax ? prepareAgain * 2 : PrepareAgainMax;
                desk.AskMove();
            }
            else if (!desk.IsMoveAsked)
            {
                return true;
            }
        }

        if (preparing is null && desk.IsMoveAsked && desk.Now >= prepareAt)
        {
            // What is in use is read from here on: a move that is asked for later is another one.
            desk.BeginConnect();
            preparing = PrepareAsync();
            _ = WakeBehindAsync(preparing);
        }

        return false;
    }

    private async Task<ConnectOutcome?> PrepareAsync()
    {
        // Beside the loop from the first step on: reading the identity takes its time too.
        await Task.Yield();
        return await link.PrepareAsync(this.ended.Token).ConfigureAwait(false);
    }

    /// <summary>Behind its end and not as its last step: a loop that looked in between would sleep until something else
    /// happens.</summary>
    private async Task WakeBehindAsync(Task prepared)
    {
        await prepared.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        wake.Set();
    }

    private async ValueTask PreparingEndedAsync()
    {
        try
        {
            _ = preparing is { } last ? await last.ConfigureAwait(false) : null;
        }
        catch (OperationCanceledException)
        {
            // The session has ended before it was ready.
        }
    }

    private TimeSpan? Wait(WorkStep sleep)
    {
        if (preparing is not null || !desk.IsMoveAsked)
        {
            return sleep.Wait;
        }

        var again = prepareAt > desk.Now ? prepareAt - desk.Now : TimeSpan.Zero;
        return sleep.Wait < again ? sleep.Wait : again;
    }

    public void Dispose()
    {
        desk.Wake = null;
        ended.Dispose();
        wake.Dispose();
    }

    /// <summary>Does one thing that is due, or returns how long to sleep.</summary>
    private async ValueTask<WorkStep> StepAsync(CancellationToken cancellationToken)
    {
        var step = work.Next(desk.Now, desk.Utc);
        if (step.Kind == WorkKind.ReadPresent)
        {
            desk.Progress.Enter(LoopStep.OfTheBuffer);
            var present = await buffer.PresentAsync(cancellationToken).ConfigureAwait(false);
            desk.Progress.Enter(Works);
            step = work.Announce(present, desk.Now, desk.Utc);
        }
        else if (step.Kind == WorkKind.ReadReadings)
        {
            var (store, from, readingsMax) = step.Wanted;
            desk.Progress.Enter(LoopStep.OfTheBuffer);
            var fault = await buffer.PeekAsync(store, from, readingsMax, desk.Peeked, cancellationToken)
                .ConfigureAwait(false);
            desk.Progress.Enter(Works);
            step = work.Send(fault, desk.Now, desk.Utc);
        }

        if (step.Kind == WorkKind.Deliver)
        {
            _ = DeliverAsync(step.Message!, step.Handed!);
        }

        return step;
    }

    private async Task DeliverAsync(OutboundMessage message, HandedOver handed)
    {
        DeliveryOutcome outcome;
        try
        {
            outcome = await link.DeliverAsync(message, ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            outcome = new DeliveryOutcome(DeliveryVerdict.LinkLost, 0, "the connection was given up.");
        }

        answers.Enqueue((handed, outcome));
        wake.Set();
    }

    private async ValueTask TakeAnswersAsync(CancellationToken cancellationToken)
    {
        while (answers.TryDequeue(out var answer))
        {
            if (work.Settle(answer.Handed, answer.Outcome, desk.Now) is { } accepted && !desk.AcknowledgedByMes)
            {
                desk.Progress.Enter(LoopStep.OfTheBuffer);
                await buffer.AcknowledgeAsync(answer.Handed.Sent!.Store, accepted, cancellationToken)
                    .ConfigureAwait(false);
                desk.Progress.Enter(Works);
            }
        }
    }

    private async ValueTask TakeAsksAsync(CancellationToken cancellationToken)
    {
        // So many in a turn: a flood must not keep the loop from publishing. What comes meanwhile wakes it again.
        for (var taken = 0; taken < PublishDesk.AsksMax && desk.TakeAsk() is { } ask; taken++)
        {
            foreach (var (store, range) in work.Take(ask, desk.Now))
            {
                desk.Progress.Enter(LoopStep.OfTheBuffer);
                await buffer.AcknowledgeAsync(store, range, cancellationToken).ConfigureAwait(false);
                desk.Progress.Enter(Works);
            }
        }
    }

    /// <summary>Waits for answers on their way, says why, and disconnects: all of it within a bound.</summary>
    private async Task SayGoodbyeAsync(string reason = AnnouncementEncoder.ReasonStopped)
    {
        using var bound = new CancellationTokenSource(GoodbyeMax, desk.Clock);
        try
        {
            await AwaitAnswersAsync(bound.Token).ConfigureAwait(false);
            await link.DeliverAsync(work.Goodbye(desk.Utc, reason), bound.Token).ConfigureAwait(false);
            await link.DisconnectAsync(bound.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The bound: what was not answered is sent again after the next start, and the MES knows it by its key.
        }
    }

    /// <summary>
    /// The identity was switched: what is on its way is awaited, so that nothing comes twice that need not, then the
    /// connection ends cleanly, without a last word. The gateway is not gone: the next session says "online" again.
    /// </summary>
    private async Task<LinkLoss> MoveAwayAsync(CancellationToken stoppingToken)
    {
        using var bound = new CancellationTokenSource(GoodbyeMax, desk.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, stoppingToken);
        try
        {
            await AwaitAnswersAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            // A slow link: what was not answered is sent again, and the MES knows it by its key.
        }

        await link.DisconnectAsync(stoppingToken).ConfigureAwait(false);
        return new LinkLoss("the session begins anew with another identity.") { IsMove = true };
    }

    private async Task AwaitAnswersAsync(CancellationToken cancellationToken)
    {
        while (work.UnderWay > 0 && !link.Lost.IsCompleted)
        {
            await wake.WaitAsync(atMost: null, cancellationToken).ConfigureAwait(false);
            await TakeAnswersAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WatchLinkAsync(Task<LinkLoss> lost)
    {
        await Task.WhenAny(lost, Task.Delay(Timeout.InfiniteTimeSpan, desk.Clock, ended.Token)).ConfigureAwait(false);
        wake.Set();
    }

    private async Task WatchBufferAsync(BufferView seen)
    {
        try
        {
            while (true)
            {
                await buffer.ChangedAsync(seen, ended.Token).ConfigureAwait(false);
                seen = buffer.View;
                wake.Set();
            }
        }
        catch (OperationCanceledException)
        {
            // The session has ended.
        }
    }
}
