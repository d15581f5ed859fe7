using System.Buffers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Agent.Asking;
using Sluice.Agent.Auditing;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Uplink;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Renewal;

/// <summary>
/// One renewal's keys, files and messages, as <see cref="RenewalPlan"/> decides. Stepped: it awaits nothing, so that a
/// test ends it before any change of the disk. Used by the renewal's loop.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>A new key for each request, in memory only until a certificate for it was judged good; then key and
/// certificate are staged together, with the request that they answer.</item>
/// <item>Nothing is taken from a message but what answers the request under way: its correlation, its own key, the
/// same subject, under a pinned root, a version that goes up.</item>
/// </list>
/// </summary>
internal sealed class RenewalWork(IdentitySurroundings surroundings)
{
    private static readonly TimeSpan DiskPause = TimeSpan.FromSeconds(30);

    private readonly RenewalPlan plan = new(RenewalTimes.DiceOf(surroundings.Gateway.Id, surroundings.Gateway.Site));
    private readonly ContractTopics topics = new(surroundings.Gateway);
    private readonly RenewalLook look = new(surroundings);
    private readonly RenewalJudge judge = new(surroundings.Gateway);
    private byte[] correlation = [];
    private byte[] keyAndRequest = [];
    private ReadOnlyMemory<byte> bundle;
    private string serial = "";
    private string version = "";
    private bool isResumed;
    private (byte[] Id, string Serial) ended = ([], "");
    private long endTold;
    private long heldTold;
    private RenewalSight sight;

    /// <summary>Messages to the reply topic that answered nothing that was asked.</summary>
    public long Foreign { get; private set; }

    /// <summary>What it shows; the loop adds what it knows itself.</summary>
    public RenewalView View => new()
    {
        Stage = plan.Stage,
        Subject = sight.Subject,
        Run = plan.Run,
        IsHeld = plan.IsHeld,
        Steps = plan.Steps,
        Sentence = plan.Sentence,
        Failures = plan.Failures,
        Renewed = plan.Renewed,
        Foreign = Foreign,
        WaitsForClock = !sight.MayAct,
        Warning = sight is { MayAct: true, Subject: { } subject }
            ? RenewalTimes.Warning(subject.NotBefore, subject.NotAfter, sight.At)
            : ExpiryWarning.None,
    };

    /// <summary>Somebody wants a renewal now.</summary>
    public void Ask(TimeSpan now) => plan.Ask(now);

    public RenewalWorkStep Next(TimeSpan now, LinkAttempt attempt, bool isConnected)
    {
        try
        {
            Look(isConnected);
            plan.Attempted(attempt, serial, now);
            return Do(plan.Next(now, sight), now);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            DiskFailed(world, now);
            return Waiting(now);
        }
    }

    /// <summary>The broker's answer to what was handed over.</summary>
    public void Settle(DeliveryOutcome outcome, TimeSpan now) => plan.Settled(outcome, now);

    /// <summary>How the second session went.</summary>
    /// <param name="passed">The broker took the certificate and a message.</param>
    /// <param name="mayPass">What failed may pass by itself.</param>
    /// <param name="verdict">For a technician.</param>
    /// <param name="now">Monotonic.</param>
    public void Proved(bool passed, bool mayPass, string verdict, TimeSpan now)
    {
        try
        {
            if (passed && !Change(now, context => context.Store.MarkVerified(context.Clock.GetUtcNow())))
            {
                // A verb is at work. Nothing is lost: it is proved once more.
                plan.Proved(now, passed: false, mayPass: true, "another verb is at work in the identity directory");
                return;
            }

            plan.Proved(now, passed, mayPass, verdict);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            DiskFailed(world, now);
        }
    }

    public void Moved(LinkAttempt attempt) => plan.Moved(attempt.Number);

    /// <summary>A message on the reply topic.</summary>
    public void Take(InboundMessage message, TimeSpan now)
    {
        if (plan.Stage != RenewalStage.Asking || message.Retained
            || !message.Correlation.Span.SequenceEqual(correlation))
        {
            Foreign++;
            return;
        }

        if (RenewalReply.Read(message, out var problem) is not { } reply)
        {
            End(now, "answer", problem);
        }
        else if (reply.Refused.Length == 0)
        {
            bundle = reply.Bundle;
            plan.Answered(now);
        }
        else if (reply.IsHeld)
        {
            plan.Held($"the registration authority says: {reply.Refused}", reply.RetryAfter, now);
        }
        else
        {
            End(now, "answer", $"the registration authority says: {reply.Refused}", reply.RetryAfter);
        }
    }

