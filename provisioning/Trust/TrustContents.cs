using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Revocation;

namespace Sluice.Provisioning.Trust;

/// <summary>The certificates and lists of a trust bundle, each looked at by itself. A core.</summary>
internal sealed class TrustContents
{
    private const string Anew = "have the plant's CA make the trust bundle anew, without it";

    private readonly List<X509Certificate2> roots = [];
    private readonly List<RevocationList> lists = [];

    public IReadOnlyList<X509Certificate2> Roots => roots;

    public IReadOnlyList<RevocationList> Lists => lists;

    /// <param name="content">What was signed.</param>
    /// <param name="envelope">Whose signers issue too, as a rule.</param>
    /// <param name="own">The gateway's own chain, whose authorities may have lists here.</param>
    /// <param name="problems">Gets one for each that does not belong there.</param>
    public static TrustContents Read(
        TrustContent content, BundleEnvelope envelope, IReadOnlyList<X509Certificate2> own,
        List<TrustProblem> problems)
    {
        var read = new TrustContents();
        read.ReadRoots(content.Roots, problems);
        if (!content.Roots.Any(root => root.Span.SequenceEqual(envelope.Root.RawData)))
        {
            problems.Add(new TrustProblem(TrustRefusal.Root, "The trust bundle does not hold the root under which it "
                + "was signed, so no later one could follow it",
                "have the plant's CA make it anew with both roots, or sign it under the new one"));
        }

        var authorities = ReadAuthorities(content.Authorities, problems);
        X509Certificate2[] issuers = [.. read.roots, .. authorities, .. envelope.Signers.Skip(1), .. own.Skip(1)];
        read.ReadLists(content.RevocationLists, issuers, problems);
        return read;
    }

    public IEnumerable<string> Warnings(ValidityTime time) =>
        lists.Select(list => list.AgeProblem(time, RevocationPolicy.WarnsOnly)).OfType<string>();

    private void ReadRoots(IReadOnlyList<ReadOnlyMemory<byte>> ders, List<TrustProblem> problems)
    {
        for (var at = 0; at < ders.Count; at++)
        {
            if (WholeCertificate.Load(ders[at].Span) is not { } root)
            {
                problems.Add(Wrong(TrustRefusal.Root, $"Root {at + 1} of the trust bundle is damaged"));
            }
            else if (roots.Any(other => other.RawDataMemory.Span.SequenceEqual(root.RawData)))
            {
                problems.Add(Wrong(TrustRefusal.Root, $"The root '{root.Subject}' is in the trust bundle twice"));
            }
            else if (!SignedDer.IsSelfSigned(root) || !IsAuthority(root))
            {
                problems.Add(Wrong(TrustRefusal.Root, $"'{root.Subject}' ({Fingerprint.Of(root)}) is among the roots, "
                    + "and is none: it is not signed by itself, or is no authority"));
            }
            else
            {
                roots.Add(root);
            }
        }
    }

    private static List<X509Certificate2> ReadAuthorities(
        IReadOnlyList<ReadOnlyMemory<byte>> ders, List<TrustProblem> problems)
    {
        var authorities = new List<X509Certificate2>();
        for (var at = 0; at < ders.Count; at++)
        {
            if (WholeCertificate.Load(ders[at].Span) is { } authority && IsAuthority(authority))
            {
                authorities.Add(authority);
            }
            else
            {
                problems.Add(Wrong(TrustRefusal.Authority, $"Authority {at + 1} of the trust bundle is damaged, or is "
                    + "no authority"));
            }
        }

        return authorities;
    }

    private void ReadLists(
        IReadOnlyList<ReadOnlyMemory<byte>> ders, X509Certificate2[] issuers, List<TrustProblem> problems)
    {
        var signedBy = new List<X509Certificate2>();
        for (var at = 0; at < ders.Count; at++)
        {
            if (RevocationList.Parse(ders[at], out var problem) is not { } list)
            {
                problems.Add(Wrong(TrustRefusal.List, $"List {at + 1} of the trust bundle cannot be used: {problem}"));
            }
            else if (issuers.FirstOrDefault(list.IsSignedBy) is not { } issuer)
            {
                problems.Add(Wrong(TrustRefusal.List, $"The list of '{list.IssuerName}' in the trust bundle is signed "
                    + "by nobody of this plant"));
            }
            else if (signedBy.Any(other => other.RawDataMemory.Span.SequenceEqual(issuer.RawData)))
            {
                problems.Add(Wrong(TrustRefusal.List, $"There are two lists of '{list.IssuerName}' in the trust "
                    + "bundle: nobody could say which one counts"));
            }
            else
            {
                signedBy.Add(issuer);
                lists.Add(list);
            }
        }
    }

    private static bool IsAuthority(X509Certificate2 certificate) => certificate.Extensions
        .OfType<X509BasicConstraintsExtension>().Any(basic => basic.CertificateAuthority);

    private static TrustProblem Wrong(TrustRefusal refusal, string happened) => new(refusal, happened, Anew);
}
