using System.Security.Cryptography.X509Certificates;
using Sluice.Agent.Configuration;
using Sluice.Provisioning.Bundles;

namespace Sluice.Agent.Renewal;

/// <summary>
/// Says whether a bundle is the renewal that was asked for: all that <see cref="BundleJudge"/> demands, and what only a
/// machine that nobody watches must demand besides. A core.
/// </summary>
internal sealed class RenewalJudge(GatewayName gateway)
{
    /// <summary>Two clocks that are both set differ by less.</summary>
    private static readonly TimeSpan SkewMax = TimeSpan.FromMinutes(10);

    /// <summary>Longer than any authority signs for a machine: its clock or its policy is wrong.</summary>
    private static readonly TimeSpan LifeMax = TimeSpan.FromDays(9 * 366);

    public BundleVerdict Judge(ReadOnlyMemory<byte> bundle, RenewalSubject before, BundleExpectation expected)
    {
        if (expected.Pinned is null)
        {
            return Refuse($"{gateway.Id} has no root that it trusts, and nobody who could confirm one");
        }

        var verdict = BundleJudge.Judge(bundle, expected);
        if (!verdict.IsTaken)
        {
            return verdict;
        }

        using var leaf = X509CertificateLoader.LoadCertificate(verdict.Content!.Chain[0].Span);
        return Objection(leaf, before, expected.Time.At) is { } objection ? Refuse(objection) : verdict;
    }

    private static string? Objection(X509Certificate2 leaf, RenewalSubject before, DateTimeOffset at)
    {
        var notBefore = new DateTimeOffset(leaf.NotBefore.ToUniversalTime(), TimeSpan.Zero);
        var notAfter = new DateTimeOffset(leaf.NotAfter.ToUniversalTime(), TimeSpan.Zero);
        if (leaf.SubjectName.Name != before.Subject)
        {
            return $"the certificate names '{leaf.SubjectName.Name}', the one in use '{before.Subject}'";
        }

        if (leaf.SerialNumber == before.Serial)
        {
            return "the certificate is the one that is in use";
        }

        if (notBefore > at + SkewMax)
        {
            return $"the certificate is valid from {notBefore:yyyy-MM-dd HH:mm}Z on, and it is {at:yyyy-MM-dd HH:mm}Z";
        }

        if (notAfter - notBefore > LifeMax)
        {
            return $"the certificate is valid until {notAfter:yyyy-MM-dd}, longer than any authority signs for a "
                + "gateway";
        }

        return RenewalTimes.Due(notBefore, notAfter, 0) <= at
            ? $"the certificate is valid until {notAfter:yyyy-MM-dd HH:mm}Z: it would be due for renewal at once"
            : null;
    }

    private static BundleVerdict Refuse(string happened) =>
        new(BundleRefusal.Unusable, happened, "see to the registration authority", null);
}
