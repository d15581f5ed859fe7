using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Asking;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Configuration;
using Sluice.Agent.Posture;
using Sluice.Agent.Publishing.Delivery;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Sampling;
using Sluice.Agent.Standing;
using Sluice.Agent.Uplink;
using Sluice.Agent.Watchdog;
using Sluice.Hal;

namespace Sluice.Agent.Publishing;

/// <summary>
/// What outlives a connection: the plans with what they know, the encoders, the buffers for payloads, and the numbers.
/// Owned by the publisher's loop.
/// </summary>
internal sealed class PublishDesk : IDisposable
{
    private const int PacketTooLarge = 0x95;

    /// <summary>Asks that wait for the loop: more than a burst, and then somebody floods.</summary>
    public const int AsksMax = 64;

    private const int MessageBytesMin = 1024;

    /// <summary>Half of what the longest list of a ledger may have.</summary>
    private const int LedgerListMax = 512;

    /// <summary>How often the loop has turned.</summary>
    public long Rounds;

    /// <summary>What the loop does, and whether it comes on.</summary>
    public LoopProgress Progress { get; } = new("The publisher");

    private readonly ConcurrentQueue<InboundMessage> asks = new();
    private readonly Stack<PayloadBuffer> spare = new();
    private readonly DeviceRoll devices;
    private long asksOverrun;
    private Withdrawal? withdrawn;
    private volatile bool isMoveAsked;
    private readonly TimeProvider clock;
    private readonly long start;
    private long ledgerNumber;
    private bool postureRefused;
    private int refusedBytesMax = int.MaxValue;
    private int hungUpBytesMax = int.MaxValue;

    public PublishDesk(
        GatewayConfiguration configuration,
        AnnouncementEncoder announcements,
        UplinkJournal journal,
        DeviceRoll devices,
        TimeProvider clock,
        ILogger logger,
        SignalRoll? signals = null)
    {
        Signals = signals ?? SignalRoll.Of([]);
        this.devices = devices;
        this.clock = clock;
        start = clock.GetTimestamp();
        Topics = new ContractTopics(configuration.Gateway);
        MessageBytesMax = configuration.Publish.MessageBytesMax;
        Announcements = announcements;
        Journal = journal;
        Logger = logger;
        Batches = new BatchEncoder(configuration.Gateway.Id);
        Gzip = configuration.Publish.Compresses ? new BatchGzip() : null;
        Plan = new DeliveryPlan(new DeliveryLimits { BackfillShare = configuration.Publish.BackfillShare });
        Budget = new RateBudget(configuration.Publish.RateBytesPerSecondMax);
        Posture = new PostureDesk(
            configuration,
            new PostureEncoder(announcements.Speaker, SoftwareFacts.Here, ComponentList.OfThisBuild));
        AcknowledgedByMes = configuration.Publish.AcknowledgedBy == AcknowledgedBy.Mes;
        Asks = new AskWork(
            new AskPlan(Topics.Base, AcknowledgedByMes), Plan.Replay, AnnouncementPlan,
            new AnswerEncoder(announcements.Speaker), logger);
    }

    public ContractTopics Topics { get; }

    public AnnouncementEncoder Announcements { get; }

    /// <summary>
    /// Halved each time a broker ends the connection because a message was too large (DISCONNECT 0x95): it may have a
    /// limit that it does not announce, and would end the next one for the same message.
    /// </summary>
    public int MessageBytesMax { get; private set; }

    /// <summary>
    /// A broker found a ledger or a reduced birth too large on this connection, or hung up over something on any:
    /// neither is larger than this. Else one that has grown over the limit would keep everything from going for ever.
    /// </summary>
    public int AnnouncementBytesMax => Math.Min(refusedBytesMax, hungUpBytesMax);

    public BatchEncoder Batches { get; }

    /// <summary>What the signal list is, and was.</summary>
    public SignalRoll Signals { get; }

    /// <summary>Null where messages go as they are.</summary>
    public BatchGzip? Gzip { get; }

    public UplinkJournal Journal { get; }

    public ILogger Logger { get; }

