using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Revocation;

namespace Sluice.Provisioning.Trust;

/// <summary>
/// Whom this gateway believes: the plant's own roots and nobody else's, and the revocation lists that came with them.
/// Nothing is ever fetched over a network to find out more.
/// </summary>
public sealed class TrustAnchors : IDisposable
{
    public TrustAnchors(X509Certificate2Collection roots, IReadOnlyList<RevocationList> revocationLists)
    {
        Roots = roots;
        RevocationLists = revocationLists;
    }

    public X509Certificate2Collection Roots { get; }

    public IReadOnlyList<RevocationList> RevocationLists { get; }

    /// <summary>What is done about lists that get old.</summary>
    public RevocationPolicy Policy { get; init; } = RevocationPolicy.WarnsOnly;

    /// <summary>
    /// The rules by which a chain is built: these roots only, no download, no revocation lookup of the platform's (it
    /// would go to the network; ours follows), and the stated use.
    /// </summary>
    public X509ChainPolicy ChainPolicy(string extendedKeyUsage, ValidityTime time)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            VerificationFlags = X509VerificationFlags.NoFlag,
            VerificationTimeIgnored = false,
            VerificationTime = time.At.UtcDateTime,
        };
        policy.CustomTrustStore.AddRange(Roots);
        policy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(extendedKeyUsage));
        return policy;
    }

    /// <summary>
    /// Checks every certificate below the root against its issuer's revocation list. A list past its date warns and
    /// goes on counting: a late CRL must not lock every gateway of a plant out, unless <see cref="Policy"/> says so. A
    /// certificate whose issuer's list is missing is refused at the end of the chain, and warned of above it.
    /// </summary>
    public RevocationVerdict CheckRevocation(IReadOnlyList<X509Certificate2> chainLeafFirst, ValidityTime time)
    {
        var warnings = new List<string>();
        for (var i = 0; i + 1 < chainLeafFirst.Count; i++)
        {
            var certificate = chainLeafFirst[i];
            var issuer = chainLeafFirst[i + 1];
            var list = RevocationLists.LastOrDefault(known => known.IsSignedBy(issuer));
            if (list is null)
            {
                var missing = $"the identity's crl.pem holds no revocation list of '{issuer.Subject}' (signed by it)";
                if (i == 0)
                {
                    return new RevocationVerdict(
                        false, $"{missing}, so nobody can say whether '{certificate.Subject}' was revoked; "
                        + "have the plant's CA make a bundle with that list", warnings);
                }

                warnings.Add(missing);
                continue;
            }

            if (list.IsRevoked(certificate))
            {
                return new RevocationVerdict(
                    true, $"the certificate '{certificate.Subject}', serial {certificate.SerialNumber}, was revoked "
                    + $"by '{issuer.Subject}'", warnings);
            }

            if (list.LateProblem(time, Policy) is { } late)
            {
                return new RevocationVerdict(false, late, warnings) { IsLate = true };
            }

            if (list.AgeProblem(time, Policy) is { } age)
            {
                warnings.Add(age);
            }
        }

        return new RevocationVerdict(false, null, warnings);
    }

    public void Dispose()
    {
        foreach (var root in Roots)
        {
            root.Dispose();
        }
    }
}

/// <summary>What the revocation lists say about a chain.</summary>
/// <param name="IsRevoked">A certificate of the chain stands on a list.</param>
/// <param name="Refusal">Why the chain is refused, or null.</param>
/// <param name="Warnings">What is not as it should be, but does not stop anything.</param>
public sealed record RevocationVerdict(bool IsRevoked, string? Refusal, IReadOnlyList<string> Warnings)
{
    /// <summary>Refused because a list is later than the plant allows.</summary>
    public bool IsLate { get; init; }
}
