using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Trust;

namespace Sluice.Provisioning.Identities;

/// <summary>
/// Reads the identity that is active: <c>current -> versions/NNNN/</c> with <c>key.pem</c> (mode 0600),
/// <c>chain.pem</c> (leaf first), <c>roots.pem</c>, <c>crl.pem</c> and <c>bundle.json</c>. Nothing is written here, and
/// nothing throws for what stands in the files: every problem is a sentence, and all of them are told at once.
/// </summary>
public static class IdentityDirectory
{
    public const string Current = "current";
    public const string KeyFile = "key.pem";
    public const string ChainFile = "chain.pem";
    public const string RootsFile = "roots.pem";
    public const string RevocationFile = "crl.pem";
    public const string BundleFile = "bundle.json";

    internal const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    internal const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <param name="directory">The identity directory of the configuration.</param>
    /// <param name="gatewayId">The id that the certificate must name.</param>
    /// <param name="time">
    /// Now, as far as the gateway knows; what the identity itself proves of it is added here.
    /// </param>
    /// <param name="policy">What is done about lists that get old; null: they are warned of.</param>
    public static IdentityLoadResult Load(
        string directory, string gatewayId, ValidityTime time, RevocationPolicy? policy = null) =>
        Load(directory, Current, gatewayId, time, policy);

    /// <summary>The same for what another link leads to: an identity that is tried before it is used.</summary>
    /// <param name="directory">The identity directory of the configuration.</param>
    /// <param name="link">The link.</param>
    /// <param name="gatewayId">The id that the certificate must name.</param>
    /// <param name="time">Now, as far as the gateway knows.</param>
    /// <param name="policy">What is done about lists that get old; null: they are warned of.</param>
    /// <param name="tpm">Where a key may be; null: the board's.</param>
    public static IdentityLoadResult Load(
        string directory, string link, string gatewayId, ValidityTime time, RevocationPolicy? policy = null,
        ITpm? tpm = null) => Read(directory, link, gatewayId, time, policy, tpm ?? BoardTpm.Instance);

    /// <summary>
    /// The same for whoever wants to know of it and not to use it: a key in a TPM is left alone, and its certificate
    /// comes without.
    /// </summary>
    public static IdentityLoadResult Look(
        string directory, string link, string gatewayId, ValidityTime time, RevocationPolicy? policy = null) =>
        Read(directory, link, gatewayId, time, policy, null);

    private static IdentityLoadResult Read(
        string directory, string link, string gatewayId, ValidityTime time, RevocationPolicy? policy, ITpm? tpm)
    {
        var problems = new List<IdentityProblem>();
        var current = Path.Combine(directory, link);
        if (!Directory.Exists(current))
        {
            var sentence = Directory.Exists(directory)
                ? $"there is no '{link}' that leads to an identity in versions/; import one and activate it"
                : "this gateway has no identity yet: there is no such directory; have one made by the plant's CA and "
                    + "import it";
            return new IdentityLoadResult(null, [new IdentityProblem(directory, sentence, Blocks: true)]);
        }

        try
        {
            return LoadCurrent(
                new IdentityFiles(current, problems, tpm), current, gatewayId, time,
                policy ?? RevocationPolicy.WarnsOnly, problems);
        }
        catch (Exception exception) when (
            exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            // A file that changed while it was read, or a certificate so odd that the platform cannot take it apart.
            var sentence = $"the identity cannot be read ({exception.Message}); import the bundle again";
            problems.Add(new IdentityProblem(current, sentence, Blocks: true));
            return new IdentityLoadResult(null, problems);
        }
    }

    /// <summary>The certificate's common name, or null where it has none or several.</summary>
    public static string? CommonName(X509Certificate2 certificate)
    {
        var names = SubjectNames.Of(certificate.SubjectName)
            .Where(part => part.Type == SubjectNames.CommonName).Take(2).ToList();
        return names.Count == 1 ? names[0].Value : null;
    }

    private static IdentityLoadResult LoadCurrent(
        IdentityFiles files, string current, string gatewayId, ValidityTime time, RevocationPolicy policy,
        List<IdentityProblem> problems)
    {
        using var key = files.ReadKey();
        var chain = files.ReadCertificates(ChainFile,
            "the gateway's certificate and what stands between it and the root");
        var roots = files.ReadCertificates(RootsFile, "the plant's root certificates");
        var lists = files.ReadRevocationLists();
        files.CheckBundle(gatewayId);
        foreach (var made in lists.Select(list => list.ThisUpdate).Concat(chain.Take(1).Select(NotBefore)))
        {
            time = time.NotBefore(made, Identity.MadeWords);
        }

        var trust = new TrustAnchors(roots, lists) { Policy = policy };
        RevocationVerdict? revocation = null;
        X509Certificate2? leaf = null;
        if (chain.Count > 0)
        {
            leaf = Join(files, chain[0], key);
            revocation = CheckLeaf(files, chain, trust, gatewayId, time);
            files.WarnOfAge(trust, time);
        }

        if (leaf is null || problems.Exists(problem => problem.Blocks))
        {
            leaf?.Dispose();
            trust.Dispose();
            Dispose(chain);
            return new IdentityLoadResult(null, problems) { Revocation = revocation };
        }

        chain[0].Dispose();
        chain.RemoveAt(0);
        return new IdentityLoadResult(new Identity(gatewayId, VersionOf(current), leaf, chain, trust), problems)
        {
            Revocation = revocation,
        };
    }