    public DeliveryPlan Plan { get; }

    public AnnouncementPlan AnnouncementPlan { get; } = new();

    public PostureDesk Posture { get; }

    /// <summary>What the MES may ask.</summary>
    public AskWork Asks { get; }

    /// <summary>Whether only the MES's own word lets readings be forgotten, and not the broker's.</summary>
    public bool AcknowledgedByMes { get; }

    /// <summary>What other loops want to have published; from any thread.</summary>
    public ErrandQueue Errands { get; } = new();

    public RateBudget Budget { get; }

    public CatchUpForecast Forecast { get; } = new();

    public StoredBatch Peeked { get; } = new();

    public TimeProvider Clock => clock;

    /// <summary>What devices told about themselves, now.</summary>
    public IReadOnlyList<SourceDevice> Devices => devices.Devices;

    /// <summary>Monotonic, since the publisher was made: what the plans count in.</summary>
    public TimeSpan Now => clock.GetElapsedTime(start);

    public DateTime Utc => clock.GetUtcNow().UtcDateTime;

    /// <summary>Called when there is something new to do; set by the session that works, on whatever thread.</summary>
    public Action? Wake { get; set; }

    /// <summary>Why the session is to end; null where it is not.</summary>
    public Withdrawal? Withdrawn
    {
        get => Volatile.Read(ref withdrawn);
        set => Volatile.Write(ref withdrawn, value);
    }

    public void Withdraw(Withdrawal withdrawal)
    {
        Withdrawn = withdrawal;
        Wake?.Invoke();
    }

    /// <summary>
    /// On a thread of the link. Kept here and not in a session: an ask may come as soon as the topic is subscribed,
    /// which is before there is a session. What does not fit is lost and counted, as what floods is.
    /// </summary>
    public void Hear(InboundMessage message)
    {
        if (asks.Count >= AsksMax)
        {
            Interlocked.Increment(ref asksOverrun);
            return;
        }

        asks.Enqueue(message);
        Wake?.Invoke();
    }

    /// <summary>The session is to end cleanly and begin anew, on what the identity directory holds then.</summary>
    public void AskMove()
    {
        isMoveAsked = true;
        Wake?.Invoke();
    }

    public bool IsMoveAsked => isMoveAsked;

    /// <summary>Whatever is read from the identity directory from here on is what the move was asked for.</summary>
    public void BeginConnect() => isMoveAsked = false;

    /// <summary>Something of another loop is to be published; from any thread.</summary>
    public void Run(Errand errand)
    {
        Errands.Add(errand);
        Wake?.Invoke();
    }

    /// <summary>What the machine shows of itself; from any thread.</summary>
    public void Tell(HostSighting seen)
    {
        Posture.Tell(seen);
        Wake?.Invoke();
    }

    /// <summary>Whose lists are in use; from any thread.</summary>
    public void Tell(IdentityStanding standing)
    {
        Posture.Tell(standing);
        Wake?.Invoke();
    }

    public InboundMessage? TakeAsk() => asks.TryDequeue(out var ask) ? ask : null;

    /// <summary>Asks that came faster than the loop took them, since it was asked last.</summary>
    public long TakeAsksOverrun() => Interlocked.Exchange(ref asksOverrun, 0);

    public long NextLedgerNumber() => ++ledgerNumber;

    /// <summary>Another broker, or the same put right: a refusal is cheap, and what it was told may be whole again.
    /// </summary>
    public void Connected() => refusedBytesMax = int.MaxValue;

    public void Lost(LinkLoss loss)
    {
        if (loss.ReasonCode != PacketTooLarge)
        {
            return;
        }

        if (AnnouncementPlan.HungUpOnBirth())
        {
            Log.BirthReduced(Logger);
        }
        else
        {
            MessageBytesMax = Math.Max(MessageBytesMin, MessageBytesMax / 2);
            hungUpBytesMax = MessageBytesMax;
        }
    }

    /// <summary>The broker did not take a ledger, or a reduced birth, of so many bytes.</summary>
    public void AnnouncementTooLarge(int bytes) =>
        refusedBytesMax = Math.Max(MessageBytesMin, Math.Min(AnnouncementBytesMax, bytes) / 2);

