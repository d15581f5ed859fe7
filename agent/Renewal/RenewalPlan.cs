using Sluice.Agent.Uplink;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Renewal;

/// <summary>
/// Decides the steps of a renewal. A core; time is monotonic.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Nothing before the rename is begun while the clock is not set; what was renamed is always brought to its
/// end.</item>
/// <item>The files are switched only after a second session has proved them, and switched back only when the main
/// session was refused with them for a reason that may be theirs.</item>
/// <item>Every try that fails makes the next one wait, longer each time; only a person makes it come at once.</item>
/// <item>One renewal at a time, until it is confirmed.</item>
/// </list>
/// </summary>
/// <param name="dice">From 0 to below 1, the gateway's own: a plant's gateways do not try again in step.</param>
internal sealed class RenewalPlan(double dice)
{
    public static readonly TimeSpan RepeatFirst = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan RepeatMax = TimeSpan.FromHours(1);
    public static readonly TimeSpan RetryFirst = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan RetryMax = TimeSpan.FromHours(6);

    /// <summary>An authority that asks for more is asked again after this all the same.</summary>
    public static readonly TimeSpan RetryAfterMax = TimeSpan.FromDays(1);

    /// <summary>A person's verb is at the identity directory; it is waited for.</summary>
    public static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(1);

    public const int ProofsMax = 3;

    /// <summary>The first may be a broker that is just going down.</summary>
    public const int RefusalsMax = 2;

    /// <summary>The first may be a connection that had read the files just before they were switched.</summary>
    public const int StraysMax = 2;

    private readonly List<VerbStep> steps = [];
    private TimeSpan notBefore;
    private TimeSpan repeat;
    private int proofs;
    private int refusals;
    private int strays;
    private long movedAt;
    private long seenAttempt;
    private bool isAsked;
    private bool isUnderWay;
    private bool hasMoved;

    public RenewalStage Stage { get; private set; }

    public long Run { get; private set; }

    public int Failures { get; private set; }

    public long Renewed { get; private set; }

    public bool IsHeld { get; private set; }

    public string Sentence { get; private set; } = "";

    public IReadOnlyList<VerbStep> Steps => [.. steps];

    /// <summary>Goes on where an earlier run of the agent was ended.</summary>
    public void Resume(RenewalStage stage, string how)
    {
        Begin();
        Stage = stage;
        hasMoved = stage == RenewalStage.Moving;
        Passed("resumed", how);
    }

    /// <summary>A person wants one now. One that is under way is theirs, and does not wait any longer.</summary>
    public void Ask(TimeSpan now)
    {
        if (Stage == RenewalStage.Idle)
        {
            isAsked = true;
        }

        IsHeld = false;
        notBefore = now;
    }

    public RenewalAct Next(TimeSpan now, RenewalSight sight)
    {
        if (isUnderWay || now < notBefore)
        {
            return RenewalAct.Wait;
        }

        return Stage switch
        {
            RenewalStage.Idle => Due(now, sight),
            RenewalStage.Moving => hasMoved ? RenewalAct.Wait : RenewalAct.Move,
            RenewalStage.Confirming => sight.IsConnected ? RenewalAct.Confirm : RenewalAct.Wait,
            RenewalStage.Retiring => RenewalAct.Retire,
            RenewalStage.Returning => RenewalAct.Return,
            _ when !sight.MayAct => RenewalAct.Wait,
            RenewalStage.Asking => sight.IsConnected ? RenewalAct.Publish : RenewalAct.Wait,
            RenewalStage.Staging => RenewalAct.Stage,
            RenewalStage.Proving => RenewalAct.Prove,
            _ => RenewalAct.Activate,
        };
    }

    /// <summary>How long nothing can be due by time alone; null: until something happens.</summary>
    public TimeSpan? Wait(TimeSpan now) => now < notBefore && !isUnderWay ? notBefore - now : null;

