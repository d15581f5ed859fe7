using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Provisioning.Certificates;

/// <summary>
/// The platform takes a certificate apart piece by piece, when somebody asks for the piece, and throws where it is
/// damaged: long after the certificate was loaded, and in the middle of a judgement. Here that comes first, as an
/// answer.
/// </summary>
internal static class WholeCertificate
{
    /// <summary>A certificate of which everything can be read that we ask for; null where it is damaged.</summary>
    public static X509Certificate2? Load(ReadOnlySpan<byte> der)
    {
        X509Certificate2? certificate = null;
        try
        {
            certificate = X509CertificateLoader.LoadCertificate(der);
            return AreReadable(certificate) ? certificate : null;
        }
        catch (CryptographicException)
        {
            certificate?.Dispose();
            return null;
        }
    }

    /// <summary>True where the chain holds. The platform throws for extensions that nobody here asks for.</summary>
    public static bool Builds(this X509Chain chain, X509Certificate2 certificate)
    {
        try
        {
            return chain.Build(certificate);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static bool AreReadable(X509Certificate2 certificate)
    {
        _ = (certificate.Subject, certificate.Issuer, certificate.NotBefore, certificate.NotAfter);
        foreach (var extension in certificate.Extensions)
        {
            // Asking is what takes it apart, or throws.
            _ = extension switch
            {
                X509BasicConstraintsExtension basic => basic.CertificateAuthority,
                X509KeyUsageExtension usage => usage.KeyUsages != X509KeyUsageFlags.None,
                X509EnhancedKeyUsageExtension usages => usages.EnhancedKeyUsages.Count > 0,
                _ => true,
            };
        }

        return true;
    }
}
