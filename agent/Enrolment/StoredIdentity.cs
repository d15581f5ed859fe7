using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Store;
using Sluice.Provisioning.Trust;

namespace Sluice.Agent.Enrolment;

/// <summary>What a bundle is judged against, read from the store: pinned roots, revocation lists, keys.</summary>
internal sealed class StoredIdentity(IdentityStore store)
{
    /// <summary>The roots of what is in use; before there is that, those of what was imported first.</summary>
    public TrustAnchors? Pinned(IdentityState state)
    {
        if ((state.Active ?? state.Staged) is not { } version)
        {
            return null;
        }

        // Damaged roots are no reason to believe whoever comes: nothing leads to them, so nothing is taken.
        return new TrustAnchors(Certificates(version, IdentityDirectory.RootsFile), Lists(version));
    }

    /// <summary>The gateway's certificate of a version, or null where there is none that can be read.</summary>
    public X509Certificate2? Leaf(string version)
    {
        var chain = Certificates(version, IdentityDirectory.ChainFile);
        foreach (var above in chain.Skip(1))
        {
            above.Dispose();
        }

        return chain.Count > 0 ? chain[0] : null;
    }

    /// <summary>The gateway's certificate of a version and what stands above it, without the root.</summary>
    public IReadOnlyList<X509Certificate2> Chain(string version) =>
        [.. Certificates(version, IdentityDirectory.ChainFile)];

    /// <summary>A bundle with the younger one of each list, of its own and of those in use.</summary>
    public BundleContent WithYoungestLists(IdentityState state, BundleContent content)
    {
        if (state.Active is not { } active)
        {
            return content;
        }

        List<X509Certificate2> issuers = [.. content.Chain.Skip(1).Concat(content.Roots)
            .Select(der => X509CertificateLoader.LoadCertificate(der.Span))];
        var lists = RevocationUpdate.Youngest(
            content.RevocationLists, store.ReadFile(active, IdentityDirectory.RevocationFile) ?? [], issuers);
        issuers.ForEach(issuer => issuer.Dispose());
        return content with { RevocationLists = lists };
    }

    /// <summary>Everything between the gateway's certificate, which comes first, and the root, which is the last.
    /// </summary>
    public IReadOnlyList<X509Certificate2> Path(string version)
    {
        var chain = Certificates(version, IdentityDirectory.ChainFile);
        return
        [
            .. chain, .. Certificates(version, IdentityDirectory.RootsFile).Where(root => chain.Count == 0
                || root.SubjectName.RawData.AsSpan().SequenceEqual(chain[^1].IssuerName.RawData)).Take(1),
        ];
    }

    public List<RevocationList> Lists(string version) =>
        [.. RevocationFile.Read(store.ReadFile(version, IdentityDirectory.RevocationFile) ?? [])
            .Select(each => each.List).OfType<RevocationList>()];

    /// <summary>
    /// The private key of a certificate as PEM, wherever it is: of the request, or of what is staged or in use, for a
    /// bundle that brings newer lists for the same key. Null where this gateway does not have it.
    /// </summary>
    public byte[]? KeyOf(IdentityState state, X509Certificate2 certificate)
    {
        var wanted = Fingerprint.OfKey(certificate);
        var places = new[] { state.Staged, state.Active }.OfType<string>()
            .Select(version => store.ReadFile(version, IdentityDirectory.KeyFile))
            .Prepend(store.ReadPending());
        foreach (var text in places.OfType<byte[]>())
        {
            if (KeyIn(text, wanted) is { } key)
            {
                return key;
            }
        }

        return null;
    }

    /// <summary>
    /// The key in a PEM text as a file of its own, where it is the one that is wanted: itself, or where it is in the
    /// TPM.
    /// </summary>
    public static byte[]? KeyIn(byte[] text, string wanted)
    {
        if (TpmKeyText.Read(text) is { } elsewhere)
        {
            return elsewhere.KeyFingerprint == wanted ? elsewhere.Write() : null;
        }

        var letters = Encoding.Latin1.GetString(text);
        try
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(letters);
            return Fingerprint.OfKey(key.ExportSubjectPublicKeyInfo()) == wanted
                ? Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n")
                : null;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            // An RSA key that was laid out by hand, or a damaged one: not the key of any request of ours.
            return null;
        }
    }

    private X509Certificate2Collection Certificates(string version, string file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Encoding.Latin1.GetString(store.ReadFile(version, file) ?? []));
        }
        catch (CryptographicException)
        {
            certificates.Clear();
        }

        return certificates;
    }
}
