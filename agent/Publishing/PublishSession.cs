using System.Collections.Concurrent;
using Sluice.Agent.Buffering;
using Sluice.Agent.Uplink;

namespace Sluice.Agent.Publishing;

/// <summary>
/// One connection's work: asks the plans what is due, encodes it, hands it to the link, tells the plans the answer, and
/// acknowledges to the buffer what the broker accepted. Runs on the publisher's loop; answers come from other threads
/// through one inlet, which the window bounds.
/// </summary>
internal sealed class PublishSession : IDisposable
{
    /// <summary>How long a stop waits for answers that are on their way, and for the last word.</summary>
    private static readonly TimeSpan GoodbyeMax = TimeSpan.FromSeconds(3);

    /// <summary>A buffer that cannot be read is asked again after this.</summary>
    private static readonly TimeSpan PeekAgain = TimeSpan.FromSeconds(1);

    private readonly PublishDesk desk;
    private readonly BufferLoop buffer;
    private readonly IBrokerLink link;
    private readonly ConnectTerms terms;
    private readonly WakeSignal wake;
    private readonly CancellationTokenSource ended = new();
    private readonly ConcurrentQueue<Answer> answers = new();
    private readonly int payloadBytesMax;
    private BufferView view;
    private StoreId peekedStore;
    private int peekedAt;
    private TimeSpan peekAgainAt;
    private int underWay;

    public PublishSession(PublishDesk desk, BufferLoop buffer, IBrokerLink link, ConnectTerms terms)
    {
        this.desk = desk;
        this.buffer = buffer;
        this.link = link;
        this.terms = terms;
        wake = new WakeSignal(desk.Clock);
        view = buffer.View;
        payloadBytesMax = Math.Min(desk.MessageBytesMax, terms.PacketBytesMax - PacketOverhead(desk.Topics.Data));
    }

    /// <summary>Bytes of a PUBLISH besides its payload: header, topic, number, properties (MQTT 5, 3.3).</summary>
    public static int PacketOverhead(string topic) => topic.Length + 128;

