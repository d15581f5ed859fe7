using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Plant.Keys;

/// <summary>One signing authority: its certificate, its key, and what it took back.</summary>
internal sealed class Authority : IDisposable
{
    private readonly X509Certificate2 withKey;
    private readonly List<(byte[] Serial, DateTimeOffset At)> revoked = [];
    private BigInteger crlNumber = BigInteger.Zero;

    private Authority(X509Certificate2 withKey)
    {
        this.withKey = withKey;
        Public = X509CertificateLoader.LoadCertificate(withKey.RawData);
    }

    public X509Certificate2 Public { get; }

    public static Authority SelfSigned(string name, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new Authority(Request(name, key, pathLength: 1).CreateSelfSigned(notBefore, notAfter));
    }

    public Authority Subordinate(string name, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var signed = Sign(Request(name, key, pathLength: 0), notBefore, notAfter);
        return new Authority(signed.CopyWithPrivateKey(key));
    }

    public X509Certificate2 Sign(CertificateRequest request, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Public, true, false));
        using var key = withKey.GetECDsaPrivateKey()
            ?? throw new InvalidOperationException("An authority always holds its key.");

        // By name and generator, not by certificate: that overload refuses dates outside the signer's own, and a test
        // of expiry may want exactly those.
        return request.Create(
            Public.SubjectName, X509SignatureGenerator.CreateForECDsa(key), notBefore, notAfter, Serial());
    }

    public void Revoke(X509Certificate2 certificate, DateTimeOffset at) =>
        Revoke(certificate.SerialNumberBytes.ToArray(), at);

    public void Revoke(byte[] serial, DateTimeOffset at)
    {
        lock (revoked)
        {
            revoked.Add((serial, at));
        }
    }

    /// <summary>By serial: both authorities give 128 random bits, so one serial never means two certificates.</summary>
    public bool IsRevoked(X509Certificate certificate)
    {
        var serial = certificate.GetSerialNumber();
        Array.Reverse(serial);
        lock (revoked)
        {
            return revoked.Exists(entry => entry.Serial.AsSpan().SequenceEqual(serial));
        }
    }

    public string Crl(DateTimeOffset thisUpdate, DateTimeOffset nextUpdate)
    {
        var builder = new CertificateRevocationListBuilder();
        lock (revoked)
        {
            foreach (var (serial, at) in revoked)
            {
                builder.AddEntry(serial, at);
            }
        }

        crlNumber += 1;
        var der = builder.Build(withKey, crlNumber, nextUpdate, HashAlgorithmName.SHA256, thisUpdate: thisUpdate);
        return PemEncoding.WriteString("X509 CRL", der) + "\n";
    }

    public void Dispose()
    {
        Public.Dispose();
        withKey.Dispose();
    }

    private static CertificateRequest Request(string name, ECDsa key, int pathLength)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var extensions = request.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(true, true, pathLength, true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        extensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request;
    }

    // 128 random bits, the top bit clear so that the number is positive, the next set so that it never starts with 0
    // (RFC 5280, 4.1.2.2).
    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }
}
