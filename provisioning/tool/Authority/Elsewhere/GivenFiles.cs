using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Revocation;

namespace Sluice.Provision.Authority.Elsewhere;

/// <summary>A revocation list with its bytes.</summary>
internal sealed record GivenList(ReadOnlyMemory<byte> Der, RevocationList List);

/// <summary>
/// What the plant's own CA handed over: certificates in any order, lists, in however many files. What cannot be read is
/// told, file by file, and the rest is read all the same.
/// </summary>
internal sealed record GivenFiles(IReadOnlyList<X509Certificate2> Certificates, IReadOnlyList<GivenList> Lists)
{
    public static GivenFiles Read(IEnumerable<string> files, List<string> problems)
    {
        var certificates = new List<X509Certificate2>();
        var lists = new List<GivenList>();
        foreach (var file in files)
        {
            try
            {
                foreach (var (label, der) in PemFile.Read(file))
                {
                    if (label == PemFile.Certificate)
                    {
                        certificates.Add(X509CertificateLoader.LoadCertificate(der));
                    }
                    else
                    {
                        lists.Add(Parsed(der));
                    }
                }
            }
            catch (Exception wrong) when (wrong is InvalidDataException or IOException or UnauthorizedAccessException
                or FormatException)
            {
                problems.Add(wrong.Message.TrimEnd('.') + ".");
            }
        }

        return new GivenFiles(certificates, lists);
    }

    /// <summary>What is in the folder already, in the same form.</summary>
    public static GivenFiles Of(TrustedFolder trusted) => new(
        [.. trusted.Roots.Concat(trusted.Authorities).Select(der => X509CertificateLoader.LoadCertificate(der.Span))],
        [.. trusted.Lists.Select(Parsed)]);

    private static GivenList Parsed(ReadOnlyMemory<byte> der) => new(der, RevocationList.Parse(der, out _)!);

    private static GivenList Parsed(byte[] der) => Parsed((ReadOnlyMemory<byte>)der);
}
