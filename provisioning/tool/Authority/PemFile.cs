using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Revocation;

namespace Sluice.Provision.Authority;

/// <summary>Certificates and revocation lists as another CA gives them: PEM, or one of them in DER.</summary>
internal static class PemFile
{
    public const string Certificate = "CERTIFICATE";

    private const int BytesMax = RevocationList.BytesMax * 2;
    private const int BlocksMax = 64;
    private const byte Sequence = 0x30;

    /// <summary>What is in it, in its order. Throws InvalidDataException, with the file's name, where it cannot be
    /// used, and IOException where it cannot be read.</summary>
    public static IReadOnlyList<(string Label, byte[] Der)> Read(string file)
    {
        if (new FileInfo(file).Length > BytesMax)
        {
            throw new InvalidDataException($"{file} is larger than certificates and lists are.");
        }

        var bytes = File.ReadAllBytes(file);
        var blocks = bytes is [Sequence, ..] ? [OfDer(bytes)]
            : OfPem(file, System.Text.Encoding.Latin1.GetString(bytes));
        if (blocks.Count == 0)
        {
            throw new InvalidDataException($"{file} holds no certificate and no list in PEM form.");
        }

        foreach (var (label, der) in blocks)
        {
            if (Problem(label, der) is { Length: > 0 } problem)
            {
                throw new InvalidDataException($"{file} belongs there only with certificates and lists: {problem}.");
            }
        }

        return blocks;
    }

    /// <summary>True for a certificate that issued itself.</summary>
    public static bool IsRoot(X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    private static List<(string, byte[])> OfPem(string file, ReadOnlySpan<char> rest)
    {
        var blocks = new List<(string, byte[])>();
        while (PemEncoding.TryFind(rest, out var found))
        {
            if (blocks.Count == BlocksMax)
            {
                throw new InvalidDataException($"{file} holds more than {BlocksMax} certificates and lists.");
            }

            blocks.Add((rest[found.Label].ToString(), Convert.FromBase64String(rest[found.Base64Data].ToString())));
            rest = rest[found.Location.End..];
        }

        return blocks;
    }

    private static (string, byte[]) OfDer(byte[] bytes) =>
        RevocationList.Parse(bytes, out _) is not null ? (RevocationFile.Label, bytes) : (Certificate, bytes);

    private static string Problem(string label, byte[] der)
    {
        switch (label)
        {
            case Certificate:
                try
                {
                    using var certificate = X509CertificateLoader.LoadCertificate(der);
                    return "";
                }
                catch (CryptographicException)
                {
                    return "a certificate in it is damaged";
                }

            case RevocationFile.Label:
                _ = RevocationList.Parse(der, out var problem);
                return problem;
            case "PKCS7":
                return "it holds a PKCS7: openssl pkcs7 -print_certs makes certificates of it";
            default:
                return $"it holds a {label}";
        }
    }
}