    public void Requested(string verdict)
    {
        Stage = RenewalStage.Asking;
        repeat = RepeatFirst;
        Passed("request", verdict);
    }

    /// <summary>It is with the broker, or a proof runs: nothing else until it has ended.</summary>
    public void UnderWay() => isUnderWay = true;

    /// <summary>The broker's answer to a request or a confirmation.</summary>
    public void Settled(DeliveryOutcome outcome, TimeSpan now)
    {
        isUnderWay = false;
        if (Stage == RenewalStage.Confirming)
        {
            if (outcome.Verdict == DeliveryVerdict.Accepted)
            {
                Passed("confirmed", "the registration authority's topic has it (PUBACK)");
                Stage = RenewalStage.Retiring;
                Sentence = "";
                notBefore = now;
                return;
            }
        }
        else if (Stage != RenewalStage.Asking)
        {
            // The answer overtook the broker's acknowledgement.
            return;
        }

        Sentence = outcome.Verdict switch
        {
            DeliveryVerdict.Accepted => Stage == RenewalStage.Asking
                ? "the request is with the broker, and the registration authority has not answered yet" : "",
            DeliveryVerdict.Unheard => "no registration authority listens at the broker",
            _ => outcome.Sentence.TrimEnd('.'),
        };
        notBefore = now + Spread(repeat);
        repeat = repeat * 2 < RepeatMax ? repeat * 2 : RepeatMax;
    }

    /// <summary>A bundle came for what was asked.</summary>
    public void Answered(TimeSpan now)
    {
        if (Stage == RenewalStage.Asking)
        {
            Passed("answer", "the registration authority sent a bundle");
            Stage = RenewalStage.Staging;
            (Sentence, IsHeld, isUnderWay, notBefore) = ("", false, false, now);
        }
    }

    /// <summary>A person decides at the authority: the same request is repeated later.</summary>
    public void Held(string sentence, TimeSpan retryAfter, TimeSpan now)
    {
        if (Stage == RenewalStage.Asking)
        {
            (Sentence, IsHeld) = (sentence, true);
            var least = retryAfter > RepeatFirst ? retryAfter : RepeatFirst;
            notBefore = now + (least < RetryAfterMax ? least : RetryAfterMax);
        }
    }

    public void Staged(string verdict) => Step(RenewalStage.Proving, "staged", verdict);

    public void Proved(TimeSpan now, bool passed, bool mayPass, string verdict)
    {
        isUnderWay = false;
        if (passed)
        {
            Step(RenewalStage.Activating, "proof", verdict);
            return;
        }

        if (mayPass && ++proofs < ProofsMax)
        {
            Sentence = verdict;
            notBefore = now + Spread(RepeatFirst * proofs);
            return;
        }

        Fail(now, "proof", verdict);
    }

    public void Activated(string verdict) => Step(RenewalStage.Moving, "activated", verdict);

    /// <summary>The publisher was asked; whatever it tries from here on counts.</summary>
    public void Moved(long attempt)
    {
        hasMoved = true;
        movedAt = attempt;
    }

    /// <param name="attempt">The newest one.</param>
    /// <param name="serial">The new certificate.</param>
    /// <param name="now">Monotonic.</param>
    public void Attempted(LinkAttempt attempt, string serial, TimeSpan now)
    {
        if (Stage != RenewalStage.Moving || !hasMoved || attempt.Number <= Math.Max(movedAt, seenAttempt))
        {
            return;
        }

        seenAttempt = attempt.Number;
        if (attempt.Verdict == ConnectVerdict.Connected)
        {
            if (attempt.Serial == serial)
            {
                Step(RenewalStage.Confirming, "main session", "runs on the new certificate");
                (repeat, notBefore) = (RepeatFirst, now);
            }
            else if (++strays >= StraysMax)
            {
                Fail(now, "main session", $"it runs on certificate {attempt.Serial}: somebody changed what is in use");
            }
        }
        else if (attempt.IsAboutIdentity && ++refusals >= RefusalsMax)
        {
            Sentence = attempt.Sentence.TrimEnd('.');
            Stage = RenewalStage.Returning;
            notBefore = now;
        }
    }

