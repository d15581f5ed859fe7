using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Requests;

namespace Sluice.Provision.Authority.Elsewhere;

/// <summary>What came of it: the chain where it holds, and all that is wrong.</summary>
internal sealed record ElsewhereVerdict(IReadOnlyList<string> Problems, IReadOnlyList<string> Notes)
{
    /// <summary>The gateway's certificate, what stands above it, the root last; empty where something is wrong.
    /// </summary>
    public IReadOnlyList<X509Certificate2> Chain { get; init; } = [];

    /// <summary>The plant has not been told to believe this root yet.</summary>
    public bool IsRootNew { get; init; }
}

/// <summary>
/// Says whether a certificate that the plant's own CA made may go into a gateway's bundle. A core: what was read goes
/// in, a verdict comes out.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>What is let through the gateway takes: the same rules as there, and a few that would only show at the broker.
/// </item>
/// <item>All that is wrong is told at once: whoever has to ask the CA's people again asks once.</item>
/// <item>A certificate that could sign bundles, or certificates, is nobody's but an authority's.</item>
/// </list>
/// </summary>
/// <param name="request">What the gateway asked for.</param>
/// <param name="given">What the plant's CA handed over.</param>
/// <param name="trusted">What the plant believes already.</param>
/// <param name="now">The time here.</param>
internal sealed class ElsewhereJudge(KeyRequest request, GivenFiles given, GivenFiles trusted, DateTimeOffset now)
{
    private const string ClientUsage = "1.3.6.1.5.5.7.3.2";

    private static readonly TimeSpan SoonLife = TimeSpan.FromDays(30);
    private static readonly TimeSpan SoonList = TimeSpan.FromDays(14);

    private readonly List<string> problems = [];
    private readonly List<string> notes = [];

    private readonly ValidityTime time = ValidityTime.Of(
        now, isClockSet: true, DateTimeOffset.UnixEpoch, lastGood: null, ownNotBefore: null);

    /// <summary>
    /// A CA above the one that made the certificate may have no list: then nobody can take that one back. Never true
    /// of the one that made it.
    /// </summary>
    public bool GoesWithoutUpperLists { get; init; }

    public ElsewhereVerdict Judge()
    {
        var all = given.Certificates.Concat(trusted.Certificates).ToList();
        RefuseLists(all);
        if (FindLeaf() is not { } leaf)
        {
            return new ElsewhereVerdict(problems, notes);
        }

        RefuseLeaf(leaf);
        var chain = Build(leaf, all);
        if (chain.Count > 0)
        {
            RefuseDates(chain);
            RefuseStanding(chain);
        }

        return new ElsewhereVerdict(problems, notes)
        {
            Chain = problems.Count == 0 ? chain : [],
            IsRootNew = chain.Count > 0 && !trusted.Certificates.Any(each => AreSame(each, chain[^1])),
        };
    }

    /// <summary>
    /// The one for the key; else, so that the rest can be told too, the one that was meant. Null where there is none.
    /// </summary>
    private X509Certificate2? FindLeaf()
    {
        if (given.Certificates.FirstOrDefault(each => Fingerprint.OfKey(each) == request.KeyFingerprint) is { } own)
        {
            return own;
        }

        var meant = given.Certificates.FirstOrDefault(each => !IsAuthority(each));
        problems.Add(given.Certificates.Count == 0 ? "There is no certificate."
            : $"None of the {given.Certificates.Count} certificates is for the key of the request, "
                + request.KeyFingerprint + (meant is null ? "; all of them are of authorities."
                : $": '{meant.Subject}' is for {Fingerprint.OfKey(meant)}. Another request was signed, or an older "
                    + "one."));
        return meant;
    }

