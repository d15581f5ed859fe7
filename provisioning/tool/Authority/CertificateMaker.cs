using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Bundles;

namespace Sluice.Provision.Authority;

/// <summary>Makes a plant's certificates, each for one use. Keys are P-256, signatures ECDSA with SHA-256.</summary>
internal static class CertificateMaker
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>A gateway whose clock is a little behind takes a certificate that was made just now.</summary>
    private static readonly TimeSpan Backdate = TimeSpan.FromHours(1);

    public static X509Certificate2 Root(string plant, ECDsa key, DateTimeOffset now, TimeSpan life)
    {
        var request = Authority($"Root of {plant}", plant, key, pathLength: 1);
        return request.CreateSelfSigned(now - Backdate, now + life);
    }

    /// <summary>
    /// A root for bundles alone. Gateways pin it beside the plant's own, so it says for what: below it no certificate
    /// of a broker or of a gateway is believed.
    /// </summary>
    public static X509Certificate2 BundleRoot(string plant, ECDsa key, DateTimeOffset now, TimeSpan life)
    {
        var request = Authority($"Bundle root of {plant}", plant, key, pathLength: 0);
        request.CertificateExtensions.Add(
            new X509EnhancedKeyUsageExtension([new Oid(BundleEnvelope.SignerUsage)], critical: true));
        return request.CreateSelfSigned(now - Backdate, now + life);
    }

    public static X509Certificate2 Issuing(
        string plant, ECDsa key, X509Certificate2 root, ECDsa rootKey, DateTimeOffset now, TimeSpan life) =>
        Sign(Authority($"Issuing authority of {plant}", plant, key, pathLength: 0), root, rootKey, now, life);

    public static X509Certificate2 Signer(
        string plant, ECDsa key, X509Certificate2 issuing, ECDsa issuingKey, DateTimeOffset now, TimeSpan life) =>
        Sign(End($"Bundles of {plant}", plant, new PublicKey(key), BundleEnvelope.SignerUsage), issuing, issuingKey,
            now, life);

    public static X509Certificate2 Client(
        string name, string plant, PublicKey key, X509Certificate2 issuing, ECDsa issuingKey, DateTimeOffset now,
        TimeSpan life) =>
        Sign(End(name, plant, key, ClientAuthentication), issuing, issuingKey, now, life);

    public static X509Certificate2 Server(
        string host, IEnumerable<System.Net.IPAddress> addresses, string plant, PublicKey key,
        X509Certificate2 issuing, ECDsa issuingKey, DateTimeOffset now, TimeSpan life)
    {
        var request = End(host, plant, key, ServerAuthentication);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        foreach (var address in addresses)
        {
            names.AddIpAddress(address);
        }

        request.CertificateExtensions.Add(names.Build());
        return Sign(request, issuing, issuingKey, now, life);
    }

    private static CertificateRequest Authority(string name, string plant, ECDsa key, int pathLength)
    {
        var request = new CertificateRequest(NameOf(name, plant), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, pathLength, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request;
    }

    private static CertificateRequest End(string name, string plant, PublicKey key, string usage)
    {
        var request = new CertificateRequest(NameOf(name, plant), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        return request;
    }

    private static X500DistinguishedName NameOf(string name, string plant)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddOrganizationName(plant);
        builder.AddCommonName(name);
        return builder.Build();
    }

    private static X509Certificate2 Sign(
        CertificateRequest request, X509Certificate2 issuer, ECDsa issuerKey, DateTimeOffset now, TimeSpan life)
    {
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false));
        var issuerEnds = new DateTimeOffset(issuer.NotAfter.ToUniversalTime(), TimeSpan.Zero);
        var issuerBegins = new DateTimeOffset(issuer.NotBefore.ToUniversalTime(), TimeSpan.Zero);
        var notBefore = now - Backdate > issuerBegins ? now - Backdate : issuerBegins;
        var notAfter = now + life < issuerEnds ? now + life : issuerEnds;
        return request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuerKey), notBefore, notAfter, Serial());
    }

    /// <summary>128 random bits, positive and never beginning with a zero (RFC 5280, 4.1.2.2).</summary>
    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }
}