    /// <summary>A refusal of it holds nothing else up; a technician reads of it once, and it is counted.</summary>
    public void SettlePosture(DeliveryOutcome outcome, TimeSpan now)
    {
        Posture.Plan.Settle(outcome.Verdict, now);
        if (outcome.Verdict == DeliveryVerdict.Accepted)
        {
            postureRefused = false;
        }
        else if (outcome.Verdict != DeliveryVerdict.LinkLost)
        {
            Journal.Refused(outcome, holdFor: null, ofReadings: false);
            if (!postureRefused)
            {
                postureRefused = true;
                Log.PostureRefused(Logger, outcome.Sentence);
            }
        }
    }

    /// <summary>
    /// The birth, whole as long as no broker objected. Reduced, and still too large, it has as many signals as fit: the
    /// others are counted, and known by their readings.
    /// </summary>
    public void WriteBirth(
        PayloadBuffer payload, BufferView view, IReadOnlyList<PresentReading> present, int bytesMax, DateTime utc)
    {
        var plan = AnnouncementPlan;
        Announcements.Birth(payload, view, present, plan.Devices, utc, plan.ReduceBirth, plan.Retired);
        var most = Announcements.SignalCount;
        while (plan.ReduceBirth && payload.Length > bytesMax && most > 0)
        {
            most /= 2;
            Announcements.Birth(payload, view, present, plan.Devices, utc, reduced: true, signalsMax: most);
        }
    }

    /// <summary>Its lists may be long, and what is too large would never go, and no reading behind it: their newest
    /// parts then, as many as fit. The totals tell that there was more.</summary>
    public void WriteLedger(PayloadBuffer payload, BufferView view, int bytesMax, TimeSpan now, DateTime utc)
    {
        var catchUp = Forecast.Observe(Plan.Backlog, now);
        var number = NextLedgerNumber();
        Announcements.Ledger(payload, view, number, catchUp, utc);
        for (var newest = LedgerListMax; payload.Length > bytesMax && newest > 0; newest /= 2)
        {
            Announcements.Ledger(payload, view, number, catchUp, utc, newest);
        }
    }

    /// <summary>What the broker's word on readings means. Returns what is to be acknowledged, or null.</summary>
    public PositionRange? SettleReadings(SentBatch sent, DeliveryOutcome outcome, TimeSpan now)
    {
        var accepted = Plan.Settle(sent, outcome.Verdict, now);
        if (outcome.Verdict == DeliveryVerdict.Accepted)
        {
            Journal.Accepted(sent.Readings, sent.PayloadBytes, sent.Lane != Lane.Live, now - sent.At);
        }
        else if (outcome.Verdict is DeliveryVerdict.SetAside
            || (outcome.Verdict is DeliveryVerdict.TooLarge && sent.Readings == 1))
        {
            Journal.Refused(outcome, holdFor: null, ofReadings: true);
            Journal.SetAside(sent, outcome, Plan.SetAsideCount);
        }
        else if (outcome.Verdict != DeliveryVerdict.LinkLost)
        {
            Journal.Refused(
                outcome, Plan.Hold.IsHolding ? Plan.Hold.Until - now : null, ofReadings: true);
        }

        return accepted;
    }

    public PayloadBuffer Take() => spare.TryPop(out var buffer) ? buffer : new PayloadBuffer();

    /// <summary>Never more than were in flight at once, so the stack is bounded by the window.</summary>
    public void Return(PayloadBuffer buffer) => spare.Push(buffer);

    /// <summary>What the broker says in our name when we are gone without a word.</summary>
    public OutboundMessage Will()
    {
        var buffer = new PayloadBuffer();
        Announcements.Offline(buffer, AnnouncementEncoder.ReasonLost, sentUtc: null);
        return new OutboundMessage { Topic = Topics.Status, Payload = buffer.Written, Retain = true };
    }

    public void Dispose()
    {
        Batches.Dispose();
        Gzip?.Dispose();
    }
}
