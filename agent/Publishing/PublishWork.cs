using Sluice.Agent.Asking;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Posture;
using Sluice.Agent.Publishing.Delivery;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Uplink;

namespace Sluice.Agent.Publishing;

/// <summary>
/// One connection's decisions: what goes next, what an answer means. Stepped: it awaits nothing and is told the time,
/// so that the session's loop and the simulated world run the same decisions.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Every <see cref="WorkKind.Deliver"/> is settled once, by the broker's answer or by the loss of the
/// link.</item>
/// <item>What <see cref="Settle"/> gives back was accepted by the broker, and only that may be acknowledged.</item>
/// <item><see cref="WorkKind.Sleep"/> means that nothing is due before <see cref="WorkStep.Wait"/>, or before something
/// happens.</item>
/// </list>
/// </summary>
internal sealed class PublishWork
{
    /// <summary>A buffer that cannot be read is asked again after this.</summary>
    private static readonly TimeSpan PeekAgain = TimeSpan.FromSeconds(1);

    /// <summary>Messages of any kind with the link at most, whatever the broker would take.</summary>
    private const int UnderWayMax = 17;

    private readonly PublishDesk desk;
    private readonly ConnectTerms terms;
    private readonly BatchPacker packer;
    private BufferView view;
    private PlannedBatch planned;
    private StoreId peekedStore;
    private int peekedAt;
    private TimeSpan peekAgainAt;

    /// <param name="desk">What outlives the connection.</param>
    /// <param name="terms">What the broker that took us demands.</param>
    /// <param name="view">The buffer at the moment of the connection.</param>
    public PublishWork(PublishDesk desk, ConnectTerms terms, BufferView view)
    {
        this.desk = desk;
        this.terms = terms;
        this.view = view;
        desk.Connected();
        packer = new BatchPacker(
            desk.Batches, desk.Gzip, desk.MessageBytesMax, terms.PacketBytesMax - PacketOverhead(desk.Topics.Data));
        desk.Journal.Connected(terms, view.Waiting);
        desk.Plan.Connected(view, terms.ReceiveMaximum);
        desk.AnnouncementPlan.Connected(view);
        ObserveNews();
        desk.Posture.Plan.Connected(desk.Now);
        desk.Peeked.Clear();
    }

    /// <summary>Messages that are with the link.</summary>
    public int UnderWay { get; private set; }

    /// <summary>Bytes of a PUBLISH besides its payload: header, topic, number, properties (MQTT 5, 3.3).</summary>
    public static int PacketOverhead(string topic) => topic.Length + 128;

    /// <summary>Takes in what the buffer is now.</summary>
    public void Observe(BufferView now)
    {
        view = now;
        desk.Plan.Observe(now);
        desk.AnnouncementPlan.Observe(now);
        ObserveNews();
        desk.Journal.InFlight(UnderWay, desk.Plan);
        if (desk.TakeAsksOverrun() is > 0 and var lost)
        {
            desk.Asks.Overrun(lost);
            desk.Journal.Asked(desk.Asks.Plan.Granted, desk.Asks.Plan.Refused);
        }
    }

    public WorkStep Next(TimeSpan now, DateTime utc)
    {
        if (desk.Budget.Wait(now) > TimeSpan.Zero || UnderWay >= Math.Min(terms.ReceiveMaximum, UnderWayMax))
        {
            return Sleep(now);
        }

        if (desk.AnnouncementPlan.Next(now) is { } announcement)
        {
            return announcement == Announcement.Birth
                ? new WorkStep(WorkKind.ReadPresent)
                : Say(announcement, [], now, utc);
        }

        if (desk.Asks.HasAnswer)
        {
            return SayAnswer(now, utc);
        }

        if (desk.AnnouncementPlan.IsOpen && desk.Errands.Take() is { } errand)
        {
            return RunErrand(errand, now);
        }

        if (desk.AnnouncementPlan.IsOpen
            && desk.Posture.Next(view, terms.Session, desk.Journal.Health, now) is { } posture)
        {
            return SayPosture(posture, now, utc);
        }

        if (!desk.AnnouncementPlan.IsOpen || now < peekAgainAt || desk.Plan.Next(now) is not { } next)
        {
            return Sleep(now);
        }

        planned = next;
        if (IsPeeked())
        {
            return SendPeeked(now, utc);
        }

        desk.Peeked.Clear();
        peekedAt = 0;
        peekedStore = planned.Store;
        return new WorkStep(
            WorkKind.ReadReadings, new WantedReadings(planned.Store, planned.Range.From, PeekCount(planned)));
    }

    /// <summary>What was planned lies in the desk's batch now, or the buffer said why not.</summary>
    public WorkStep Send(StorageFault? fault, TimeSpan now, DateTime utc)
    {
        if (fault is not null)
        {
            desk.Peeked.Clear();
            Log.CannotPeek(desk.Logger, fault.Sentence);
            peekAgainAt = now + PeekAgain;
            return new WorkStep(WorkKind.GoOn);
        }

        if (desk.Peeked.Count == 0)
        {
            desk.Plan.Stall(planned);
            return new WorkStep(WorkKind.GoOn);
        }

        return SendPeeked(now, utc);
    }