    /// <summary>Works until the link is lost, and says why. A stop ends it cleanly and throws cancellation.</summary>
    public async Task<LinkLoss> RunAsync(CancellationToken stoppingToken)
    {
        desk.Journal.Connected(terms, view.Waiting);
        desk.Plan.Connected(view, terms.ReceiveMaximum);
        desk.AnnouncementPlan.Connected(view);
        desk.Peeked.Clear();
        var lost = link.Lost;
        var watching = Task.WhenAll(WatchLinkAsync(lost), WatchBufferAsync(view));
        try
        {
            while (!lost.IsCompleted)
            {
                stoppingToken.ThrowIfCancellationRequested();
                Interlocked.Increment(ref desk.Rounds);
                await TakeAnswersAsync(stoppingToken).ConfigureAwait(false);
                Observe();
                if (!await StepAsync(stoppingToken).ConfigureAwait(false))
                {
                    await wake.WaitAsync(Wait(), stoppingToken).ConfigureAwait(false);
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
            await TakeAnswersAsync(CancellationToken.None).ConfigureAwait(false);
            desk.Plan.Disconnected();
        }
    }

    public void Dispose()
    {
        ended.Dispose();
        wake.Dispose();
    }

    /// <summary>Sends one thing that is due. False where nothing is.</summary>
    private async ValueTask<bool> StepAsync(CancellationToken cancellationToken)
    {
        var now = desk.Now;
        if (desk.Budget.Wait(now) > TimeSpan.Zero)
        {
            return false;
        }

        if (desk.AnnouncementPlan.Next(now) is { } announcement)
        {
            await AnnounceAsync(announcement, cancellationToken).ConfigureAwait(false);
            return true;
        }

        if (!desk.AnnouncementPlan.IsOpen || now < peekAgainAt || desk.Plan.Next(now) is not { } planned)
        {
            return false;
        }

        await SendAsync(planned, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>How long nothing can be due by time alone; null: until something happens.</summary>
    private TimeSpan? Wait()
    {
        var now = desk.Now;
        TimeSpan? soonest = null;
        Sooner(ref soonest, desk.AnnouncementPlan.Wait(now) ?? TimeSpan.Zero);
        Sooner(ref soonest, desk.Budget.Wait(now));
        Sooner(ref soonest, peekAgainAt - now);
        if (desk.Plan.Hold.IsHolding)
        {
            Sooner(ref soonest, desk.Plan.Hold.Until - now);
        }

        return soonest;

        static void Sooner(ref TimeSpan? soonest, TimeSpan wait)
        {
            if (wait > TimeSpan.Zero && (soonest is null || wait < soonest))
            {
                soonest = wait;
            }
        }
    }

    private void Observe()
    {
        view = buffer.View;
        desk.Plan.Observe(view);
        desk.AnnouncementPlan.Observe(view);
        desk.Journal.InFlight(underWay);
    }

    private async ValueTask AnnounceAsync(Announcement announcement, CancellationToken cancellationToken)
    {
        var payload = desk.Take();
        var topic = desk.Topics.Status;
        switch (announcement)
        {
            case Announcement.Status:
                desk.Announcements.Online(payload, desk.Utc);
                break;
            case Announcement.Birth:
                var present = await buffer.PresentAsync(cancellationToken).ConfigureAwait(false);
                desk.Announcements.Birth(payload, view, present, desk.Utc, desk.AnnouncementPlan.ReduceBirth);
                topic = desk.Topics.Birth;
                break;
            case Announcement.Ledger:
                var catchUp = desk.Forecast.Observe(desk.Plan.Backlog, desk.Now);
                desk.Announcements.Ledger(payload, view, desk.NextLedgerNumber(), catchUp, desk.Utc);
                topic = desk.Topics.Ledger;
                break;
        }

        desk.AnnouncementPlan.Sent(announcement, view, desk.Now);
        desk.Budget.Spend(payload.Length, desk.Now);
        HandOver(new OutboundMessage { Topic = topic, Payload = payload.Written, Retain = true }, payload, null,
            announcement);
    }

    private async ValueTask SendAsync(PlannedBatch planned, CancellationToken cancellationToken)
    {
        if (!await FindAsync(planned, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        var first = desk.Peeked.Readings[peekedAt];
        if (first.Position > planned.Range.From)
        {
            // What lies before it is not held any more; the buffer's ledger says why.
            var to = Math.Min(first.Position - 1, planned.Range.To);
            desk.Plan.Gone(planned.Store, new PositionRange(planned.Range.From, to));
            return;
        }

        var payload = desk.Take();
        var count = desk.Batches.Encode(
            payload,
            planned.Store,
            planned.Lane == Lane.Backfill,
            desk.Utc,
            desk.Peeked.Readings,
            peekedAt,
            planned.ReadingsMax,
            payloadBytesMax);
        var range = new PositionRange(first.Position, first.Position + count - 1);
        peekedAt += count;
        var sent = desk.Plan.Sent(planned, range, payload.Length, desk.Now);
        desk.Budget.Spend(payload.Length, desk.Now);
        HandOver(
            new OutboundMessage { Topic = desk.Topics.Data, Payload = payload.Written, Retain = false }, payload, sent,
                null);
    }

    /// <summary>
    /// Makes <see cref="PublishDesk.Peeked"/> stand at the planned position, from what was read before where it goes on
    /// there, else from the buffer.
    /// </summary>
    private async ValueTask<bool> FindAsync(PlannedBatch planned, CancellationToken cancellationToken)
    {
        var peeked = desk.Peeked;
        if (peekedStore == planned.Store && peekedAt < peeked.Count
            && peeked.Readings[peekedAt].Position == planned.Range.From
            && (peeked.Count - peekedAt >= planned.ReadingsMax || peeked.Readings[^1].Position >= planned.Range.To))
        {
            return true;
        }

        peeked.Clear();
        peekedAt = 0;
        peekedStore = planned.Store;
        var fault = await buffer
            .PeekAsync(planned.Store, planned.Range.From, PeekCount(planned), peeked, cancellationToken)
            .ConfigureAwait(false);
        if (fault is not null)
        {
            peeked.Clear();
            Log.CannotPeek(desk.Logger, fault.Sentence);
            peekAgainAt = desk.Now + PeekAgain;
            return false;
        }

        if (peeked.Count == 0)
        {
            desk.Plan.Stall(planned.Store);
            return false;
        }

        return true;
    }

    /// <summary>History is read two messages at a time: what did not fit into one begins the next.</summary>
    private static int PeekCount(PlannedBatch planned) =>
        (int)Math.Min(planned.Range.Count, planned.ReadingsMax * (planned.Lane == Lane.Backfill ? 2L : 1L));

    private void HandOver(OutboundMessage message, PayloadBuffer payload, SentBatch? sent, Announcement? announcement)
    {
        underWay++;
        var answer = new Answer(payload, message.Payload.Length, sent, announcement, default);
        if (message.Payload.Length + PacketOverhead(message.Topic) > terms.PacketBytesMax)
        {
            var outcome = new DeliveryOutcome(DeliveryVerdict.TooLarge, 0, $"a message to {message.Topic} has "
                + $"{message.Payload.Length} bytes and the broker takes packets of {terms.PacketBytesMax} at most: "
                + "raise its limit (mosquitto: max_packet_size).");
            Enqueue(answer with { Outcome = outcome });
            return;
        }

        _ = DeliverAsync(message, answer);
    }

    private async Task DeliverAsync(OutboundMessage message, Answer answer)
    {
        try
        {
            var outcome = await link.DeliverAsync(message, ended.Token).ConfigureAwait(false);
            Enqueue(answer with { Outcome = outcome });
        }
        catch (OperationCanceledException)
        {
            var outcome = new DeliveryOutcome(DeliveryVerdict.LinkLost, 0, "the connection was given up.");
            Enqueue(answer with { Outcome = outcome });
        }
    }

    private void Enqueue(Answer answer)
    {
        answers.Enqueue(answer);
        wake.Set();
    }

    private async ValueTask TakeAnswersAsync(CancellationToken cancellationToken)
    {
        while (answers.TryDequeue(out var answer))
        {
            underWay--;
            if (answer.Outcome.Verdict != DeliveryVerdict.LinkLost)
            {
                // A link that is going down may still be reading the others.
                desk.Return(answer.Payload);
            }

            if (answer.Announcement is { } announcement)
            {
                Settle(announcement, answer.Outcome);
            }
            else if (Settle(answer.Sent!, answer.Outcome) is { } accepted)
            {
                await buffer.AcknowledgeAsync(answer.Sent!.Store, accepted, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private void Settle(Announcement announcement, DeliveryOutcome outcome)
    {
        var plan = desk.AnnouncementPlan;
        var reduced = plan.ReduceBirth;
        plan.Settle(announcement, outcome.Verdict, desk.Now);
        if (outcome.Verdict == DeliveryVerdict.Accepted)
        {
            desk.Journal.Accepted(0, historical: false);
        }
        else if (plan.ReduceBirth && !reduced)
        {
            Log.BirthReduced(desk.Logger);
        }
        else if (outcome.Verdict != DeliveryVerdict.LinkLost)
        {
            desk.Journal.Refused(outcome, plan.Hold.Until - desk.Now, ofReadings: false);
        }
    }

    private PositionRange? Settle(SentBatch sent, DeliveryOutcome outcome)
    {
        var accepted = desk.Plan.Settle(sent, outcome.Verdict, desk.Now);
        if (accepted is { } range)
        {
            desk.Journal.Accepted((int)range.Count, sent.Lane == Lane.Backfill);
        }
        else if (outcome.Verdict is DeliveryVerdict.SetAside
            || (outcome.Verdict is DeliveryVerdict.TooLarge && sent.Readings == 1))
        {
            desk.Journal.Refused(outcome, holdFor: null, ofReadings: true);
            desk.Journal.SetAside(sent, outcome, desk.Plan.SetAsideCount);
        }
        else if (outcome.Verdict != DeliveryVerdict.LinkLost)
        {
            desk.Journal.Refused(
                outcome, desk.Plan.Hold.IsHolding ? desk.Plan.Hold.Until - desk.Now : null, ofReadings: true);
        }

        return accepted;
    }

    /// <summary>Waits for answers on their way, says "stopped", and disconnects: all of it within a bound.</summary>
    private async Task SayGoodbyeAsync()
    {
        using var bound = new CancellationTokenSource(GoodbyeMax, desk.Clock);
        try
        {
            while (underWay > 0 && !link.Lost.IsCompleted)
            {
                await wake.WaitAsync(atMost: null, bound.Token).ConfigureAwait(false);
                await TakeAnswersAsync(bound.Token).ConfigureAwait(false);
            }

            var payload = desk.Take();
            desk.Announcements.Offline(payload, AnnouncementEncoder.ReasonStopped, desk.Utc);
            var last = new OutboundMessage { Topic = desk.Topics.Status, Payload = payload.Written, Retain = true };
            await link.DeliverAsync(last, bound.Token).ConfigureAwait(false);
            await link.DisconnectAsync(bound.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The bound: what was not answered is sent again after the next start, and the MES knows it by its key.
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

    private readonly record struct Answer(
        PayloadBuffer Payload, long Length, SentBatch? Sent, Announcement? Announcement, DeliveryOutcome Outcome);
}
