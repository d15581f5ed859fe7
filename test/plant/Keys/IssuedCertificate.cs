using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Sluice.Plant.Keys;

/// <summary>A certificate with its private key and what stands between it and the root.</summary>
public sealed class IssuedCertificate : IDisposable
{
    private readonly X509Certificate2[] intermediates;

    internal IssuedCertificate(X509Certificate2 leaf, IEnumerable<X509Certificate2> intermediates)
    {
        Leaf = leaf;
        this.intermediates = [.. intermediates];
    }

    /// <summary>The certificate, holding its private key.</summary>
    public X509Certificate2 Leaf { get; }

    /// <summary>Leaf first, root left out: what one side of a handshake sends.</summary>
    public string ChainPem
    {
        get
        {
            var pem = new StringBuilder(Leaf.ExportCertificatePem()).Append('\n');
            foreach (var intermediate in intermediates)
            {
                pem.Append(intermediate.ExportCertificatePem()).Append('\n');
            }

            return pem.ToString();
        }
    }

    /// <summary>PKCS#8, not encrypted.</summary>
    public string KeyPem
    {
        get
        {
            using var key = Leaf.GetECDsaPrivateKey()
                ?? throw new InvalidOperationException("An issued certificate always holds its key.");
            return key.ExportPkcs8PrivateKeyPem() + "\n";
        }
    }

    /// <summary>For SslStream: the leaf and its intermediates, nothing fetched and nothing looked up.</summary>
    public SslStreamCertificateContext Context() =>
        SslStreamCertificateContext.Create(Leaf, [.. intermediates], offline: true);

    public void Dispose() => Leaf.Dispose();
}
