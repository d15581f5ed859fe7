using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning;

namespace Sluice.Provision.Authority;

/// <summary>
/// Whom else a plant believes: <c>trusted/</c> in the CA's folder, PEM files as another CA gives them. A certificate
/// that issued itself is a root, every other one an authority below a root; and the lists of them.
/// </summary>
internal sealed record TrustedFolder(
    IReadOnlyList<ReadOnlyMemory<byte>> Roots, IReadOnlyList<ReadOnlyMemory<byte>> Authorities,
    IReadOnlyList<ReadOnlyMemory<byte>> Lists)
{
    public const string Name = "trusted";

    private const int FilesMax = 32;

    /// <summary>Throws InvalidDataException, with the file's name, where one cannot be used.</summary>
    public static TrustedFolder Read(AuthorityFolder folder)
    {
        var roots = new List<ReadOnlyMemory<byte>>();
        var authorities = new List<ReadOnlyMemory<byte>>();
        var lists = new List<ReadOnlyMemory<byte>>();
        var directory = folder.At(Name);
        string[] files = Directory.Exists(directory) ? [.. Directory.EnumerateFiles(directory, "*.pem")] : [];
        foreach (var file in files.Order(StringComparer.Ordinal).Take(FilesMax))
        {
            foreach (var (label, der) in PemBlocks(file))
            {
                (label == "CERTIFICATE" ? IsRoot(der, file) ? roots : authorities : lists).Add(der);
            }
        }

        return new TrustedFolder(roots, authorities, lists);
    }

    private static List<(string Label, byte[] Der)> PemBlocks(string file)
    {
        ReadOnlySpan<char> rest = File.ReadAllText(file);
        var blocks = new List<(string, byte[])>();
        while (PemEncoding.TryFind(rest, out var found))
        {
            var label = rest[found.Label].ToString();
            var der = Convert.FromBase64String(rest[found.Base64Data].ToString());
            var problem = label is "CERTIFICATE" or "X509 CRL" ? "" : $"it holds a {label}";
            if (label == "X509 CRL")
            {
                _ = RevocationList.Parse(der, out problem);
            }

            if (problem.Length > 0)
            {
                throw new InvalidDataException($"{file} belongs there only with certificates and lists: {problem}.");
            }

            blocks.Add((label, der));
            rest = rest[found.Location.End..];
        }

        return blocks.Count > 0
            ? blocks
            : throw new InvalidDataException($"{file} holds no certificate and no list in PEM form.");
    }

    private static bool IsRoot(byte[] der, string file)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(der);
            return certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);
        }
        catch (CryptographicException)
        {
            throw new InvalidDataException($"A certificate in {file} is damaged.");
        }
    }
}
