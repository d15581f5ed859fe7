using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Provisioning;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
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

    /// <summary>Signers, signature, and the digits of version and date.</summary>
    private const int AroundBytesMax = 8 << 10;

    private static readonly TimeSpan RootLife = TimeSpan.FromDays(20 * 365);
    private static readonly TimeSpan IssuingLife = TimeSpan.FromDays(10 * 365);

    /// <summary>Rounds by which a passphrase becomes a key, as OWASP says for PBKDF2 with SHA-256 (2023).</summary>
    public int PassphraseRounds { get; init; } = 600_000;

    public X509Certificate2 Root => folder.ReadCertificate("root.pem");

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
    public (byte[] Bundle, int Version) Bundle(string gateway, string passphrase)
    {
        var register = folder.ReadRegister();
        var newest = register.Issued.LastOrDefault(each =>
            each.Name == gateway && each.Kind == "gateway" && each.RevokedAt is null)
            ?? throw new InvalidOperationException("The verb looks whether there is one.");
        using var key = folder.ReadKey("signer.key", passphrase);
        using var certificate = folder.ReadCertificate($"certificates/{newest.Serial}.pem");
        using var issuing = folder.ReadCertificate("issuing.pem");
        using var signer = folder.ReadCertificate("signer.pem");
        using var root = Root;
        var trusted = TrustedFolder.Read(folder);
        var version = register.Bundles.GetValueOrDefault(gateway) + 1;
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
            NotBefore = new DateTimeOffset(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero),
            Chain = [certificate.RawData, issuing.RawData],
            Roots = [root.RawData, .. trusted.Roots],
            RevocationLists = [ReadList("crl.pem"), ReadList("root-crl.pem"), .. trusted.Lists],
            Broker = register.Broker is { } broker
                ? new BundleBroker(broker.Host, [.. broker.Addresses.Select(IPAddress.Parse)], broker.Port)
                : null,
        };
        return (BundleEnvelope.Seal(content.Write(), [signer, issuing, root], key), version);
    }

    /// <summary>
    /// The plant's roots and lists for all gateways. Where nothing changed, the bytes of last time: a new version makes
    /// every gateway lay a new identity down.
    /// </summary>
    public (byte[] Bytes, int Version) Trust(string passphrase)
    {
        using var key = folder.ReadKey("signer.key", passphrase);
        using var issuing = folder.ReadCertificate("issuing.pem");
        using var signer = folder.ReadCertificate("signer.pem");
        using var root = Root;
        var trusted = TrustedFolder.Read(folder);
        var register = folder.ReadRegister();
        var content = new TrustContent
        {
            Site = register.Site,
            Version = 1,
            Made = DateTimeOffset.UnixEpoch,
            Roots = [root.RawData, .. trusted.Roots],
            Authorities = trusted.Authorities,
            RevocationLists = [ReadList("crl.pem"), ReadList("root-crl.pem"), .. trusted.Lists],
        };
        var payload = content.Write();
        if (payload.Length > EnvelopeKind.Trust.BytesMax - AroundBytesMax)
        {
            throw new InvalidDataException($"The trust bundle would have {payload.Length >> 10} KiB, and gateways take "
                + $"{EnvelopeKind.Trust.BytesMax >> 10} at most: the revocation lists are too long. A new issuing "
                + "authority begins with an empty one.");
        }

        var hash = Convert.ToHexStringLower(SHA256.HashData([.. payload, .. signer.RawData]));
        if (hash == register.TrustHash && File.Exists(folder.At(TrustFile)))
        {
            return (File.ReadAllBytes(folder.At(TrustFile)), register.TrustVersion);
        }

        // The version before the file: one that was given away is never given again. The hash after it: until the file
        // is there, nothing has been made.
        var version = register.TrustVersion + 1;
        folder.Write(register with { TrustVersion = version, TrustHash = "" });
        var bytes = BundleEnvelope.Seal(
            EnvelopeKind.Trust, (content with { Version = version, Made = clock.GetUtcNow() }).Write(),
            [signer, issuing, root], key);
        folder.Write(TrustFile, bytes);
        folder.Write(register with { TrustVersion = version, TrustHash = hash });
        return (bytes, version);
    }

    /// <summary>Whom the plant believes, for a handshake of our own.</summary>
    public TrustAnchors Anchors()
    {
        var trusted = TrustedFolder.Read(folder);
        ReadOnlyMemory<byte>[] lists = [ReadList("crl.pem"), ReadList("root-crl.pem"), .. trusted.Lists];
        return new TrustAnchors(
            [Root, .. trusted.Roots.Select(der => X509CertificateLoader.LoadCertificate(der.Span))],
            [.. lists.Select(der => RevocationList.Parse(der, out _)).OfType<RevocationList>()]);
    }

    /// <summary>Throws where the passphrase does not open the keys of every day.</summary>
    public void TryPassphrase(string passphrase)
    {
        using var issuing = folder.ReadKey("issuing.key", passphrase);
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
    public IReadOnlyList<RevocationList> Lists()
    {
        ReadOnlyMemory<byte>[] lists = [ReadList("crl.pem"), ReadList("root-crl.pem")];
        return [.. lists.Select(der => RevocationList.Parse(der, out _)).OfType<RevocationList>()];
    }

    /// <summary>Both lists, as a broker takes them.</summary>
    public byte[] ListsPem() =>
        Encoding.ASCII.GetBytes(File.ReadAllText(folder.At("crl.pem")) + File.ReadAllText(folder.At("root-crl.pem")));

    private static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private Registered Enter(
        Register register, X509Certificate2 certificate, string name, string kind, string correlation = "")
    {
        var registered = new Registered(
            name, kind, certificate.SerialNumber, Fingerprint.OfKey(certificate),
            new DateTimeOffset(certificate.NotBefore.ToUniversalTime(), TimeSpan.Zero),
            new DateTimeOffset(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero))
        {
            SignedAt = clock.GetUtcNow(),
            Correlation = correlation,
        };
        Keep($"certificates/{certificate.SerialNumber}.pem", certificate);
        folder.Write(register with
        {
            Issued = [.. register.Issued, registered],
            Held = [.. register.Held.Where(held => held.KeyFingerprint != registered.KeyFingerprint)],
        });
        return registered;
    }

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
