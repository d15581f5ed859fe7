using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Provisioning.Certificates;

/// <summary>Signatures of certificates and revocation lists: ECDSA or RSA with SHA-256, 384 or 512.</summary>
internal static class SignedDer
{
    public static bool IsUnderstood(string algorithm) => HashOf(algorithm) != default;

    /// <summary>True where the key of this certificate signed exactly these bytes.</summary>
    public static bool Fits(X509Certificate2 certificate, byte[] signedBytes, byte[] signature, string algorithm)
    {
        var hash = HashOf(algorithm);
        if (hash == default)
        {
            return false;
        }

        try
        {
            using var ecdsa = certificate.GetECDsaPublicKey();
            if (ecdsa is not null)
            {
                return IsEcdsa(algorithm)
                    && ecdsa.VerifyData(signedBytes, signature, hash, DSASignatureFormat.Rfc3279DerSequence);
            }

            using var rsa = certificate.GetRSAPublicKey();
            return rsa is not null && !IsEcdsa(algorithm)
                && rsa.VerifyData(signedBytes, signature, hash, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>
    /// True where a certificate signed itself. The platform does not look at the signature of a certificate that it is
    /// told to trust.
    /// </summary>
    public static bool IsSelfSigned(X509Certificate2 certificate)
    {
        if (!certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData))
        {
            return false;
        }

        try
        {
            var outer = new AsnReader(certificate.RawData, AsnEncodingRules.DER).ReadSequence();
            var signedBytes = outer.ReadEncodedValue().ToArray();
            var algorithm = outer.ReadSequence().ReadObjectIdentifier();
            var signature = outer.ReadBitString(out _);
            return Fits(certificate, signedBytes, signature, algorithm);
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static bool IsEcdsa(string algorithm) =>
        algorithm.StartsWith("1.2.840.10045.4.3.", StringComparison.Ordinal);

    private static HashAlgorithmName HashOf(string algorithm) => algorithm switch
    {
        "1.2.840.10045.4.3.2" or "1.2.840.113549.1.1.11" => HashAlgorithmName.SHA256,
        "1.2.840.10045.4.3.3" or "1.2.840.113549.1.1.12" => HashAlgorithmName.SHA384,
        "1.2.840.10045.4.3.4" or "1.2.840.113549.1.1.13" => HashAlgorithmName.SHA512,
        _ => default,
    };
}
