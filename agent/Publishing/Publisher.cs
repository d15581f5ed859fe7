using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Asking;
using Sluice.Agent.Auditing;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Configuration;
using Sluice.Agent.Describing;
using Sluice.Agent.Posture;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Sampling;
using Sluice.Agent.Standing;
using Sluice.Agent.Uplink;
using Sluice.Agent.Watchdog;

namespace Sluice.Agent.Publishing;

/// <summary>
/// The loop that carries readings from the buffer to the broker. Started and stopped by the host: started after the
/// buffer, stopped before it. It connects, lets a <see cref="PublishSession"/> work until the link is lost, and waits
/// as the schedule says. What the world does wrong comes as values; an exception here is our own fault and stops the
/// host.
/// </summary>
public sealed class Publisher : BackgroundService
{
    private readonly BufferLoop buffer;
    private readonly IBrokerLink link;
    private readonly TimeProvider clock;
    private readonly Random random;
    private readonly PublishDesk desk;
    /// <summary>To each server TCP, TLS, CONNECT and the subscriptions have 5 s each.</summary>
    private static readonly TimeSpan ServerMax = BrokerChannels.StepMax * 4;

    private readonly LoopStep connects;
    private readonly ReconnectSchedule schedule = new();
    private readonly Speaker speaker;
    private volatile LinkAttempt attempt = LinkAttempt.None;
    private Action attempted = () => { };
    private Action<AuditNote> audit = _ => { };
    private Contest contested;
    private bool isMoving;
    private Func<InboundMessage, bool>[] ears = [];

    /// <param name="configuration">Names, topics, limits, signals.</param>
    /// <param name="buffer">Where the readings are.</param>
    /// <param name="link">The way to the broker; disposed of by whoever made it.</param>
    /// <param name="clock">Monotonic time for schedules, UTC for stamps.</param>
    /// <param name="random">Jitter, and the id of this run.</param>
    /// <param name="logger">The journal.</param>
    /// <param name="devices">What devices tell about themselves; null: nothing.</param>
    /// <param name="signals">What is described; null: the configuration's signals, and no memory of others.</param>
    internal Publisher(
        GatewayConfiguration configuration,
        BufferLoop buffer,
        IBrokerLink link,
        TimeProvider clock,
        Random random,
        ILogger<Publisher> logger,
        DeviceRoll? devices = null,
        SignalRoll? signals = null)
    {
        this.buffer = buffer;
        this.link = link;
        connects = new LoopStep(
            "connects",
            (ServerMax * (configuration.Broker.Addresses.Count + ConnectRoute.ReferredMax)) + LoopStep.Grace);
        this.clock = clock;
        this.random = random;
        Span<byte> run = stackalloc byte[16];
        random.NextBytes(run);
        speaker = new Speaker(
            configuration.Gateway.Site, configuration.Gateway.Id, new Guid(run), AgentVersion.Text, configuration.Hash);
        signals ??= SignalRoll.Of(
            [.. configuration.Sources.SelectMany(source => source.Signals)
                .Select(signal => new DescribedSignal(signal.Signal, Guid.Empty))]);
        desk = new PublishDesk(
            configuration, new AnnouncementEncoder(speaker, signals.Present), new UplinkJournal(clock, logger),
            devices ?? new DeviceRoll(), clock, logger, signals);
        link.Received = message =>
        {
            if (!ears.Any(hears => hears(message)))
            {
                desk.Hear(message);
            }
        };
    }

    /// <summary>The newest attempt to connect; from any thread.</summary>
    internal LinkAttempt Attempt => attempt;

    /// <summary>Called after each attempt to connect, on the publisher's loop. Set before it starts.</summary>
    internal Action Attempted
    {
        set => attempted = value;
    }

    /// <summary>Hands each message that comes to this before the MES's asks see it, on a thread of the link; true: it
    /// is taken. Called before it starts.</summary>
    internal void LetHear(Func<InboundMessage, bool> ear) => ears = [.. ears, ear];

    /// <summary>The audit log's ear. Set before it starts.</summary>
    internal Action<AuditNote> Audit
    {
        set => (audit, desk.Asks.Audit) = (value, value);
    }

    /// <summary>How the way to the MES is, right now; from any thread.</summary>
    public UplinkHealth Health => desk.Journal.Health;

    /// <summary>What the machine shows of itself, for the posture; from any thread.</summary>
    public void Tell(HostSighting seen) => desk.Tell(seen);

    /// <summary>Whose lists are in use and which trust bundle, for the posture; from any thread.</summary>
    internal void Tell(IdentityStanding standing) => desk.Tell(standing);

    /// <summary>The identity may not be used any more: the session ends with this word; from any thread.</summary>
    public void Withdraw(Withdrawal withdrawal) => desk.Withdraw(withdrawal);

    /// <summary>Publishes a message among its own; from any thread. Bounded by whoever waits for it.</summary>
    internal async Task<DeliveryOutcome> SendAsync(OutboundMessage message, CancellationToken cancellationToken)
    {
        var errand = new Errand(message);
        desk.Run(errand);
        try
        {
            return await errand.Outcome.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Given up: one that nobody waits for is not sent late.
            errand.Settle(new DeliveryOutcome(DeliveryVerdict.LinkLost, 0, "nobody waits for it any more."));
        }
    }