    public void Retired(string verdict, TimeSpan now)
    {
        Passed("retired", verdict);
        (Stage, Failures, Sentence, notBefore) = (RenewalStage.Idle, 0, "", now);
        Renewed++;
    }

    /// <summary>The identity before is in use again, or there is none.</summary>
    public void Returned(string verdict, TimeSpan now) => Fail(now, "main session", $"{Sentence}; {verdict}");

    public void Busy(TimeSpan now) => notBefore = now + BusyPause;

    /// <summary>It cannot begin, or not come to its end, before then: said, and no failure of this renewal.</summary>
    public void PutOff(TimeSpan until, string sentence) => (Sentence, notBefore) = (sentence, until);

    /// <summary>This renewal has ended, and what was in use is in use.</summary>
    public void Fail(TimeSpan now, string step, string sentence, TimeSpan retryAfter = default)
    {
        steps.Add(new VerbStep(step, false, sentence + "."));
        var most = RetryFirst * Math.Pow(2, Math.Min(Failures, 12));
        var pause = Spread(most < RetryMax ? most : RetryMax);
        var asked = retryAfter < RetryAfterMax ? retryAfter : RetryAfterMax;
        Failures++;
        (Stage, Sentence, isUnderWay, IsHeld) = (RenewalStage.Idle, sentence, false, false);
        notBefore = now + (asked > pause ? asked : pause);
    }

    private RenewalAct Due(TimeSpan now, RenewalSight sight)
    {
        var isAskedFor = isAsked;
        isAsked = false;
        if (sight.Subject is not { } subject)
        {
            return isAskedFor ? Refuse(now, "this gateway has no identity in use: the first one comes on a stick")
                : RenewalAct.Wait;
        }

        if (!sight.MayAct)
        {
            return isAskedFor ? Refuse(now, "the clock is not set, so nobody can say what is valid: see to the "
                + "gateway's time server") : RenewalAct.Wait;
        }

        var warning = RenewalTimes.Warning(subject.NotBefore, subject.NotAfter, sight.At);
        if (sight.Imported is { } imported && warning < ExpiryWarning.Fortnight)
        {
            var waits = $"version {imported} was imported and waits: put it into use (sluice-agent identity verify, "
                + "then activate)";
            if (isAskedFor)
            {
                return Refuse(now, waits);
            }

            Sentence = sight.At >= subject.Due ? waits : "";
            return RenewalAct.Wait;
        }

        if (!isAskedFor && sight.At < subject.Due)
        {
            return RenewalAct.Wait;
        }

        Begin();
        return RenewalAct.Request;
    }

    /// <summary>A person asked, and it cannot be: told as a try of its own, and nothing waits for it.</summary>
    private RenewalAct Refuse(TimeSpan now, string sentence)
    {
        var failures = Failures;
        Begin();
        Fail(now, "request", sentence);
        (Failures, notBefore) = (failures, now);
        return RenewalAct.Wait;
    }

    private void Begin()
    {
        steps.Clear();
        Run++;
        (proofs, refusals, strays, movedAt, seenAttempt) = (0, 0, 0, 0, 0);
        (isUnderWay, hasMoved, IsHeld, Sentence) = (false, false, false, "");
    }

    private void Step(RenewalStage next, string step, string verdict)
    {
        Passed(step, verdict);
        (Stage, Sentence) = (next, "");
    }

    private void Passed(string step, string verdict) => steps.Add(new VerbStep(step, true, verdict));

    /// <summary>From three quarters to five quarters of it.</summary>
    private TimeSpan Spread(TimeSpan pause) => pause * (0.75 + (dice / 2));
}
