using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Enrolment;

/// <summary>Newer revocation lists and the versions that lie in the identity directory.</summary>
internal sealed class StoredLists(EnrolmentContext context)
{
    /// <summary>
    /// Puts lists into what is staged and what was before, so that neither activating nor a rollback brings older ones
    /// back. Another version may have other authorities, or newer lists: of these it keeps what it has.
    /// </summary>
    public void ReplaceBeside(IdentityState state, byte[] bytes)
    {
        foreach (var version in new[] { state.Staged, state.Previous }.OfType<string>())
        {
            var issuers = Issuers(version);
            var here = context.Store.ReadFile(version, IdentityDirectory.RevocationFile) ?? [];
            var pem = BundleContent.ToPem(RevocationFile.Label, RevocationUpdate.Youngest(
                [.. RevocationFile.Read(here).Where(each => each.List is not null).Select(each => each.Der)], bytes,
                issuers ?? []));
            if (issuers is not null && !pem.AsSpan().SequenceEqual(here))
            {
                context.Store.ReplaceLists(version, pem);
            }
        }
    }

    /// <summary>Whether they take the place of those of a version.</summary>
    public RevocationUpdateVerdict Judge(string version, byte[] bytes)
    {
        return Issuers(version) is { } issuers
            ? RevocationUpdate.Judge(
                bytes, context.Store.ReadFile(version, IdentityDirectory.RevocationFile) ?? [], issuers, context.Time())
            : new RevocationUpdateVerdict(
                [$"the identity {version} is damaged, so nobody can say whose lists count here"], [], default)
            {
                Refusal = "Damaged",
            };
    }

    /// <summary>The authorities above a version's certificate; null where its files are damaged.</summary>
    private IReadOnlyList<X509Certificate2>? Issuers(string version)
    {
        var issuers = new X509Certificate2Collection();
        try
        {
            // The first is the gateway's own, which signs no lists.
            issuers.ImportFromPem(Text(version, IdentityDirectory.ChainFile));
            issuers.RemoveAt(0);
            issuers.ImportFromPem(Text(version, IdentityDirectory.RootsFile));
            return [.. issuers];
        }
        catch (Exception damaged) when (damaged is CryptographicException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private string Text(string version, string file) =>
        Encoding.Latin1.GetString(context.Store.ReadFile(version, file) ?? []);
}
