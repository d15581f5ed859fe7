using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Trust;

namespace Sluice.Provision.Authority;

/// <summary>
/// A plant's CA at work. What it signs stands in the register before anybody gets it: a certificate that nobody knows
/// of could never be revoked.
/// </summary>
internal sealed class PlantAuthority(AuthorityFolder folder, TimeProvider clock)
{
    private const string RootKey = "root/root.key";
    private const string TrustFile = "trust.bundle";

    private static readonly string[] ListFiles = ["crl.pem", "root-crl.pem"];

    /// <summary>Signers, signature, and the digits of version and date.</summary>
    private const int AroundBytesMax = 8 << 10;

    private static readonly TimeSpan RootLife = TimeSpan.FromDays(20 * 365);
    private static readonly TimeSpan IssuingLife = TimeSpan.FromDays(10 * 365);

    /// <summary>Rounds by which a passphrase becomes a key, as OWASP says for PBKDF2 with SHA-256 (2023).</summary>
    public int PassphraseRounds { get; init; } = 600_000;

    public X509Certificate2 Root => folder.ReadCertificate("root.pem");

    /// <summary>False where the plant's own CA makes the certificates, and this one bundles around them.</summary>
    public bool Issues => folder.Has("issuing.pem");

    /// <summary>Makes everything: root, issuing authority, signer of bundles, both lists, an empty register.</summary>
    public void Make(string site, string rootPassphrase, string passphrase)
    {
        var now = clock.GetUtcNow();
        using var rootKey = NewKey();
        using var issuingKey = NewKey();
        using var signerKey = NewKey();
        using var root = CertificateMaker.Root(site, rootKey, now, RootLife);
        using var issuing = CertificateMaker.Issuing(site, issuingKey, root, rootKey, now, IssuingLife);
        using var signer = CertificateMaker.Signer(site, signerKey, issuing, issuingKey, now, IssuingLife);
        Keep(RootKey, rootKey, rootPassphrase);
        Keep("issuing.key", issuingKey, passphrase);
        Keep("signer.key", signerKey, passphrase);
        Keep("root.pem", root);
        Keep("issuing.pem", issuing);
        Keep("signer.pem", signer);
        using var rootWithKey = X509CertificateLoader.LoadCertificate(root.RawData).CopyWithPrivateKey(rootKey);
        WriteList("root-crl.pem", rootWithKey, 1, now, IssuingLife, []);
        using var issuingWithKey = issuing.CopyWithPrivateKey(issuingKey);
        WriteList("crl.pem", issuingWithKey, 1, now, TimeSpan.FromDays(90), []);

        // Last: the folder is a CA from here on.
        folder.Write(new Register { Site = site, CrlNumber = 1 });
    }

    /// <summary>
    /// Makes what a plant needs that has a CA of its own: a root and a signer for bundles, and nobody who issues.
    /// </summary>
    public void MakeForBundles(string site, string rootPassphrase, string passphrase)
    {
        var now = clock.GetUtcNow();
        using var rootKey = NewKey();
        using var signerKey = NewKey();
        using var root = CertificateMaker.BundleRoot(site, rootKey, now, RootLife);
        using var signer = CertificateMaker.Signer(site, signerKey, root, rootKey, now, IssuingLife);
        Keep(RootKey, rootKey, rootPassphrase);
        Keep("signer.key", signerKey, passphrase);
        Keep("root.pem", root);
        Keep("signer.pem", signer);
        using var rootWithKey = X509CertificateLoader.LoadCertificate(root.RawData).CopyWithPrivateKey(rootKey);
        WriteList("root-crl.pem", rootWithKey, 1, now, IssuingLife, []);
        folder.Write(new Register { Site = site, BundlesOnly = true });
    }

    /// <summary>A certificate and a bundle for a gateway's request.</summary>
    public (byte[] Bundle, Registered Registered, int Version) Sign(
        KeyRequest request, string passphrase, TimeSpan life, string correlation = "")
    {
        using var issuing = folder.ReadCertificate("issuing.pem");
        using var issuingKey = folder.ReadKey("issuing.key", passphrase);
        var register = folder.ReadRegister();
        var now = clock.GetUtcNow();
        using var certificate = CertificateMaker.Client(
            request.GatewayId, register.Site,
            PublicKey.CreateFromSubjectPublicKeyInfo(request.PublicKeyInfo.Span, out _), issuing, issuingKey, now,
            life);
        var registered = Enter(register, certificate, request.GatewayId, "gateway", correlation);
        var (bundle, version) = Bundle(request.GatewayId, passphrase);
        return (bundle, registered, version);
    }

