using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Plant.Keys;

/// <summary>
/// A plant's certificate authority, made on the spot: a root, an issuing authority under it (P-256), and whatever they
/// sign. Two of them are two plants that do not trust each other. Keys live in memory until somebody writes them.
/// </summary>
public sealed class PlantKeys : IDisposable
{
    // Every clock in a test run is this machine's, but a gateway under test may be set a little behind it.
    private static readonly TimeSpan Backdate = TimeSpan.FromHours(1);

    private readonly TimeProvider clock;
    private readonly Authority root;
    private readonly Authority issuing;

    public PlantKeys(string plant = "plant1", TimeProvider? clock = null)
    {
        this.clock = clock ?? TimeProvider.System;
        Plant = plant;
        var now = this.clock.GetUtcNow();
        root = Authority.SelfSigned($"Root of {plant}", now - Backdate, now + TimeSpan.FromDays(3650));
        issuing = root.Subordinate($"Issuing authority of {plant}", now - Backdate, now + TimeSpan.FromDays(1825));
    }

    public string Plant { get; }

    /// <summary>The root's certificate, without its key.</summary>
    public X509Certificate2 Root => root.Public;

    /// <summary>The issuing authority's certificate, without its key.</summary>
    public X509Certificate2 Issuing => issuing.Public;

    public string RootPem => root.Public.ExportCertificatePem() + "\n";

    /// <summary>The lists of both authorities, one after the other, fresh for 30 days.</summary>
    public string CrlPem() => CrlPem(clock.GetUtcNow() + TimeSpan.FromDays(30));

    /// <summary>The lists of both authorities with this nextUpdate (in the past: a stale list).</summary>
    public string CrlPem(DateTimeOffset nextUpdate)
    {
        var thisUpdate = clock.GetUtcNow() - Backdate;
        if (nextUpdate <= thisUpdate)
        {
            thisUpdate = nextUpdate - TimeSpan.FromDays(1);
        }

        return issuing.Crl(thisUpdate, nextUpdate) + root.Crl(thisUpdate, nextUpdate);
    }

    public IssuedCertificate IssueClient(string commonName) => Issue(CertificateWish.Client(commonName));

    /// <param name="host">Its name.</param>
    /// <param name="address">What it is also reached by, besides loopback; null: nothing.</param>
    public IssuedCertificate IssueServer(string host, string? address = null) =>
        Issue(CertificateWish.Server(
            host, address is null ? [IPAddress.Loopback.ToString()] : [IPAddress.Loopback.ToString(), address]));

    public IssuedCertificate Issue(CertificateWish wish)
    {
        var now = clock.GetUtcNow();
        var signer = wish.IssuedByRoot ? root : issuing;
        var notBefore = wish.NotBefore ?? now - Backdate;
        var notAfter = wish.NotAfter ?? now + TimeSpan.FromDays(365);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(
            new X500DistinguishedName($"CN={wish.CommonName}, O={Plant}"), key, HashAlgorithmName.SHA256);
        Describe(request, wish);
        using var signed = signer.Sign(request, notBefore, notAfter);
        return new IssuedCertificate(signed.CopyWithPrivateKey(key), wish.IssuedByRoot ? [] : [issuing.Public]);
    }

    /// <summary>A certificate for somebody else's key, as an authority answers a request.</summary>
    public X509Certificate2 Sign(CertificateWish wish, PublicKey key)
    {
        var now = clock.GetUtcNow();
        var request = new CertificateRequest(
            new X500DistinguishedName($"CN={wish.CommonName}, O={Plant}"), key, HashAlgorithmName.SHA256);
        Describe(request, wish);
        return issuing.Sign(request, wish.NotBefore ?? now - Backdate, wish.NotAfter ?? now + TimeSpan.FromDays(365));
    }

    /// <summary>From now on every list names it.</summary>
    public void Revoke(IssuedCertificate certificate)
    {
        var signer = certificate.Leaf.IssuerName.RawData.AsSpan().SequenceEqual(root.Public.SubjectName.RawData)
            ? root
            : issuing;
        signer.Revoke(certificate.Leaf, clock.GetUtcNow());
    }

    /// <summary>The same for a certificate that was never made: a list gets long.</summary>
    public void RevokeSerial(byte[] serial) => issuing.Revoke(serial, clock.GetUtcNow());

    public bool IsRevoked(X509Certificate certificate) =>
        issuing.IsRevoked(certificate) || root.IsRevoked(certificate);

    public void Dispose()
    {
        issuing.Dispose();
        root.Dispose();
    }

    private static void Describe(CertificateRequest request, CertificateWish wish)
    {
        var extensions = request.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        extensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        if (wish.Usages.Count > 0)
        {
            var usages = new OidCollection();
            foreach (var usage in wish.Usages)
            {
                usages.Add(new Oid(usage));
            }

            extensions.Add(new X509EnhancedKeyUsageExtension(usages, false));
        }

        if (wish.AlternativeNames.Count == 0)
        {
            return;
        }

        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in wish.AlternativeNames)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                names.AddIpAddress(address);
            }
            else
            {
                names.AddDnsName(name);
            }
        }

        extensions.Add(names.Build());
    }
}
