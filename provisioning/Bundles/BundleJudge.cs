using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Trust;

namespace Sluice.Provisioning.Bundles;

/// <summary>
/// Says whether a gateway takes a bundle. A core: bytes and what is known go in, a verdict comes out; all that is
/// asked of the outside is whether a person confirms the first root.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>Nothing inside is parsed before the signature fits, its signer may sign bundles, and its chain ends at a root
/// that was pinned or that a person has just confirmed.</item>
/// <item>What is taken would load: the chain leads to one of the roots, the key is here, no list revokes it.</item>
/// <item>The root under which it was signed stays among the roots: else no later bundle could follow.</item>
/// </list>
/// </summary>
public static class BundleJudge
{
    public static BundleVerdict Judge(ReadOnlyMemory<byte> bytes, BundleExpectation expected)
    {
        if (BundleEnvelope.Open(bytes, out var problem) is not { } envelope)
        {
            return Refuse(BundleRefusal.NotABundle, $"This cannot be read as a bundle: {problem}",
                "copy it again from where it was made, and take the stick out only when that says it is done");
        }

        if (RefuseSigner(envelope, expected) is { } refusal)
        {
            return refusal;
        }

        if (BundleContent.Read(envelope.Payload, out problem) is not { } content)
        {
            return Refuse(BundleRefusal.Unusable, $"The bundle is signed, and cannot be used: {problem}",
                "have the plant's CA make it anew, with the version of sluice-provision that fits this agent");
        }

        var verdict = RefuseContent(content, envelope, expected) ?? JudgeIdentity(content, envelope, expected);
        return verdict with { Root = envelope.Root };
    }

    private static BundleVerdict? RefuseSigner(BundleEnvelope envelope, BundleExpectation expected)
    {
        if (SignerJudge.Refuse(envelope, expected.Pinned, expected.Time) is { } refusal)
        {
            return Refuse(refusal.Refusal, refusal.Happened, refusal.Do);
        }

        return expected.Pinned is null && !expected.ConfirmsRoot(envelope.Root)
            ? Refuse(BundleRefusal.RootNotConfirmed, "This is the first bundle, and nobody confirmed that its root is "
                + $"the plant's: {Requests.Fingerprint.Of(envelope.Root)} ({envelope.Root.Subject})",
                "compare it with what the plant's CA says of itself by another way than the stick; then import again "
                + "and confirm it, or give it as --root-fingerprint")
                with { Root = envelope.Root }
            : null;
    }

    private static BundleVerdict? RefuseContent(
        BundleContent content, BundleEnvelope envelope, BundleExpectation expected)
    {
        if (content.Site != expected.Site)
        {
            return Refuse(BundleRefusal.WrongPlant, $"The bundle is for plant '{content.Site}', and this gateway "
                + $"belongs to '{expected.Site}'", "bring the bundle of this plant, or correct gateway.site in the "
                + "configuration");
        }

        if (content.Gateway != expected.GatewayId)
        {
            return Refuse(BundleRefusal.WrongGateway, $"The bundle is for gateway '{content.Gateway}', and this one "
                + $"is '{expected.GatewayId}'", "bring the bundle that belongs here");
        }

        if (content.Version <= expected.VersionMax)
        {
            return Refuse(BundleRefusal.OldVersion, $"The bundle is version {content.Version}, and this gateway has "
                + $"already taken in version {expected.VersionMax}: an old one could bring back a certificate that was "
                + "revoked", "bring the newest bundle; to return to the identity before, there is "
                + "'sluice-agent identity rollback'");
        }

        if (expected.Time.MayAct && expected.Time.At < content.NotBefore)
        {
            return Refuse(BundleRefusal.NotYet, $"The bundle counts from {content.NotBefore:yyyy-MM-dd HH:mm}Z on",
                "import it then");
        }

        return content.Roots.Any(root => root.Span.SequenceEqual(envelope.Root.RawData))
            ? null
            : Refuse(BundleRefusal.Unusable, "The bundle does not hold the root under which it was signed, so no later "
                + "bundle could follow it", "have the plant's CA make it anew with both roots, the old and the new");
    }

