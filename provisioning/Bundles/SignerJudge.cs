using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Trust;

namespace Sluice.Provisioning.Bundles;

/// <summary>Why a signature is not believed.</summary>
internal sealed record SignerRefusal(BundleRefusal Refusal, string Happened, string Do);

/// <summary>
/// Says whether an envelope was signed by somebody who may. A core. Nothing of the payload is looked at: it is not
/// worth parsing before this has said yes.
/// </summary>
internal static class SignerJudge
{
    /// <param name="envelope">A bundle or a trust bundle.</param>
    /// <param name="pinned">The roots that were confirmed once; null: any root, and the caller asks about it.</param>
    /// <param name="time">By which dates are judged.</param>
    public static SignerRefusal? Refuse(BundleEnvelope envelope, TrustAnchors? pinned, ValidityTime time)
    {
        var what = envelope.Kind.Name;
        if (!envelope.IsSignedBySigner())
        {
            return new SignerRefusal(BundleRefusal.BrokenSignature, $"The {what}'s signature is broken: it was "
                + "altered, or damaged on its way",
                "copy it again; if that does not help, have the plant's CA make it anew");
        }

        // Not disposed: the root is the envelope's.
        var first = new TrustAnchors([envelope.Root], []);
        using var chain = new X509Chain
        {
            ChainPolicy = (pinned ?? first).ChainPolicy(BundleEnvelope.SignerUsage, time),
        };
        chain.ChainPolicy.ExtraStore.AddRange(envelope.Signers.ToArray());

        // The gateway's clock may be dead: dates are judged below, where clock and certificate are told apart.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        var signer = envelope.Signers[0];
        if (!chain.Builds(signer) || !MaySign(signer))
        {
            var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
            return Foreign(what, status, signer, pinned is not null);
        }

        var elements = chain.ChainElements.Select(element => element.Certificate).ToList();
        if (!elements[^1].RawDataMemory.Span.SequenceEqual(envelope.Root.RawData))
        {
            return Foreign(what, X509ChainStatusFlags.PartialChain, signer, pinned is not null);
        }

        return RefuseDates(what, elements, time) ?? (
            pinned is { RevocationLists.Count: > 0 } && pinned.CheckRevocation(elements, time).IsRevoked
                ? new SignerRefusal(BundleRefusal.RevokedSigner, $"The {what} was signed by '{signer.Subject}', "
                    + $"serial {signer.SerialNumber}, which the plant's CA has revoked",
                    $"do not use this {what}, and tell the plant's CA that there is one")
                : null);
    }

    private static SignerRefusal? RefuseDates(string what, List<X509Certificate2> elements, ValidityTime time)
    {
        foreach (var element in elements)
        {
            var notBefore = new DateTimeOffset(element.NotBefore.ToUniversalTime(), TimeSpan.Zero);
            var notAfter = new DateTimeOffset(element.NotAfter.ToUniversalTime(), TimeSpan.Zero);

            // It was signed, so it is later than that: a dead clock is no reason to refuse.
            var signed = time.MayAct ? time : time.NotBefore(notBefore, "it was signed");
            if (signed.Problem($"the certificate '{element.Subject}'", notBefore, notAfter) is { } dates)
            {
                return new SignerRefusal(BundleRefusal.ForeignSigner, $"The {what}'s signature is not believed: "
                    + dates, $"see to the gateway's clock first; if that is right, have the plant's CA make the {what} "
                    + "anew");
            }
        }

        return null;
    }

    private static SignerRefusal Foreign(
        string what, X509ChainStatusFlags status, X509Certificate2 signer, bool isPinned)
    {
        if (isPinned && (status & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
        {
            return new SignerRefusal(BundleRefusal.ForeignSigner, $"The {what} was signed by '{signer.Subject}', "
                + "which does not lead to the root that this gateway trusts: it is of another plant, or the plant has "
                + "a new CA", $"bring the {what} of this plant; if the plant's CA was replaced and the old one cannot "
                + "sign any more, begin anew with 'sluice-agent identity wipe'");
        }

        return new SignerRefusal(BundleRefusal.ForeignSigner, $"The {what}'s signature is not believed: "
            + ChainSentence.Of(status, signer.Subject, "may not sign bundles (it lacks the extended key usage "
                + $"{BundleEnvelope.SignerUsage})"),
            "have it signed with the certificate that the plant's CA made for that");
    }

    /// <summary>Asked here too: a chain takes a certificate that names no usage for one of every usage.</summary>
    private static bool MaySign(X509Certificate2 signer) => signer.Extensions
        .OfType<X509EnhancedKeyUsageExtension>()
        .Any(usages => usages.EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>()
            .Any(usage => usage.Value == BundleEnvelope.SignerUsage));
}
