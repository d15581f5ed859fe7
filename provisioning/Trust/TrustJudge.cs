using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;

namespace Sluice.Provisioning.Trust;

/// <summary>
/// Says whether a gateway takes a trust bundle. A core: bytes and what is known go in, a verdict comes out.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Nothing inside is parsed before the signature fits, and its signer may sign and leads to a pinned root: a new
/// root is believed only because an old one says so.</item>
/// <item>Versions only go up. The version that was taken before is known, and no fault.</item>
/// <item>What is taken would load: the gateway's own chain and that of the broker that it is connected to still lead to
/// one of the roots, and their issuers have their lists. That a list revokes one of them is no reason to refuse: else a
/// stolen one would go on for ever.</item>
/// <item>What is wrong inside is told all at once.</item>
/// </list>
/// </summary>
public static class TrustJudge
{
    private const string Anew = "have the plant's CA make the trust bundle anew";

    /// <summary>How far whoever made it may be ahead of this gateway's clock.</summary>
    private static readonly TimeSpan AheadMax = TimeSpan.FromDays(1);

    public static TrustVerdict Judge(ReadOnlyMemory<byte> bytes, TrustExpectation expected)
    {
        if (BundleEnvelope.Open(EnvelopeKind.Trust, bytes, out var problem) is not { } envelope)
        {
            return Refuse(TrustRefusal.NotATrustBundle, $"This cannot be read as a trust bundle: {problem}",
                "see who may write to the plant's trust topic, and publish it again");
        }

        if (SignerJudge.Refuse(envelope, expected.Pinned, expected.Time) is { } refusal)
        {
            return Refuse(refusal.Refusal switch
            {
                BundleRefusal.BrokenSignature => TrustRefusal.BrokenSignature,
                BundleRefusal.RevokedSigner => TrustRefusal.RevokedSigner,
                _ => TrustRefusal.ForeignSigner,
            }, refusal.Happened, refusal.Do);
        }

        if (TrustContent.Read(envelope.Payload, out problem) is not { } content)
        {
            return Refuse(TrustRefusal.Unusable, $"The trust bundle is signed, and cannot be used: {problem}",
                "have the plant's CA make it anew, with the version of sluice-provision that fits this agent");
        }

        var problems = new List<TrustProblem>();
        RefuseContent(content, expected, problems);
        var contents = TrustContents.Read(content, envelope, expected.Own, problems);
        var verdict = new TrustVerdict
        {
            Content = content,
            IsKnown = problems.Count == 0 && content.Version == expected.VersionMax,
            Warnings = [.. contents.Warnings(expected.Time)],
        };
        if (problems.Count == 0)
        {
            // With a root or a list missing these would tell the same thing again.
            verdict = verdict with { RevokesOwn = JudgeUse(contents, envelope, expected, problems) };
        }

        return problems.Count == 0
            ? verdict
            : verdict with { Content = null, IsKnown = false, Problems = problems };
    }

    private static void RefuseContent(TrustContent content, TrustExpectation expected, List<TrustProblem> problems)
    {
        if (content.Site != expected.Site)
        {
            problems.Add(new TrustProblem(TrustRefusal.WrongPlant, $"The trust bundle is for plant '{content.Site}', "
                + $"and this gateway belongs to '{expected.Site}'",
                "publish each plant's trust bundle to its own plant, or correct gateway.site"));
        }

        if (content.Version < expected.VersionMax)
        {
            problems.Add(new TrustProblem(TrustRefusal.OldVersion, $"The trust bundle is version {content.Version}, "
                + $"and this gateway has already taken in version {expected.VersionMax}: an old one could make a "
                + "revoked certificate look good",
                "publish the newest one; where the CA's folder came back from an old copy, its count must go on"));
        }

        if (expected.Time.MayAct && content.Made > expected.Time.At + AheadMax)
        {
            problems.Add(new TrustProblem(TrustRefusal.FromTheFuture, "The trust bundle says that it was made "
                + $"{content.Made:yyyy-MM-dd HH:mm}Z, and it is {expected.Time.At:yyyy-MM-dd HH:mm}Z",
                "see to the clock of the CA's computer, and of this gateway; then make it anew"));
        }
    }

    private static bool JudgeUse(
        TrustContents contents, BundleEnvelope envelope, TrustExpectation expected, List<TrustProblem> problems)
    {
        var time = expected.Time;
        var trust = new TrustAnchors([.. contents.Roots], contents.Lists);
        if (trust.CheckRevocation(envelope.Signers, time).IsRevoked)
        {
            problems.Add(new TrustProblem(TrustRefusal.RevokedSigner, "Whoever signed the trust bundle is revoked by "
                + "it", Anew));
        }

        Follow(trust, IdentityDirectory.ServerAuthentication, expected.Broker, envelope, time,
            "the broker that it is connected to", "the broker's certificate", problems);
        return Follow(trust, IdentityDirectory.ClientAuthentication, expected.Own, envelope, time,
            "this gateway", "this gateway's certificate", problems);
    }

    /// <summary>
    /// Whether a certificate still leads to a root, under a list that is there. True where a list revokes it.
    /// </summary>
    private static bool Follow(
        TrustAnchors trust, string usage, IReadOnlyList<X509Certificate2> certificates, BundleEnvelope envelope,
        ValidityTime time, string who, string whose, List<TrustProblem> problems)
    {
        if (certificates.Count == 0)
        {
            return false;
        }

        using var chain = new X509Chain { ChainPolicy = trust.ChainPolicy(usage, time) };
        chain.ChainPolicy.ExtraStore.AddRange(certificates.Concat(envelope.Signers).ToArray());

        // Whether it expired is no question of whom to trust.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        if (!chain.Builds(certificates[0]))
        {
            problems.Add(LocksOut(who, $"no root in it stands above {whose}"));
            return false;
        }

        var verdict = trust.CheckRevocation([.. chain.ChainElements.Select(element => element.Certificate)], time);
        if (verdict is { IsRevoked: false, Refusal: not null })
        {
            problems.Add(LocksOut(who, $"it lacks the list of the authority that made {whose}"));
        }

        return verdict.IsRevoked;
    }

    private static TrustProblem LocksOut(string who, string why) => new(TrustRefusal.LocksOut,
        $"The trust bundle would lock {who} out: {why}",
        "keep the old root beside the new one until every gateway and the broker have certificates under the new one");

    private static TrustVerdict Refuse(TrustRefusal refusal, string happened, string todo) =>
        new() { Problems = [new TrustProblem(refusal, happened, todo)] };
}