    /// <summary>
    /// A newer bundle for a gateway's newest certificate: fresh lists, roots, broker. Null where it has none.
    /// </summary>
    /// <param name="gateway">Whose.</param>
    /// <param name="passphrase">Of the keys of every day.</param>
    /// <param name="above">A version that the gateway is known to have: the new one is higher.</param>
    /// <param name="configuration">What the gateway shall do from then on; null: what it does.</param>
    public (byte[] Bundle, int Version) Bundle(
        string gateway, string passphrase, int above = 0, BundleConfiguration? configuration = null)
    {
        var register = folder.ReadRegister();
        var newest = register.Issued.LastOrDefault(each =>
            each.Name == gateway && each.Kind == "gateway" && each.RevokedAt is null)
            ?? throw new InvalidOperationException("The verb looks whether there is one.");
        using var key = folder.ReadKey("signer.key", passphrase);
        var chain = ChainOf(newest);
        var signers = Signers();
        var trusted = TrustedFolder.Read(folder);
        var version = NextVersion(register, gateway, above);
        folder.Write(register with
        {
            Bundles = new Dictionary<string, int>(register.Bundles) { [gateway] = version },
        });
        var content = new BundleContent
        {
            Gateway = gateway,
            Site = register.Site,
            Version = version,
            Made = clock.GetUtcNow(),
            NotBefore = new DateTimeOffset(chain[0].NotBefore.ToUniversalTime(), TimeSpan.Zero),
            Chain = [.. chain.Select(each => (ReadOnlyMemory<byte>)each.RawData)],
            Roots = [signers[^1].RawData, .. trusted.Roots],
            RevocationLists = [.. OwnLists(), .. trusted.Lists],
            Broker = register.Broker is { } broker
                ? new BundleBroker(broker.Host, [.. broker.Addresses.Select(IPAddress.Parse)], broker.Port)
                : null,
            Configuration = configuration,
        };
        return (BundleEnvelope.Seal(content.Write(), signers, key), version);
    }

    /// <summary>The number of the next bundle: it only goes up.</summary>
    public static int NextVersion(Register register, string gateway, int above) =>
        Math.Max(register.Bundles.GetValueOrDefault(gateway), above) + 1;

    /// <summary>
    /// Enters a certificate that another CA made, with what stands between it and the root. Known already: as it is.
    /// </summary>
    public Registered EnterElsewhere(string gateway, IReadOnlyList<X509Certificate2> leafFirst)
    {
        var register = folder.ReadRegister();
        var made = Registration(leafFirst[0], gateway, "gateway", "") with { Issuer = leafFirst[0].Issuer };
        if (register.Issued.FirstOrDefault(each => each.File == made.File && each.Name == gateway) is { } known)
        {
            return known;
        }

        folder.Write(made.File, Encoding.ASCII.GetBytes(
            string.Concat(leafFirst.Select(each => each.ExportCertificatePem() + "\n"))));
        folder.Write(With(register, made));
        return made;
    }

    /// <summary>
    /// The plant's roots and lists for all gateways. Where nothing changed, the bytes of last time: a new version makes
    /// every gateway lay a new identity down.
    /// </summary>
    public (byte[] Bytes, int Version) Trust(string passphrase)
    {
        using var key = folder.ReadKey("signer.key", passphrase);
        var signers = Signers();
        var trusted = TrustedFolder.Read(folder);
        var register = folder.ReadRegister();
        var content = new TrustContent
        {
            Site = register.Site,
            Version = 1,
            Made = DateTimeOffset.UnixEpoch,
            Roots = [signers[^1].RawData, .. trusted.Roots],
            Authorities = trusted.Authorities,
            RevocationLists = [.. OwnLists(), .. trusted.Lists],
        };
        var payload = content.Write();
        if (payload.Length > EnvelopeKind.Trust.BytesMax - AroundBytesMax)
        {
            throw new InvalidDataException($"The trust bundle would have {payload.Length >> 10} KiB, and gateways take "
                + $"{EnvelopeKind.Trust.BytesMax >> 10} at most: the revocation lists are too long. A new issuing "
                + "authority begins with an empty one.");
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData([.. payload, .. signers[0].RawData]));
        if (hash == register.TrustHash && File.Exists(folder.At(TrustFile)))
        {
            return (File.ReadAllBytes(folder.At(TrustFile)), register.TrustVersion);
        }

        // The version before the file: one that was given away is never given again. The hash after it: until the file
        // is there, nothing has been made.
        var version = register.TrustVersion + 1;
        folder.Write(register with { TrustVersion = version, TrustHash = "" });
        var bytes = BundleEnvelope.Seal(
            EnvelopeKind.Trust, (content with { Version = version, Made = clock.GetUtcNow() }).Write(), signers, key);
        folder.Write(TrustFile, bytes);
        folder.Write(register with { TrustVersion = version, TrustHash = hash });
        return (bytes, version);
    }

