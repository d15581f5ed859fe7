using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Store;
using Sluice.Provisioning.Trust;

namespace Sluice.Agent.Trust;

/// <summary>
/// Takes a trust bundle in: judges it by <see cref="TrustJudge"/>, and puts its roots and lists into use. Stepped: it
/// awaits nothing, so that a test ends it before any change of the disk. Used by the trust bundle's loop.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>One message at a time, the newest; what was refused changes nothing, and is told once.</item>
/// <item>Versions only go up, also past a bundle that was imported since and past a rollback. One that is known is put
/// into use again only where a version is in use that it was not put into, and whose bundle was made before it.</item>
/// <item>A revocation list gives way to a younger one of its authority only, whichever way that one came.</item>
/// <item>A message that could not be dealt with, because a verb is at work or the disk fails, is kept and dealt with
/// later.</item>
/// </list>
/// </summary>
internal sealed class TrustWork(IdentitySurroundings surroundings)
{
    /// <summary>A verb is at work in the directory.</summary>
    public static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan DiskPauseFirst = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan DiskPauseMax = TimeSpan.FromHours(1);

    /// <summary>Whoever floods the topic does not fill the audit log: between two lines of it about refusals.</summary>
    public static readonly TimeSpan RefusalEvery = TimeSpan.FromMinutes(1);

    private const string Verb = "trust";

    private readonly ContractTopics topics = new(surroundings.Gateway);
    private ReadOnlyMemory<byte> message;
    private string judgedWith = "";
    private bool isRefused;
    private TimeSpan notBefore;
    private TimeSpan diskPause = DiskPauseFirst;
    private TimeSpan? refusalTold;

    public TrustView View { get; private set; } = new();

    /// <summary>Another one came. The same bytes again are what a broker sends at each connection.</summary>
    public void Take(ReadOnlyMemory<byte> bytes, TimeSpan now)
    {
        if (!bytes.Span.SequenceEqual(message.Span))
        {
            (message, judgedWith, isRefused, notBefore) = (bytes, "", false, now);
        }
        else if (isRefused)
        {
            // What locked somebody out then may not do so any more.
            judgedWith = "";
        }
    }

    /// <summary>Does what is to be done, and says when to come again; null: not before something happens.</summary>
    /// <param name="now">Monotonic.</param>
    /// <param name="broker">The chain of the broker of the present session; DER.</param>
    public TimeSpan? Step(TimeSpan now, IReadOnlyList<ReadOnlyMemory<byte>> broker)
    {
        if (message.IsEmpty)
        {
            return null;
        }

        if (now < notBefore)
        {
            return notBefore - now;
        }

        try
        {
            if (!Deal(now, broker))
            {
                notBefore = now + BusyPause;
                return BusyPause;
            }

            diskPause = DiskPauseFirst;
            return null;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            View = View with
            {
                Sentence = $"the disk failed: {world.Message.TrimEnd('.')}; what was in use stays in use",
            };
            notBefore = now + diskPause;
            diskPause = diskPause * 2 < DiskPauseMax ? diskPause * 2 : DiskPauseMax;
            return notBefore - now;
        }
    }

    /// <summary>False where a verb has the directory.</summary>
    private bool Deal(TimeSpan now, IReadOnlyList<ReadOnlyMemory<byte>> broker)
    {
        using (var look = surroundings.Look())
        {
            var state = new IdentityStore(look.Disk).Look();
            View = View with { Version = state.TrustVersionMax };
            if (state.Active is not { } active || active == judgedWith)
            {
                return true;
            }
        }

        using var disk = surroundings.Open();
        if (disk is null)
        {
            return false;
        }

        Judge(surroundings.Context(disk.Disk, $"MQTT {topics.Trust}"), now, broker);
        return true;
    }

    private void Judge(EnrolmentContext context, TimeSpan now, IReadOnlyList<ReadOnlyMemory<byte>> broker)
    {
        var state = context.Store.Look();
        if (state.Active is not { } active)
        {
            return;
        }

        var stored = new StoredIdentity(context.Store);
        var own = stored.Chain(active);
        var brokers = broker.Select(der => X509CertificateLoader.LoadCertificate(der.Span)).ToList();
        using var pinned = stored.Pinned(state);
        try
        {
            var verdict = TrustJudge.Judge(message, new TrustExpectation
            {
                Site = context.Site,
                Pinned = pinned!,
                VersionMax = state.TrustVersionMax,
                Time = context.Time(),
                Own = own,
                Broker = brokers,
            });
            if (verdict.Content is not { } content)
            {
                Refuse(context, verdict, now);
            }
            else if (verdict.IsTaken || IsMissing(context, active, content))
            {
                Install(context, state, content, own);
            }
            else
            {
                View = View with { Sentence = "" };
            }

            isRefused = verdict.Content is null;
            judgedWith = context.Store.Look().Active ?? "";
        }
        finally
        {
            foreach (var certificate in own.Concat(brokers))
            {
                certificate.Dispose();
            }
        }
    }

    /// <summary>
    /// It was taken in, and another version is in use since: an older one, by a rollback, or a bundle that is older
    /// than it. A bundle that was made after it brought what was right then.
    /// </summary>
    private static bool IsMissing(EnrolmentContext context, string active, TrustContent content) =>
        IdentityStore.TrustOf(active) != content.Version
        && content.Made > (context.Store.ReadFile(active, IdentityDirectory.BundleFile) is { } json
            ? BundleInstall.Read(json)?.Made ?? DateTimeOffset.MinValue
            : DateTimeOffset.MinValue);

    private void Install(
        EnrolmentContext context, IdentityState state, TrustContent content, IReadOnlyList<X509Certificate2> own)
    {
        var active = state.Active!;
        List<X509Certificate2> issuers = [.. content.Roots.Concat(content.Authorities)
            .Select(der => X509CertificateLoader.LoadCertificate(der.Span))];
        var here = context.Store.ReadFile(active, IdentityDirectory.RevocationFile) ?? [];
        var lists = BundleContent.ToPem(RevocationFile.Label, RevocationUpdate.Youngest(
            content.RevocationLists, here, [.. issuers, .. own.Skip(1)]));
        issuers.ForEach(issuer => issuer.Dispose());
        context.Log(Verb, "begun", $"Trust bundle {content.Version}.");
        context.Store.ReplaceTrust(content.Version, content.RootsPem(), lists);
        new StoredLists(context).ReplaceBeside(state, lists);
        var loaded = context.Look(IdentityDirectory.Current);
        loaded.Identity?.Dispose();
        context.Log(Verb, "done", $"Version {context.Store.Look().Active} is in use, with the roots and lists of trust "
            + $"bundle {content.Version}"
            + (loaded.Revocation is { IsRevoked: true } ? "; they revoke this gateway's certificate." : "."));
        View = View with { Version = content.Version, Taken = View.Taken + 1, Sentence = "" };
    }

    private void Refuse(EnrolmentContext context, TrustVerdict verdict, TimeSpan now)
    {
        if (isRefused && View.Sentence == verdict.Sentence)
        {
            return;
        }

        View = View with { Refused = View.Refused + 1, Sentence = verdict.Sentence };
        if (refusalTold is not { } told || now - told >= RefusalEvery)
        {
            refusalTold = now;
            context.Log(Verb, "refused", $"{verdict.Problems[0].Refusal}: {verdict.Sentence}.");
        }
    }
}