    /// <summary>The birth, with the present readings that it asked for.</summary>
    public WorkStep Announce(IReadOnlyList<PresentReading> present, TimeSpan now, DateTime utc) =>
        Say(Announcement.Birth, present, now, utc);

    /// <summary>The answer to a message. Returns what is to be acknowledged, or null.</summary>
    public PositionRange? Settle(HandedOver handed, DeliveryOutcome outcome, TimeSpan now)
    {
        UnderWay--;
        var length = handed.Payload.Length;
        if (outcome.Verdict != DeliveryVerdict.LinkLost)
        {
            // A link that is going down may still be reading the others.
            desk.Return(handed.Payload);
        }

        if (handed.Errand is { } errand)
        {
            errand.Settle(outcome);
            return null;
        }

        if (handed.Announcement == Announcement.Posture)
        {
            desk.SettlePosture(outcome, now);
            return null;
        }

        if (handed.Announcement is { } announcement)
        {
            if (outcome.Verdict == DeliveryVerdict.TooLarge && (announcement == Announcement.Ledger
                || (announcement == Announcement.Birth && desk.AnnouncementPlan.ReduceBirth)))
            {
                desk.AnnouncementTooLarge(length);
            }

            SettleAnnouncement(announcement, outcome, now);
            return null;
        }

        if (handed.Sent is not { } sent)
        {
            desk.Asks.Settle(outcome.Verdict);
            return null;
        }

        return desk.SettleReadings(sent, outcome, now);
    }

    /// <summary>A message of the MES. What comes back, it has, and the buffer may forget.</summary>
    public IReadOnlyList<MesAcknowledgement> Take(InboundMessage message, TimeSpan now)
    {
        var acknowledged = desk.Asks.Take(message, view, now);
        desk.Journal.Asked(desk.Asks.Plan.Granted, desk.Asks.Plan.Refused);
        return acknowledged;
    }

    /// <summary>The connection is gone: what was in flight is unsent again.</summary>
    public void Ended() => desk.Plan.Disconnected();

    /// <summary>The last word of a clean stop, or of a session that may not go on.</summary>
    public OutboundMessage Goodbye(DateTime utc, string reason = AnnouncementEncoder.ReasonStopped)
    {
        var payload = desk.Take();
        desk.Announcements.Offline(payload, reason, utc);
        return new OutboundMessage { Topic = desk.Topics.Status, Payload = payload.Written, Retain = true };
    }

    private void ObserveNews()
    {
        desk.Signals.Observe(view);
        desk.AnnouncementPlan.Observe(desk.Devices);
        desk.AnnouncementPlan.Observe(desk.Signals.Retired);
    }

    /// <summary>Nothing is due: what by time alone would be waits for more than time.</summary>
    private WorkStep Sleep(TimeSpan now)
    {
        TimeSpan? soonest = null;
        Sooner(ref soonest, desk.AnnouncementPlan.Wait(now) ?? TimeSpan.Zero);
        Sooner(ref soonest, desk.Posture.Plan.Wait(now) ?? TimeSpan.Zero);
        Sooner(ref soonest, desk.Budget.Wait(now));
        Sooner(ref soonest, peekAgainAt - now);
        Sooner(ref soonest, desk.Plan.Wait(now) ?? TimeSpan.Zero);
        return new WorkStep(WorkKind.Sleep) { Wait = soonest };

        static void Sooner(ref TimeSpan? soonest, TimeSpan wait)
        {
            if (wait > TimeSpan.Zero && (soonest is null || wait < soonest))
            {
                soonest = wait;
            }
        }
    }

    private WorkStep Say(
        Announcement announcement, IReadOnlyList<PresentReading> present, TimeSpan now, DateTime utc)
    {
        var payload = desk.Take();
        var topic = desk.Topics.Status;
        switch (announcement)
        {
            case Announcement.Status:
                desk.Announcements.Online(payload, utc);
                break;
            case Announcement.Birth:
                topic = desk.Topics.Birth;
                desk.WriteBirth(payload, view, present, AnnouncementMax(topic), utc);
                break;
            case Announcement.Ledger:
                topic = desk.Topics.Ledger;
                desk.WriteLedger(payload, view, AnnouncementMax(topic), now, utc);
                break;
        }

        desk.AnnouncementPlan.Sent(announcement, view, now);
        desk.Budget.Spend(payload.Length, now);
        return HandOver(topic, retain: true, new HandedOver(payload, null, announcement), now);
    }

    private int AnnouncementMax(string topic) =>
        Math.Min(desk.AnnouncementBytesMax, terms.PacketBytesMax - PacketOverhead(topic));