    private void RefuseLeaf(X509Certificate2 leaf)
    {
        var whose = $"The certificate '{leaf.Subject}'";
        if (IdentityDirectory.CommonName(leaf) is var name && name != request.GatewayId)
        {
            problems.Add($"{whose} has the common name '{name ?? "none, or several"}', and the gateway is "
                + $"'{request.GatewayId}': the broker knows it by that name only.");
        }

        if (PemFile.IsRoot(leaf))
        {
            problems.Add($"{whose} is signed by itself: it was the CA's to sign.");
        }

        if (IsAuthority(leaf))
        {
            problems.Add($"{whose} is one of an authority: with it the gateway could make others.");
        }

        var usages = leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>()
            .SelectMany(each => each.EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>())
            .Select(each => each.Value ?? "").ToList();
        if (usages.Contains(BundleEnvelope.SignerUsage))
        {
            problems.Add($"{whose} may sign bundles (extended key usage {BundleEnvelope.SignerUsage}): no gateway "
                + "may.");
        }

        if (usages.Count == 0)
        {
            notes.Add($"{whose} names no extended key usage, and so counts for every one, a broker's too: clientAuth "
                + "alone would do.");
        }
        else if (!usages.Contains(ClientUsage))
        {
            problems.Add($"{whose} may not be used as a client: its extended key usage lacks clientAuth "
                + $"({ClientUsage}).");
        }

        if (leaf.Extensions.OfType<X509KeyUsageExtension>().Any(each =>
            !each.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature)))
        {
            problems.Add($"{whose} may not sign: its key usage lacks digitalSignature, without which there is no TLS "
                + "1.3.");
        }
    }

    /// <summary>The chain up to a root, without asking for dates and use; empty where something is missing.</summary>
    private List<X509Certificate2> Build(X509Certificate2 leaf, List<X509Certificate2> all)
    {
        using var chain = new X509Chain
        {
            ChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
                VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid,
                VerificationTime = now.UtcDateTime,
            },
        };
        chain.ChainPolicy.CustomTrustStore.AddRange(all.Where(PemFile.IsRoot).ToArray());
        chain.ChainPolicy.ExtraStore.AddRange(all.Where(each => !PemFile.IsRoot(each)).ToArray());
        bool holds;
        try
        {
            holds = chain.Build(leaf);
        }
        catch (System.Security.Cryptography.CryptographicException)
        {
            problems.Add($"The certificate '{leaf.Subject}', or one above it, is damaged.");
            return [];
        }

        var elements = chain.ChainElements.Select(each => X509CertificateLoader.LoadCertificate(
            each.Certificate.RawData)).ToList();
        if (holds)
        {
            RefuseUse(elements);
            return elements;
        }

        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (each, one) => each | one.Status);
        problems.Add((status & (X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot)) != 0
            ? $"Above '{elements[^1].Subject}' stands '{elements[^1].Issuer}', whose certificate is in none of the "
                + "files: ask the CA for the whole chain with its root."
            : "The chain does not hold: " + ChainSentence.Of(status, leaf.Subject, "may not be used so") + ".");
        return [];
    }

    /// <summary>An authority above may narrow what is below it, and the gateway goes by that.</summary>
    private void RefuseUse(List<X509Certificate2> chain)
    {
        foreach (var above in chain.Skip(1))
        {
            var usages = above.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(each =>
                each.EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>()).Select(each => each.Value).ToList();
            if (usages.Count > 0 && !usages.Contains(ClientUsage) && !usages.Contains("2.5.29.37.0"))
            {
                problems.Add($"The authority '{above.Subject}' may make no certificates for clients: its extended key "
                    + "usage says so.");
            }
        }
    }

    private void RefuseDates(List<X509Certificate2> chain)
    {
        foreach (var each in chain)
        {
            if (time.Problem($"The certificate '{each.Subject}'", Begin(each), End(each)) is { } wrong)
            {
                problems.Add(wrong + ".");
            }
        }

        var first = chain.MinBy(End)!;
        if (End(first) > now && End(first) - now < SoonLife)
        {
            notes.Add($"'{first.Subject}' is valid for {(End(first) - now).TotalDays:0} days only.");
        }
    }

    /// <summary>Each authority's list: there, fresh, and not naming anybody of the chain.</summary>
    private void RefuseStanding(List<X509Certificate2> chain)
    {
        var lists = given.Lists.Concat(trusted.Lists).ToList();
        for (var at = 0; at + 1 < chain.Count; at++)
        {
            var authority = chain[at + 1];
            var newest = lists.Where(each => each.List.IsSignedBy(authority)).MaxBy(each => each.List.ThisUpdate)?.List;
            if (newest is null)
            {
                var missing = $"There is no revocation list of '{authority.Subject}'";
                if (at > 0 && GoesWithoutUpperLists)
                {
                    notes.Add($"{missing}: gateways will say so, and nobody can take '{chain[at].Subject}' back.");
                    continue;
                }

                problems.Add(at == 0
                    ? $"{missing}, which made the certificate: no gateway believes a certificate without, for nobody "
                        + "could ever take it back. Have the CA make one (openssl ca -gencrl), also an empty one, and "
                        + "give it as --crl."
                    : $"{missing}: give it as --crl, or say --without-upper-crl where that CA makes none.");
                continue;
            }

            if (newest.IsRevoked(chain[at]))
            {
                problems.Add($"The certificate '{chain[at].Subject}', serial {chain[at].SerialNumber}, was revoked by "
                    + $"'{authority.Subject}'.");
            }

            if (newest.NextUpdate < now)
            {
                problems.Add($"The revocation list of '{authority.Subject}' should have been replaced by "
                    + $"{newest.NextUpdate:yyyy-MM-dd HH:mm}Z: bring a newer one.");
            }
            else if (newest.NextUpdate - now < SoonList)
            {
                notes.Add($"The revocation list of '{authority.Subject}' is good until "
                    + $"{newest.NextUpdate:yyyy-MM-dd HH:mm}Z only.");
            }
        }
    }

    private void RefuseLists(List<X509Certificate2> all)
    {
        foreach (var each in given.Lists.Where(each => !all.Exists(each.List.IsSignedBy)))
        {
            problems.Add($"The list of '{each.List.IssuerName}' is signed by none of the authorities that are here.");
        }
    }

    private static bool IsAuthority(X509Certificate2 certificate) => certificate.Extensions
        .OfType<X509BasicConstraintsExtension>().Any(each => each.CertificateAuthority);

    private static bool AreSame(X509Certificate2 one, X509Certificate2 other) =>
        one.RawDataMemory.Span.SequenceEqual(other.RawData);

    private static DateTimeOffset Begin(X509Certificate2 certificate) =>
        new(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero);

    private static DateTimeOffset End(X509Certificate2 certificate) =>
        new(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);
}