    /// <summary>Has the session end cleanly and begin anew, with the identity that is in use then.</summary>
    internal void Move() => desk.AskMove();

    /// <summary>What this run says of itself at this moment, not retained: for a session that proves an identity.
    /// </summary>
    internal OutboundMessage StatusNow()
    {
        var payload = new PayloadBuffer();
        var encoder = new AnnouncementEncoder(speaker, []);
        if (attempt.IsLive)
        {
            encoder.Online(payload, desk.Utc);
        }
        else
        {
            encoder.Offline(payload, AnnouncementEncoder.ReasonLost, desk.Utc);
        }

        return new OutboundMessage { Topic = desk.Topics.Status, Payload = payload.Written, Retain = false };
    }

    /// <summary>How often the loop has turned: a loop that spins shows here.</summary>
    internal long LoopRounds => Interlocked.Read(ref desk.Rounds);

    /// <summary>Whether the loop comes on; from any thread.</summary>
    internal LoopSign Sign => desk.Progress.Look();

    /// <summary>Has a session that has nothing to do turn once; from any thread.</summary>
    internal void Knock() => desk.Wake?.Invoke();

    /// <summary>The buffer is open and nothing of this signal list was stored: what holds no more ends here.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        desk.Signals.Open(buffer.View);
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        desk.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host starts one service after the other on one thread; a first try that never waits would keep it.
        await Task.Yield();
        try
        {
            while (true)
            {
                desk.Progress.Enter(connects);
                var delay = await ConnectAndWorkAsync(stoppingToken).ConfigureAwait(false);
                desk.Progress.Enter(new LoopStep("waits to connect again", delay + LoopStep.Grace));
                await Task.Delay(delay, clock, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            desk.Journal.Stopped(buffer.View.Waiting);
        }
        finally
        {
            desk.Progress.Enter(LoopStep.NotThere);
        }
    }

    /// <summary>
    /// One attempt and, where it succeeds, one connection's whole life. Returns how long to wait after it.
    /// </summary>
    private async Task<TimeSpan> ConnectAndWorkAsync(CancellationToken stoppingToken)
    {
        desk.Journal.Connecting();

        // From here on the link judges: what was found before is known to it, or mended.
        desk.Withdrawn = null;
        if (!isMoving)
        {
            desk.BeginConnect();
        }

        isMoving = false;
        var outcome = await link.ConnectAsync(desk.Will(), stoppingToken).ConfigureAwait(false);
        attempt = new LinkAttempt(
            attempt.Number + 1, outcome.Verdict, outcome.Sentence, outcome.Terms?.Session?.CertificateSerial ?? "")
        {
            BrokerChain = outcome.Terms?.BrokerChain ?? [],
        };
        attempted();
        if (outcome.Terms is not { } terms)
        {
            var pause = schedule.AfterFailure(random.NextDouble());
            desk.Journal.NotConnected(outcome, pause);
            return pause;
        }

        var since = clock.GetTimestamp();
        using var session = new PublishSession(desk, buffer, link, terms, NotPrepared);
        var loss = await session.RunAsync(stoppingToken).ConfigureAwait(false);
        if (loss.IsMove)
        {
            // What the next connection is made with was read when it was prepared: a move that was asked for since then
            // is another one.
            isMoving = true;
            desk.Journal.Moving();
            return TimeSpan.Zero;
        }

        attempt = attempt with
        {
            Verdict = ConnectVerdict.Broken, Sentence = loss.Sentence, BrokerChain = [], IsBeside = false,
        };
        var contest = desk.Journal.Judge(loss);
        var delay = schedule.AfterLoss(clock.GetElapsedTime(since), loss.TakenOver, random.NextDouble(), contest);
        desk.Lost(loss);
        desk.Journal.Lost(loss, delay);
        TellTakeover(loss, contest);
        return delay;
    }

    /// <summary>Each one that the broker names; and once, where it closes sessions again and again without a word.
    /// </summary>
    internal static string? TakeoverSentence(LinkLoss loss, Contest before, Contest now) =>
        loss.TakenOver
            ? "Somebody else connected as this gateway, and the broker ended our session: the identity may be in use "
                + "twice (a copied card?)."
        : now == Contest.Suspected && before != now
            ? "The broker ends session after session without a word: somebody else may use the identity (a copied "
                + "card?)."
        : null;

    /// <summary>The next session could not be prepared; the present one goes on.</summary>
    private void NotPrepared(ConnectOutcome outcome, TimeSpan again)
    {
        Log.NotPrepared(desk.Logger, outcome.Sentence, again.TotalSeconds);
        attempt = new LinkAttempt(attempt.Number + 1, outcome.Verdict, outcome.Sentence, "")
        {
            BrokerChain = attempt.BrokerChain, IsBeside = true,
        };
        attempted();
    }

    private void TellTakeover(LinkLoss loss, Contest contest)
    {
        if (TakeoverSentence(loss, contested, contest) is { } sentence)
        {
            audit(new AuditNote(AuditKind.Takeover, "takeover", "failed", sentence) { Old = attempt.Serial });
        }

        contested = contest;
    }
}