    private WorkStep SayPosture(PostureContent content, TimeSpan now, DateTime utc)
    {
        var payload = desk.Take();
        var topic = desk.Topics.Posture;
        desk.Posture.Write(payload, content, terms.PacketBytesMax - PacketOverhead(topic), utc);
        desk.Posture.Plan.Sent(content, now);
        desk.Budget.Spend(payload.Length, now);
        return HandOver(topic, retain: true, new HandedOver(payload, null, Announcement.Posture), now);
    }

    private WorkStep SayAnswer(TimeSpan now, DateTime utc)
    {
        var payload = desk.Take();
        var address = desk.Asks.NextAnswer(payload, utc);
        desk.Budget.Spend(payload.Length, now);
        return HandOver(
            address.Topic, retain: false, new HandedOver(payload, null, null), now, address.Correlation);
    }

    private WorkStep RunErrand(Errand errand, TimeSpan now)
    {
        var payload = desk.Take();

        // Of an earlier message: the encoders begin by clearing it.
        payload.Clear();
        foreach (var part in errand.Message.Payload)
        {
            payload.Append(part.Span);
        }

        desk.Budget.Spend(payload.Length, now);
        var step = HandOver(
            errand.Message.Topic, errand.Message.Retain, new HandedOver(payload, null, null) { Errand = errand }, now,
            errand.Message.Correlation);
        return step.Message is { } message
            ? step with { Message = message with { ContentType = errand.Message.ContentType } }
            : step;
    }

    private WorkStep SendPeeked(TimeSpan now, DateTime utc)
    {
        var first = desk.Peeked.Readings[peekedAt];
        if (first.Position > planned.Range.From)
        {
            // What lies before it is not held any more; the buffer's ledger says why.
            var to = Math.Min(first.Position - 1, planned.Range.To);
            desk.Plan.Gone(planned, new PositionRange(planned.Range.From, to));
            return new WorkStep(WorkKind.GoOn);
        }

        var payload = desk.Take();
        var (count, encoding) = packer.Pack(payload, planned, utc, desk.Peeked, peekedAt);
        var range = new PositionRange(first.Position, first.Position + count - 1);
        peekedAt += count;
        var sent = desk.Plan.Sent(planned, range, payload.Length, now);
        desk.Budget.Spend(payload.Length, now);
        return HandOver(
            desk.Topics.Data, retain: false, new HandedOver(payload, sent, null), now, encoding: encoding);
    }

    private WorkStep HandOver(
        string topic,
        bool retain,
        HandedOver handed,
        TimeSpan now,
        ReadOnlyMemory<byte> correlation = default,
        string? encoding = null)
    {
        UnderWay++;
        var length = handed.Payload.Length;
        if (length + PacketOverhead(topic) <= terms.PacketBytesMax)
        {
            var message = new OutboundMessage
            {
                Topic = topic, Payload = handed.Payload.Written, Retain = retain, Correlation = correlation,
                ContentEncoding = encoding,
            };
            return new WorkStep(WorkKind.Deliver, Message: message, Handed: handed);
        }

        var sentence = $"a message to {topic} has {length} bytes and the broker takes packets of "
            + $"{terms.PacketBytesMax} at most: raise its limit (mosquitto: max_packet_size).";
        Settle(handed, new DeliveryOutcome(DeliveryVerdict.TooLarge, 0, sentence), now);
        return new WorkStep(WorkKind.GoOn);
    }

    /// <summary>Whether the batch that was read before goes on where the plan does, far enough for a message.</summary>
    private bool IsPeeked()
    {
        var peeked = desk.Peeked;
        return peekedStore == planned.Store && peekedAt < peeked.Count
            && peeked.Readings[peekedAt].Position == planned.Range.From
            && (peeked.Count - peekedAt >= planned.ReadingsMax || peeked.Readings[^1].Position >= planned.Range.To);
    }

    /// <summary>History is read two messages at a time: what did not fit into one begins the next.</summary>
    private static int PeekCount(PlannedBatch planned) =>
        (int)Math.Min(planned.Range.Count, planned.ReadingsMax * (planned.Lane == Lane.Live ? 1L : 2L));

    private void SettleAnnouncement(Announcement announcement, DeliveryOutcome outcome, TimeSpan now)
    {
        var plan = desk.AnnouncementPlan;
        var reduced = plan.ReduceBirth;
        plan.Settle(announcement, outcome.Verdict, now);
        if (outcome.Verdict == DeliveryVerdict.Accepted)
        {
            desk.Journal.Accepted(0, 0, historical: false);
        }
        else if (plan.ReduceBirth && !reduced)
        {
            Log.BirthReduced(desk.Logger);
        }
        else if (outcome.Verdict != DeliveryVerdict.LinkLost)
        {
            desk.Journal.Refused(outcome, plan.Hold.Until - now, ofReadings: false);
        }
    }
}