    /// <summary>Signs what gateways take from the plant alone.</summary>
    public byte[] Seal(EnvelopeKind kind, byte[] payload, string passphrase)
    {
        using var key = folder.ReadKey("signer.key", passphrase);
        return BundleEnvelope.Seal(kind, payload, Signers(), key);
    }

    /// <summary>Whom the plant believes, for a handshake of our own.</summary>
    public TrustAnchors Anchors()
    {
        var trusted = TrustedFolder.Read(folder);
        ReadOnlyMemory<byte>[] lists = [.. OwnLists(), .. trusted.Lists];
        return new TrustAnchors(
            [Root, .. trusted.Roots.Select(der => X509CertificateLoader.LoadCertificate(der.Span))],
            [.. lists.Select(der => RevocationList.Parse(der, out _)).OfType<RevocationList>()]);
    }

    /// <summary>Throws where the passphrase does not open the keys of every day.</summary>
    public void TryPassphrase(string passphrase)
    {
        using var issuing = Issues ? folder.ReadKey("issuing.key", passphrase) : null;
        using var signer = folder.ReadKey("signer.key", passphrase);
    }

    /// <summary>Key and certificate of somebody who makes no request of their own: the MES, the broker.</summary>
    public (string KeyPem, string ChainPem, Registered Registered) Issue(
        string name, string kind, IReadOnlyList<IPAddress> addresses, string passphrase, TimeSpan life)
    {
        using var issuing = folder.ReadCertificate("issuing.pem");
        using var issuingKey = folder.ReadKey("issuing.key", passphrase);
        using var key = NewKey();
        var register = folder.ReadRegister();
        var now = clock.GetUtcNow();
        using var certificate = kind == "broker"
            ? CertificateMaker.Server(
                name, addresses, register.Site, new PublicKey(key), issuing, issuingKey, now, life)
            : CertificateMaker.Client(name, register.Site, new PublicKey(key), issuing, issuingKey, now, life);
        var registered = Enter(register, certificate, name, kind);
        return (key.ExportPkcs8PrivateKeyPem() + "\n",
            certificate.ExportCertificatePem() + "\n" + issuing.ExportCertificatePem() + "\n", registered);
    }

    /// <summary>Takes certificates back, and makes the list that says so.</summary>
    public void Revoke(IReadOnlySet<string> serials, string because, string passphrase, TimeSpan listLife)
    {
        // The key first: a register that says "revoked" and a list that does not would be the worst of both.
        using (folder.ReadKey("issuing.key", passphrase))
        {
            var register = folder.ReadRegister();
            folder.Write(register with
            {
                Issued = [.. register.Issued.Select(each => serials.Contains(each.Serial) && each.RevokedAt is null
                    ? each with { RevokedAt = clock.GetUtcNow(), Because = because }
                    : each)],
            });
        }

        Relist(passphrase, listLife);
    }

    /// <summary>Makes the issuing authority's list anew.</summary>
    public void Relist(string passphrase, TimeSpan life)
    {
        using var issuing = folder.ReadCertificate("issuing.pem");
        using var issuingKey = folder.ReadKey("issuing.key", passphrase);
        using var withKey = issuing.CopyWithPrivateKey(issuingKey);
        var register = folder.ReadRegister();
        register = register with { CrlNumber = register.CrlNumber + 1 };
        folder.Write(register);
        WriteList("crl.pem", withKey, register.CrlNumber, clock.GetUtcNow(), life,
            register.Issued.Where(each => each.RevokedAt is not null));
    }

