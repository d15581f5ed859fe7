using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Asking;
using Sluice.Agent.Auditing;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Time;
using Sluice.Agent.Uplink;
using Sluice.Provisioning.Store;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Renewal;

/// <summary>
/// The loop that keeps the gateway's certificate young. Started by the host after the publisher, whose messages and
/// session it uses; it sleeps until its certificate is due, somebody asks, or an answer comes. What the world does
/// wrong is a sentence in the view; an exception here is our own fault and stops the host.
/// </summary>
internal sealed class RenewalLoop : BackgroundService
{
    /// <summary>How often the files are looked at, where nothing happens: a verb may have changed them.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    /// <summary>For the broker to take a message; then it is repeated.</summary>
    private static readonly TimeSpan DeliveryMax = TimeSpan.FromSeconds(30);

    /// <summary>Answers that wait for the loop. One is asked for at a time; more is a flood.</summary>
    private const int AnswersMax = 4;

    private readonly ConcurrentQueue<InboundMessage> answers = new();
    private readonly RenewalWork work;
    private readonly IdentitySurroundings surroundings;
    private readonly Publisher publisher;
    private readonly ValidityClock validity;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly Action<AuditNote> audit;
    private readonly WakeSignal wake;
    private readonly string replyTopic;
    private readonly long start;
    private volatile RenewalView view = new();
    private long asked;
    private long asksTaken;
    private long overrun;

    public RenewalLoop(
        IdentitySurroundings surroundings, Publisher publisher, ValidityClock validity, ILogger<RenewalLoop> logger,
        Action<AuditNote> audit)
    {
        this.audit = audit;
        this.validity = validity;
        this.surroundings = surroundings;
        this.publisher = publisher;
        this.logger = logger;
        clock = surroundings.Clock;
        start = clock.GetTimestamp();
        work = new RenewalWork(surroundings);
        wake = new WakeSignal(clock);
        replyTopic = new ContractTopics(surroundings.Gateway).CertificateReply;
        publisher.Attempted = wake.Set;
        publisher.LetHear(Hear);
    }

    /// <summary>How it stands; from any thread.</summary>
    public RenewalView View => view with { Asked = Interlocked.Read(ref asked) };

    /// <summary>Somebody wants a renewal now; from any thread.</summary>
    public void Ask()
    {
        Interlocked.Increment(ref asked);
        audit(new AuditNote(AuditKind.Renewal, "renew", "begun", "Somebody asked for it now.") { From = "socket" });
        wake.Set();
    }

    public override void Dispose()
    {
        wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                if (await StepAsync(stoppingToken).ConfigureAwait(false) is { } wait)
                {
                    await wake.WaitAsync(wait < LookEvery ? wait : LookEvery, stoppingToken).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Asked to stop. What was begun is gone on with at the next start.
        }
    }

    private TimeSpan Now => clock.GetElapsedTime(start);

    /// <summary>On a thread of the link.</summary>
    private bool Hear(InboundMessage message)
    {
        if (message.Topic != replyTopic)
        {
            return false;
        }

        if (answers.Count < AnswersMax)
        {
            answers.Enqueue(message);
            wake.Set();
        }
        else
        {
            Interlocked.Increment(ref overrun);
            Refused(message, "too many");
        }

        return true;
    }

    private void Refused(InboundMessage message, string counted) => audit(
        new AuditNote(AuditKind.Reply, "certificate reply", "refused", "It answers nothing that was asked; nothing "
            + "was changed by it.")
        {
            From = RenewalWork.From(message.Correlation.Span), Counted = counted,
        });

    /// <summary>Null where something was done, and more may be due; else how long to sleep.</summary>
    private async ValueTask<TimeSpan?> StepAsync(CancellationToken stoppingToken)
    {
        while (answers.TryDequeue(out var answer))
        {
            var foreign = work.Foreign;
            work.Take(answer, Now);
            if (work.Foreign > foreign)
            {
                Refused(answer, "unasked");
            }
        }

        if (Interlocked.Read(ref asked) is var asks && asks != asksTaken)
        {
            work.Ask(Now);
            asksTaken = asks;
        }

        var attempt = publisher.Attempt;
        var step = work.Next(Now, attempt, attempt.IsLive);
        Show();
        switch (step.Kind)
        {
            case RenewalWorkKind.Deliver:
                work.Settle(await DeliverAsync(step.Message!, stoppingToken).ConfigureAwait(false), Now);
                break;
            case RenewalWorkKind.Prove:
                await ProveAsync(stoppingToken).ConfigureAwait(false);
                break;
            case RenewalWorkKind.Move:
                // Before it is asked: an attempt that comes in between counts.
                work.Moved(publisher.Attempt);
                publisher.Move();
                break;
            case RenewalWorkKind.Wait:
                return step.Wait ?? LookEvery;
        }

        Show();
        return null;
    }

    private async Task<DeliveryOutcome> DeliverAsync(OutboundMessage message, CancellationToken stoppingToken)
    {
        using var bound = new CancellationTokenSource(DeliveryMax, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(bound.Token, stoppingToken);
        try
        {
            return await publisher.SendAsync(message, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return new DeliveryOutcome(DeliveryVerdict.LinkLost, 0, "the broker did not take it in time.");
        }
    }

    private async Task ProveAsync(CancellationToken stoppingToken)
    {
        var steps = new List<VerbStep>();
        var code = await new Proof(surroundings.Configuration, clock, validity, surroundings.Refuses).RunAsync(
            new LinkTrial(IdentityStore.Staged, LinkTrial.Next), publisher.StatusNow(), steps, stoppingToken)
            .ConfigureAwait(false);
        var last = steps[^1];
        work.Proved(
            code == ExitCode.Fine, code == ExitCode.Unavailable,
            code == ExitCode.Fine ? "a second session connected with it, and its message was acknowledged (PUBACK)"
                : $"{last.Name}: {last.Verdict.TrimEnd('.')}", Now);
    }

    /// <summary>Shows how it stands, and tells the journal what is new.</summary>
    private void Show()
    {
        var before = view;
        var now = work.View with
        {
            AsksTaken = asksTaken, Foreign = work.Foreign + Interlocked.Read(ref overrun),
        };
        view = now;
        if (now.Run != before.Run && now.Stage != RenewalStage.Idle)
        {
            Log.Begun(logger, now.Subject?.Serial ?? "");
        }

        if (now.Renewed != before.Renewed)
        {
            Log.Done(logger, now.Subject?.Version ?? "", now.Subject?.NotAfter.UtcDateTime ?? default);
        }
        else if (now.Failures > before.Failures || (now.IsHeld && !before.IsHeld))
        {
            Log.Failed(logger, now.Sentence);
        }

        if (work.TakeOutcome() is { } outcome)
        {
            audit(outcome);
        }

        if (now.Warning > before.Warning && now.Subject is { } subject)
        {
            Log.Expires(logger, subject.NotAfter.UtcDateTime);
        }
    }
}