    /// <summary>
    /// How the renewal ended, or that a person is asked about it: once for each, for the audit log. Null where nothing
    /// of that is new, or where it was written with the change of the disk.
    /// </summary>
    public AuditNote? TakeOutcome()
    {
        var failed = plan.Stage == RenewalStage.Idle && plan.Steps is [.., { Passed: false }];
        var told = failed ? endTold : heldTold;
        if ((!failed && !plan.IsHeld) || told == plan.Run)
        {
            return null;
        }

        (endTold, heldTold) = failed ? (plan.Run, heldTold) : (endTold, plan.Run);
        var text = failed ? $"{plan.Steps[^1].Name}: {plan.Steps[^1].Verdict}" : $"{plan.Sentence}.";
        return new AuditNote(AuditKind.Renewal, "renew", failed ? "failed" : "held", text)
        {
            From = From(failed ? ended.Id : correlation), Old = sight.Subject?.Serial ?? "", New = ended.Serial,
        };
    }

    /// <summary>Where a message came from, as the audit log writes it.</summary>
    public static string From(ReadOnlySpan<byte> correlation) =>
        correlation.Length is > 0 and <= AskPlan.CorrelationBytesMax
            ? $"MQTT {Convert.ToHexStringLower(correlation)}"
            : "MQTT";

    private RenewalWorkStep Do(RenewalAct act, TimeSpan now)
    {
        switch (act)
        {
            case RenewalAct.Request:
                MakeRequest();
                break;
            case RenewalAct.Publish:
                plan.UnderWay();
                return Deliver(topics.CertificateRequest, RequestOf().Pem, "application/pkcs10");
            case RenewalAct.Stage:
                Stage(now);
                break;
            case RenewalAct.Prove:
                plan.UnderWay();
                return new RenewalWorkStep(RenewalWorkKind.Prove);
            case RenewalAct.Activate:
                Activate(now);
                break;
            case RenewalAct.Move:
                return new RenewalWorkStep(RenewalWorkKind.Move);
            case RenewalAct.Confirm:
                plan.UnderWay();
                return Deliver(topics.CertificateConfirm, string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $$"""{"v":1,"version":{{IdentityStore.NumberOf(version)}},"serial":"{{serial}}"}"""),
                    "application/json");
            case RenewalAct.Retire:
                Retire(now);
                break;
            case RenewalAct.Return:
                Return(now);
                break;
            default:
                return Waiting(now);
        }