    /// <summary>
    /// Makes the root's own list anew, with the root's key from its safe. Throws InvalidDataException where that is the
    /// key of another root.
    /// </summary>
    public void RelistRoot(string keyFile, string passphrase, TimeSpan life)
    {
        using var root = Root;
        using var key = folder.ReadKey(Path.GetFullPath(keyFile), passphrase);
        if (Fingerprint.OfKey(key.ExportSubjectPublicKeyInfo()) != Fingerprint.OfKey(root))
        {
            throw new InvalidDataException($"{keyFile} is the key of another root than {Fingerprint.Of(root)}.");
        }

        using var withKey = root.CopyWithPrivateKey(key);
        var register = folder.ReadRegister();
        register = register with { RootCrlNumber = Math.Max(1, register.RootCrlNumber) + 1 };
        folder.Write(register);
        WriteList("root-crl.pem", withKey, register.RootCrlNumber, clock.GetUtcNow(), life, []);
    }

    /// <summary>The issuing authority's list and the root's, as they are.</summary>
    public IReadOnlyList<RevocationList> Lists() =>
        [.. OwnLists().Select(der => RevocationList.Parse(der, out _)).OfType<RevocationList>()];

    /// <summary>What a broker asks by: both lists; where the plant's CA is another one, the lists of that.</summary>
    public byte[] ListsPem() => BundleContent.ToPem(
        RevocationFile.Label, Issues ? OwnLists() : TrustedFolder.Read(folder).Lists);

    /// <summary>What a broker believes: the root; where the plant's CA is another one, its roots and what is below.
    /// </summary>
    public byte[] BelievedPem()
    {
        var trusted = TrustedFolder.Read(folder);
        return BundleContent.ToPem("CERTIFICATE", Issues ? [Root.RawData] : [.. trusted.Roots, .. trusted.Authorities]);
    }

    private static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private Registered Enter(
        Register register, X509Certificate2 certificate, string name, string kind, string correlation = "")
    {
        var registered = Registration(certificate, name, kind, correlation);
        Keep(registered.File, certificate);
        folder.Write(With(register, registered));
        return registered;
    }

    private Registered Registration(X509Certificate2 certificate, string name, string kind, string correlation) => new(
        name, kind, certificate.SerialNumber, Fingerprint.OfKey(certificate),
        new DateTimeOffset(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero),
        new DateTimeOffset(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero))
    {
        SignedAt = clock.GetUtcNow(),
        Correlation = correlation,
    };

    private static Register With(Register register, Registered registered) => register with
    {
        Issued = [.. register.Issued, registered],
        Held = [.. register.Held.Where(held => held.KeyFingerprint != registered.KeyFingerprint)],
    };

    /// <summary>A gateway's certificate, then what stands between it and the root.</summary>
    private X509Certificate2Collection ChainOf(Registered registered)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(File.ReadAllText(folder.At(registered.File)));
        if (!registered.IsElsewhere)
        {
            chain.Add(folder.ReadCertificate("issuing.pem"));
        }

        return chain;
    }

    /// <summary>Who signs bundles, then what stands above, the root last.</summary>
    private List<X509Certificate2> Signers() =>
    [
        folder.ReadCertificate("signer.pem"), .. Issues ? [folder.ReadCertificate("issuing.pem")]
            : Array.Empty<X509Certificate2>(), Root,
    ];

    private List<ReadOnlyMemory<byte>> OwnLists() =>
        [.. ListFiles.Where(folder.Has).Select(ReadList)];

    private void WriteList(
        string name, X509Certificate2 issuer, BigInteger number, DateTimeOffset now, TimeSpan life,
        IEnumerable<Registered> revoked)
    {
        var builder = new CertificateRevocationListBuilder();
        foreach (var each in revoked)
        {
            builder.AddEntry(Convert.FromHexString(each.Serial), each.RevokedAt);
        }

        var der = builder.Build(
            issuer, number, now + life, HashAlgorithmName.SHA256, thisUpdate: now - TimeSpan.FromMinutes(5));
        folder.Write(name, Encoding.ASCII.GetBytes(PemEncoding.WriteString("X509 CRL", der) + "\n"));
    }

    private ReadOnlyMemory<byte> ReadList(string name)
    {
        var text = File.ReadAllText(folder.At(name));
        return Convert.FromBase64String(text[PemEncoding.Find(text).Base64Data]);
    }

    private void Keep(string name, ECDsa key, string passphrase) => folder.Write(
        name, Encoding.ASCII.GetBytes(
            key.ExportEncryptedPkcs8PrivateKeyPem(passphrase, new PbeParameters(
                PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, PassphraseRounds)) + "\n"),
        isSecret: true);

    private void Keep(string name, X509Certificate2 certificate) =>
        folder.Write(name, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"));
}