    private static BundleVerdict JudgeIdentity(
        BundleContent content, BundleEnvelope envelope, BundleExpectation expected)
    {
        const string anew = "have the plant's CA make the bundle anew";
        if (BundleContent.Certificates(content.Chain) is not { } chain
            || BundleContent.Certificates(content.Roots) is not { } roots)
        {
            return Refuse(BundleRefusal.Unusable, "A certificate in the bundle is damaged", anew);
        }

        var lists = content.RevocationLists.Select(der => RevocationList.Parse(der, out _)).ToList();
        if (lists.Contains(null))
        {
            return Refuse(BundleRefusal.Unusable, "A revocation list in the bundle is damaged", anew);
        }

        using var trust = new TrustAnchors(roots, lists!);
        var leaf = chain[0];
        if (IdentityDirectory.CommonName(leaf) != expected.GatewayId)
        {
            return Refuse(BundleRefusal.WrongGateway, $"The certificate in the bundle is for '{leaf.Subject}', and "
                + $"this gateway is '{expected.GatewayId}'", anew);
        }

        if (!expected.HasKeyOf(leaf))
        {
            return Refuse(BundleRefusal.OtherKey, "The certificate in the bundle is for a key that this gateway does "
                + "not have: the request was made before its key was made anew, or by another gateway of that name",
                "export the request that is here now, and have that one signed");
        }

        using var built = new X509Chain
        {
            ChainPolicy = trust.ChainPolicy(IdentityDirectory.ClientAuthentication, expected.Time),
        };
        built.ChainPolicy.ExtraStore.AddRange(chain);
        built.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        if (!built.Builds(leaf))
        {
            var status = built.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
            return Refuse(BundleRefusal.Unusable, "The identity in the bundle does not hold together: "
                + ChainSentence.Of(status, leaf.Subject, "may not be used as a client (extended key usage "
                + "clientAuth)"), anew);
        }

        var elements = built.ChainElements.Select(element => element.Certificate).ToList();
        var signers = trust.CheckRevocation([.. envelope.Signers], expected.Time);
        if (signers.IsRevoked)
        {
            return Refuse(BundleRefusal.RevokedSigner, $"Whoever signed the bundle is revoked by it: "
                + signers.Refusal, anew);
        }

        var own = trust.CheckRevocation(elements, expected.Time);
        return own.Refusal is { } refused
            ? Refuse(BundleRefusal.Unusable, $"The identity in the bundle cannot be used: {refused}", anew)
            : Take(content, leaf, expected, own.Warnings);
    }

    private static BundleVerdict Take(
        BundleContent content, X509Certificate2 leaf, BundleExpectation expected, IReadOnlyList<string> warnings)
    {
        var notBefore = new DateTimeOffset(leaf.NotBefore.ToUniversalTime(), TimeSpan.Zero);
        var notAfter = new DateTimeOffset(leaf.NotAfter.ToUniversalTime(), TimeSpan.Zero);
        var time = expected.Time.MayAct ? expected.Time : expected.Time.NotBefore(content.Made, "the bundle was made");
        var dates = time.Problem("the certificate in the bundle", notBefore, notAfter);
        if (time.Judge(notBefore, notAfter) == DateVerdict.Expired)
        {
            return Refuse(BundleRefusal.Unusable, $"The bundle is too old: {dates}", "bring the newest bundle");
        }

        return new BundleVerdict(BundleRefusal.None, "", "", content)
        {
            Serial = leaf.SerialNumber,
            Warnings = dates is null ? warnings : [dates, .. warnings],
        };
    }

    private static BundleVerdict Refuse(BundleRefusal refusal, string happened, string todo) =>
        new(refusal, happened, todo, null);
}