        return new RenewalWorkStep(RenewalWorkKind.GoOn);
    }

    /// <summary>From when it was decided: a pause may end while the disk is looked at, and is still one.</summary>
    private RenewalWorkStep Waiting(TimeSpan now) => new(RenewalWorkKind.Wait, Wait: plan.Wait(now));

    private RenewalWorkStep Deliver(string topic, string text, string contentType) =>
        new(RenewalWorkKind.Deliver, new OutboundMessage
        {
            Topic = topic,
            Payload = new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(text)),
            Retain = false,
            ContentType = contentType,
            Correlation = correlation,
        });

    private void MakeRequest()
    {
        Forget();
        correlation = RandomNumberGenerator.GetBytes(16);
        using var disk = surroundings.Look();
        keyAndRequest = Context(disk.Disk).MakeKeyAndRequest();
        plan.Requested($"a new key, {RequestOf().KeyFingerprint}; its request goes to {topics.CertificateRequest}");
    }

    private KeyRequest RequestOf() => KeyRequest.Read(keyAndRequest, out var problem)
        ?? throw new InvalidOperationException($"The request that was just made: {problem}.");

    private void Stage(TimeSpan now) => Change(now, context =>
    {
        var state = context.Store.Look();
        var stored = new StoredIdentity(context.Store);
        using var pinned = stored.Pinned(state);
        var verdict = judge.Judge(bundle, sight.Subject!, new BundleExpectation
        {
            GatewayId = surroundings.Gateway.Id,
            Site = surroundings.Gateway.Site,
            Pinned = pinned,
            VersionMax = state.VersionMax,
            HasKeyOf = certificate => Fingerprint.OfKey(certificate) == RequestOf().KeyFingerprint,
            Time = context.Time(),
        });
        if (!verdict.IsTaken)
        {
            context.Log("renew", "refused", $"{verdict.Refusal}: {verdict.Happened}.", verdict.Serial);
            endTold = plan.Run;
            End(now, "bundle", $"{verdict.Happened}");
            return;
        }

        var content = verdict.Content!;
        using var leaf = X509CertificateLoader.LoadCertificate(content.Chain[0].Span);
        var key = StoredIdentity.KeyIn(keyAndRequest, Fingerprint.OfKey(leaf))
            ?? throw new InvalidOperationException("Its key was here a moment ago.");
        try
        {
            context.Store.Stage(content.Version, [
                .. BundleInstall.Files(
                    stored.WithYoungestLists(state, content) with { Configuration = null }, bundle.Span, key),
                new IdentityFile(IdentityStore.RenewalFile, Encoding.ASCII.GetBytes(Id + "\n")),
            ]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }

        (serial, version) = (verdict.Serial, IdentityStore.NameOf(content.Version));
        context.Log("renew", "begun", $"Version {content.Version} is staged.", serial);
        ForgetKey();
        plan.Staged($"version {version} for this gateway's own new key, under a root that it trusts, valid "
            + $"until {leaf.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm}Z");
    });

    private void Activate(TimeSpan now) => Change(now, context =>
    {
        var state = context.Store.Look();
        if (state.Staged != version || !state.IsStagedVerified)
        {
            context.Log("renew", "failed", $"Version {version} is no longer what is staged.", serial);
            endTold = plan.Run;
            End(now, "activated", $"version {version} is no longer what is staged: somebody imported another one");
            return;
        }

        var before = context.SerialOf(IdentityDirectory.Current);
        context.Store.Activate(forgetsRequest: false);
        context.Log("renew", "done", $"Version {version} is in use; {state.Active} is kept.", serial, before);
        plan.Activated($"version {version} is in use, {state.Active} is kept");
    });

    private void Retire(TimeSpan now) => Change(now, context =>
    {
        if (IsInUse(context.Store.Look()))
        {
            context.Store.MarkConfirmed(context.Clock.GetUtcNow());
            context.Log("renew", "done", $"Version {version} is confirmed; the one before is retired.", serial);
        }

        plan.Retired("the certificate before is not used any more", now);
        Forget();
    });

    private void Return(TimeSpan now) => Change(now, context =>
    {
        var state = context.Store.Look();
        var verdict = "there is none to return to";
        if (IsInUse(state) && state.Previous is { } previous)
        {
            context.Store.Rollback();
            verdict = $"version {previous} is in use again";
        }

        context.Log("renew", "failed", $"The broker refused the main session with version {version}: {verdict}.",
            serial);
        endTold = plan.Run;
        plan.Returned(verdict, now);
        Forget();
    });

    /// <summary>Also where a trust bundle has put other roots beside the same certificate since.</summary>
    private bool IsInUse(IdentityState state) =>
        state.Active is not null && IdentityStore.NumberOf(state.Active) == IdentityStore.NumberOf(version);

    /// <summary>Looks at the files, and the first time at what an earlier run of the agent left behind.</summary>
    private void Look(bool isConnected)
    {
        using var disk = surroundings.Look();
        sight = look.At(Context(disk.Disk), isConnected);
        if (!isResumed && RenewalLook.Begun(Context(disk.Disk)) is { } begun)
        {
            (serial, version, correlation) = (begun.Serial, begun.Version, Convert.FromHexString(begun.Request));
            plan.Resume(begun.Stage, begun.How);
        }

        isResumed = true;
    }

    /// <summary>Does something with the directory locked. False where a verb is at work there: then later.</summary>
    private bool Change(TimeSpan now, Action<EnrolmentContext> act)
    {
        using var disk = surroundings.Open();
        if (disk is null)
        {
            plan.Busy(now);
            return false;
        }

        act(Context(disk.Disk));
        return true;
    }

    private EnrolmentContext Context(IIdentityDisk disk) => surroundings.Context(disk, $"MQTT {Id}");

    private string Id => Convert.ToHexStringLower(correlation);

    private void DiskFailed(Exception world, TimeSpan now)
    {
        var sentence = (world is TpmException ? "" : "the disk failed: ") + world.Message.TrimEnd('.');
        if (plan.Stage is RenewalStage.Idle or RenewalStage.Moving or RenewalStage.Confirming
            or RenewalStage.Retiring or RenewalStage.Returning)
        {
            // Nothing was begun; or what is switched stays switched, and what is left to write is written when the disk
            // takes it.
            plan.PutOff(now + DiskPause, sentence);
            return;
        }

        End(now, world is TpmException ? "TPM" : "disk", sentence);
    }

    private void End(TimeSpan now, string step, string sentence, TimeSpan retryAfter = default)
    {
        plan.Fail(now, step, sentence, retryAfter);
        Forget();
    }

    private void Forget()
    {
        ForgetKey();
        ended = correlation.Length > 0 ? (correlation, serial) : ended;
        (correlation, bundle, serial, version) = ([], default, "", "");
    }

    private void ForgetKey()
    {
        CryptographicOperations.ZeroMemory(keyAndRequest);
        keyAndRequest = [];
    }
}
