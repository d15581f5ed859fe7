using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;

namespace Sluice.Provisioning.Revocation;

/// <summary>What a file of newer revocation lists comes to.</summary>
/// <param name="Problems">Why nothing of it is taken, each a sentence without its full stop; empty where it is.</param>
/// <param name="Taken">The lists that are new here; none where all of them are here already.</param>
/// <param name="Pem">The lists from now on.</param>
public sealed record RevocationUpdateVerdict(
    IReadOnlyList<string> Problems, IReadOnlyList<RevocationList> Taken, ReadOnlyMemory<byte> Pem)
{
    /// <summary>For a program: what the first problem is; empty where there is none.</summary>
    public string Refusal { get; init; } = "";
}

/// <summary>
/// Says whether lists that somebody brought take the place of those that are here. A core.
/// <para>
/// Invariants: all of a file is taken or nothing; a list is only ever replaced by a younger one of the same authority,
/// which stands above this gateway's own certificate; what no list in the file replaces stays.
/// </para>
/// </summary>
public static class RevocationUpdate
{
    /// <summary>A CA's clock may be so far ahead: a list raises the floor of the gateway's time.</summary>
    private static readonly TimeSpan AheadMax = TimeSpan.FromDays(1);

    /// <summary>
    /// What is brought with a bundle, but for lists of which a younger one is here: a bundle that lay on a stick for a
    /// week brings nobody back. What belongs to none of the authorities is left out, except of what is brought.
    /// </summary>
    /// <param name="brought">DER, judged before.</param>
    /// <param name="present">The lists that are here, as their file has them.</param>
    /// <param name="issuers">Whose lists count.</param>
    public static IReadOnlyList<ReadOnlyMemory<byte>> Youngest(
        IReadOnlyList<ReadOnlyMemory<byte>> brought, byte[] present, IReadOnlyList<X509Certificate2> issuers)
    {
        List<(ReadOnlyMemory<byte> Der, RevocationList? List)> kept =
            [.. brought.Select(der => (der, RevocationList.Parse(der, out _)))];
        foreach (var (der, list, _) in RevocationFile.Read(present))
        {
            if (list is null || issuers.FirstOrDefault(list.IsSignedBy) is not { } issuer)
            {
                continue;
            }

            var at = kept.FindIndex(each => each.List?.IsSignedBy(issuer) == true);
            if (at < 0)
            {
                kept.Add((der, list));
            }
            else if (kept[at].List!.ThisUpdate < list.ThisUpdate)
            {
                kept[at] = (der, list);
            }
        }

        return [.. kept.Select(each => each.Der)];
    }

    /// <param name="file">What was brought.</param>
    /// <param name="present">The lists that are here, as their file has them.</param>
    /// <param name="issuers">The authorities above the gateway's certificate.</param>
    /// <param name="time">By what a list from the future is known, where the clock is right.</param>
    public static RevocationUpdateVerdict Judge(
        byte[] file, byte[] present, IReadOnlyList<X509Certificate2> issuers, ValidityTime time)
    {
        var problems = new List<(string Word, string Sentence)>();
        var taken = new List<RevocationList>();
        var brought = RevocationFile.Read(file);
        if (brought.Count == 0)
        {
            problems.Add(("Broken", "there is no revocation list in it (PEM 'X509 CRL', or DER)"));
        }

        var here = RevocationFile.Read(present).ToList();
        foreach (var (der, list, problem) in brought)
        {
            if (list is null)
            {
                problems.Add(("Broken", problem));
            }
            else if (issuers.FirstOrDefault(list.IsSignedBy) is not { } issuer)
            {
                problems.Add(("Foreign", $"the list of '{list.IssuerName}' is not signed by an authority of this "
                    + "gateway's certificate: it is of another plant, or was altered"));
            }
            else if (time.MayAct && list.ThisUpdate > time.At + AheadMax)
            {
                problems.Add(("NotYet", $"the list of '{list.IssuerName}' was made "
                    + $"{list.ThisUpdate:yyyy-MM-dd HH:mm}Z, and it is {time.At:yyyy-MM-dd HH:mm}Z: the clock of the "
                    + "CA or that of this gateway is wrong"));
            }
            else if (!here.Any(each => each.Der.Span.SequenceEqual(der.Span)))
            {
                var newest = here.Where(each => each.List?.IsSignedBy(issuer) == true)
                    .Select(each => each.List!.ThisUpdate).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
                if (list.ThisUpdate <= newest)
                {
                    problems.Add(("Older", $"the list of '{list.IssuerName}' was made "
                        + $"{list.ThisUpdate:yyyy-MM-dd HH:mm:ss}Z, and the one that is here "
                        + $"{newest:yyyy-MM-dd HH:mm:ss}Z: an older one could bring back what was revoked"));
                }

                here.RemoveAll(each => each.List?.IsSignedBy(issuer) == true);
                here.Add((der, list, ""));
                taken.Add(list);
            }
        }

        return problems.Count > 0
            ? new RevocationUpdateVerdict([.. problems.Select(each => each.Sentence)], [], default)
            {
                Refusal = problems[0].Word,
            }
            : new RevocationUpdateVerdict(
                [], taken, BundleContent.ToPem(RevocationFile.Label, here.Select(each => each.Der)));
    }
}
