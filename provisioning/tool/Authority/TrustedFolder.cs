using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Revocation;

namespace Sluice.Provision.Authority;

/// <summary>
/// Whom else a plant believes: <c>trusted/</c> in the CA's folder, PEM files as another CA gives them. A certificate
/// that issued itself is a root, every other one an authority below a root; and the lists of them, of which the newest
/// of each authority counts: whoever brings a newer one need not look for the older.
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
        var certificates = new List<X509Certificate2>();
        var lists = new List<(ReadOnlyMemory<byte> Der, RevocationList List)>();
        var directory = folder.At(Name);
        string[] files = Directory.Exists(directory) ? [.. Directory.EnumerateFiles(directory, "*.pem")] : [];
        foreach (var file in files.Order(StringComparer.Ordinal).Take(FilesMax))
        {
            foreach (var (label, der) in PemFile.Read(file))
            {
                if (label != PemFile.Certificate)
                {
                    lists.Add((der, RevocationList.Parse(der, out _)!));
                }
                else if (!certificates.Exists(each => each.RawData.AsSpan().SequenceEqual(der)))
                {
                    certificates.Add(X509CertificateLoader.LoadCertificate(der));
                }
            }
        }

        return new TrustedFolder(
            [.. certificates.Where(PemFile.IsRoot).Select(each => (ReadOnlyMemory<byte>)each.RawData)],
            [.. certificates.Where(each => !PemFile.IsRoot(each)).Select(each => (ReadOnlyMemory<byte>)each.RawData)],
            Newest(lists, certificates));
    }

    /// <summary>Keeps what came with a gateway's certificate: for the next bundles, and for all gateways.</summary>
    public static void Keep(
        AuthorityFolder folder, IEnumerable<X509Certificate2> certificates, IEnumerable<ReadOnlyMemory<byte>> lists)
    {
        var trusted = Read(folder);
        var known = trusted.Roots.Concat(trusted.Authorities).ToList();
        foreach (var certificate in certificates.Where(each =>
            !known.Exists(one => one.Span.SequenceEqual(each.RawData))))
        {
            Put(folder, PemFile.IsRoot(certificate) ? "root" : "authority", certificate.RawData, PemFile.Certificate);
        }

        foreach (var der in lists.Where(der => !trusted.Lists.Any(one => one.Span.SequenceEqual(der.Span))))
        {
            // One file for each authority's name, so that the folder does not grow with every list.
            var issuer = System.Text.Encoding.UTF8.GetBytes(RevocationList.Parse(der, out _)!.IssuerName);
            Put(folder, "list", der.Span, RevocationFile.Label, issuer);
        }
    }

    private static void Put(
        AuthorityFolder folder, string what, ReadOnlySpan<byte> der, string label, byte[]? named = null) =>
        folder.Write(
        $"{Name}/{what}-{Convert.ToHexStringLower(SHA256.HashData(named ?? der))[..16]}.pem",
        System.Text.Encoding.ASCII.GetBytes(PemEncoding.WriteString(label, der) + "\n"));

    private static List<ReadOnlyMemory<byte>> Newest(
        List<(ReadOnlyMemory<byte> Der, RevocationList List)> lists, List<X509Certificate2> certificates)
    {
        var newest = new List<(ReadOnlyMemory<byte> Der, RevocationList List, X509Certificate2? Signer)>();
        foreach (var (der, list) in lists)
        {
            // Two authorities of one name, an old key and a new one, have a list each.
            var signer = certificates.Find(list.IsSignedBy);
            var at = newest.FindIndex(each => signer is null ? each.Der.Span.SequenceEqual(der.Span)
                : ReferenceEquals(each.Signer, signer));
            if (at < 0)
            {
                newest.Add((der, list, signer));
            }
            else if (list.ThisUpdate > newest[at].List.ThisUpdate)
            {
                newest[at] = (der, list, signer);
            }
        }

        return [.. newest.Select(each => each.Der)];
    }
}