    private static X509Certificate2? Join(IdentityFiles files, X509Certificate2 leaf, AsymmetricAlgorithm? key)
    {
        try
        {
            return key switch
            {
                ECDsa publicHalf when files.IsOnlyLookedAt =>
                    publicHalf.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(
                        leaf.PublicKey.ExportSubjectPublicKeyInfo())
                        ? X509CertificateLoader.LoadCertificate(leaf.RawData)
                        : throw new ArgumentException("Another key."),
                ECDsa ecdsa => leaf.CopyWithPrivateKey(ecdsa),
                RSA rsa => leaf.CopyWithPrivateKey(rsa),
                _ => null,
            };
        }
        catch (Exception exception) when (
            exception is ArgumentException or InvalidOperationException or CryptographicException)
        {
            files.Problem(KeyFile, $"the key is not the one of the certificate '{leaf.Subject}' in {ChainFile}: "
                + "the bundle was made for another request; make a new request from this gateway's key");
            return null;
        }
    }

    private static RevocationVerdict? CheckLeaf(
        IdentityFiles files, X509Certificate2Collection chain, TrustAnchors trust, string gatewayId, ValidityTime time)
    {
        var leaf = chain[0];
        if (CommonName(leaf) is not { } name || !string.Equals(name, gatewayId, StringComparison.Ordinal))
        {
            files.Problem(ChainFile, $"the certificate is for '{CommonName(leaf) ?? leaf.Subject}', this gateway is "
                + $"'{gatewayId}': the bundle belongs to another gateway, or gateway.id in the configuration is wrong");
        }

        CheckDates(files, leaf, time);
        return trust.Roots.Count > 0 ? CheckChain(files, chain, trust, time) : null;
    }

    /// <summary>Warnings, whatever they say: the broker judges by its own clock, and a try costs nothing.</summary>
    private static void CheckDates(IdentityFiles files, X509Certificate2 certificate, ValidityTime time)
    {
        if (time.Problem($"the certificate '{certificate.Subject}'", NotBefore(certificate), NotAfter(certificate))
            is { } dates)
        {
            files.Warning(ChainFile, time.Judge(NotBefore(certificate), NotAfter(certificate)) == DateVerdict.Expired
                ? $"{dates}: the broker will refuse it; bring a new bundle"
                : dates);
        }
    }

    private static DateTimeOffset NotBefore(X509Certificate2 certificate) =>
        new(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero);

    private static DateTimeOffset NotAfter(X509Certificate2 certificate) =>
        new(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero);

    private static RevocationVerdict? CheckChain(
        IdentityFiles files, X509Certificate2Collection certificates, TrustAnchors trust, ValidityTime time)
    {
        using var chain = new X509Chain { ChainPolicy = trust.ChainPolicy(ClientAuthentication, time) };
        chain.ChainPolicy.ExtraStore.AddRange(certificates);

        // Dates are told one by one as warnings: they may be the clock's fault, and then the chain is still the right
        // one.
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid;
        if (!chain.Build(certificates[0]))
        {
            var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
            files.Problem(ChainFile, ChainSentence.Of(status, certificates[0].Subject, "may not be used as a client "
                + "(extended key usage clientAuth)"));
            return null;
        }

        var elements = chain.ChainElements.Select(element => element.Certificate).ToList();
        elements.Skip(1).ToList().ForEach(above => CheckDates(files, above, time));
        var verdict = trust.CheckRevocation(elements, time);
        if (verdict.IsRevoked)
        {
            files.Problem(RevocationFile,
                $"{verdict.Refusal}: this gateway may not publish any more; bring a new bundle");
        }
        else if (verdict.Refusal is { } refusal)
        {
            files.Warning(RevocationFile, refusal);
        }

        return verdict;
    }

    private static string VersionOf(string current)
    {
        var target = Directory.ResolveLinkTarget(current, returnFinalTarget: true);
        return target?.Name ?? Current;
    }

    private static void Dispose(X509Certificate2Collection certificates)
    {
        foreach (var certificate in certificates)
        {
            certificate.Dispose();
        }
    }
}
