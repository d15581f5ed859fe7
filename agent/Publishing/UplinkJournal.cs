using Microsoft.Extensions.Logging;
using Sluice.Agent.Publishing.Delivery;
using Sluice.Agent.Standing;
using Sluice.Agent.Uplink;

namespace Sluice.Agent.Publishing;

/// <summary>
/// Keeps <see cref="UplinkHealth"/> and tells the journal of its changes. Written by the publisher's loop, read from
/// any thread.
/// </summary>
internal sealed class UplinkJournal(TimeProvider clock, ILogger logger)
{
    private volatile UplinkHealth health = new()
    {
        State = "connecting",
        Sentence = "",
        Since = clock.GetUtcNow(),
    };

    private readonly TakeoverWatch takeovers = new();
    private readonly long started = clock.GetTimestamp();
    private string lastSentence = "";
    private readonly AnswerTimes answers = new();
    private bool holdsReadings;
    private Contest told;

    public UplinkHealth Health =>
        takeovers.At(Now) is not Contest.None and var contest ? health with { Contest = contest } : health;

    private TimeSpan Now => clock.GetElapsedTime(started);

    /// <summary>Remembers it where another client took the session, or may have; what that makes of it.</summary>
    public Contest Judge(LinkLoss loss)
    {
        if (loss.TakenOver)
        {
            takeovers.Observe(Now);
        }
        else if (loss.IsWordless)
        {
            takeovers.ObserveWordless(Now);
        }

        return TellContest();
    }

    public void Connecting() => Change("connecting", health.Sentence, 0, health.NeedsPerson);

    public void Connected(ConnectTerms terms, long waiting)
    {
        Log.Connected(logger, terms.Address, terms.Tls, waiting);
        foreach (var warning in terms.Warnings.Except(health.Warnings))
        {
            Log.UplinkWarning(logger, warning);
        }

        lastSentence = "";
        TellContest();
        Change("connected", "", 0);
        health = health with
        {
            Address = terms.Address,
            Tls = terms.Tls,
            Card = terms.Card,
            Warnings = terms.Warnings,
            Connections = health.Connections + 1,
        };
    }

    /// <summary>The same reason again is a counter, not another line.</summary>
    public void NotConnected(ConnectOutcome outcome, TimeSpan delay)
    {
        if (outcome.Sentence != lastSentence)
        {
            lastSentence = outcome.Sentence;
            Log.NotConnected(logger, outcome.Sentence, delay.TotalSeconds);
        }

        Change("waiting", outcome.Sentence, outcome.ReasonCode, outcome.NeedsPerson);
        health = health with { FailedAttempts = health.FailedAttempts + 1, Address = "", Tls = "", Card = "" };
    }

    /// <summary>The session ended because we wanted it to, and the next one begins at once.</summary>
    public void Moving()
    {
        Log.Moving(logger);
        health = health with { Address = "", Tls = "", Card = "", InFlight = 0 };
    }

    public void Lost(LinkLoss loss, TimeSpan delay)
    {
        Log.LinkLost(logger, loss.Sentence, delay.TotalSeconds);
        if (loss.TakenOver)
        {
            Log.TakenOver(logger);
        }

        // A broker that refuses and then hangs up: the refusal is what a technician has to know.
        var refusal = health.State == "holding" ? $"{health.Sentence} Then " : "";
        var stays = loss.TakenOver || loss.NeedsPerson || (refusal.Length > 0 && health.NeedsPerson);
        Change("waiting", refusal + loss.Sentence, loss.ReasonCode, stays);
        health = health with
        {
            Address = "",
            Tls = "",
            Card = "",
            InFlight = 0,
            TakenOver = health.TakenOver + (loss.TakenOver ? 1 : 0),
            ClosedWordless = health.ClosedWordless + (loss.IsWordless ? 1 : 0),
        };
    }

    /// <param name="outcome">What the broker said.</param>
    /// <param name="holdFor">How long nothing of this kind goes; null where others go on.</param>
    /// <param name="ofReadings">False for an announcement: readings and announcements are held separately.</param>
    public void Refused(DeliveryOutcome outcome, TimeSpan? holdFor, bool ofReadings)
    {
        health = health with { RefusedMessages = health.RefusedMessages + 1 };
        if (holdFor is not { } delay)
        {
            return;
        }

        if (health.State != "holding" || health.Sentence != outcome.Sentence)
        {
            Log.Holding(logger, outcome.Sentence, delay.TotalSeconds);
        }

        holdsReadings = ofReadings;
        Change("holding", outcome.Sentence, outcome.ReasonCode, outcome.Verdict == DeliveryVerdict.Refused);
    }

    public void SetAside(SentBatch sent, DeliveryOutcome outcome, long setAside)
    {
        Log.SetAside(logger, sent.Range.From, sent.Range.To, sent.Store.ToString(), outcome.Sentence);
        health = health with
        {
            SetAsideReadings = setAside,
            Sentence = outcome.Sentence,
            ReasonCode = outcome.ReasonCode,
            NeedsPerson = true,
        };
    }

    /// <summary>An announcement that was taken (no readings) says nothing about readings that are held.</summary>
    /// <param name="readings">How many it had.</param>
    /// <param name="payloadBytes">Its size.</param>
    /// <param name="historical">It was history.</param>
    /// <param name="took">From handing it over to its PUBACK; null where nobody took the time.</param>
    public void Accepted(int readings, int payloadBytes, bool historical, TimeSpan? took = null)
    {
        if (took is { } time)
        {
            answers.Observe(time);
        }

        if (health.State == "holding" && holdsReadings == readings > 0)
        {
            Log.HoldEnded(logger);
            Change("connected", "", 0);
        }

        health = health with
        {
            DeliveredReadings = health.DeliveredReadings + readings,
            DeliveredBytes = health.DeliveredBytes + payloadBytes,
            DeliveredHistorical = health.DeliveredHistorical + (historical ? readings : 0),
            LastDelivery = clock.GetUtcNow(),
            AnswerMedian = answers.Median,
            AnswerLongest = answers.Longest,
        };
    }

    public void InFlight(int messages, DeliveryPlan plan)
    {
        var (fresh, backlog, setAside) = (plan.Fresh, plan.Backlog, plan.SetAsideCount);
        if (messages != health.InFlight || setAside != health.SetAsideReadings || fresh != health.FreshReadings
            || backlog != health.BacklogReadings)
        {
            health = health with
            {
                InFlight = messages, SetAsideReadings = setAside, FreshReadings = fresh, BacklogReadings = backlog,
            };
        }
    }

    public void Asked(long granted, long refused) =>
        health = health with { AsksGranted = granted, AsksRefused = refused };

    public void Stopped(long waiting)
    {
        Log.Stopped(logger, health.DeliveredReadings, waiting);
        Change("stopped", "", 0);
        health = health with { Address = "", Tls = "", Card = "", InFlight = 0 };
    }

    /// <summary>The journal hears of the beginning and of the end.</summary>
    private Contest TellContest()
    {
        var contest = takeovers.At(Now);
        if (contest > told)
        {
            Log.Contested(logger, UplinkHealth.Words(contest));
        }
        else if (contest == Contest.None && told != Contest.None)
        {
            Log.ContestEnded(logger);
        }

        return told = contest;
    }

    private void Change(string state, string sentence, int reasonCode, bool needsPerson = false)
    {
        var since = state == health.State ? health.Since : clock.GetUtcNow();
        health = health with
        {
            State = state,
            Sentence = sentence,
            ReasonCode = reasonCode,
            Since = since,
            NeedsPerson = needsPerson,
        };
    }
}
