using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Provision.Authority;
using Sluice.Provision.Authority.Elsewhere;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Plant;

/// <summary>sluice-provision list: who expires when, the next one first.</summary>
internal sealed class ListVerb(ToolSurroundings tool)
{
    private const string Verb = "list";

    private static readonly TimeSpan WarnBefore = TimeSpan.FromDays(14);

    public Command Command()
    {
        var list = new Command(Verb, "Print who has which certificate and when it expires, the next one first.")
        {
            tool.Ca, tool.Json,
        };
        list.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InCa(parsed, Verb, Show)));
        return list;
    }

    public static VerbCertificate Row(Registered registered, int bundle, DateTimeOffset now) => new(
        registered.Name, registered.Kind, registered.Serial, registered.KeyFingerprint, registered.NotAfter,
        registered.RevokedAt is not null ? "revoked"
        : registered.WipedAt is not null ? "wiped"
        : registered.NotAfter < now ? "expired"
        : "in force", bundle);

    /// <summary>The CA's own lists.</summary>
    public static IReadOnlyList<VerbList> Rows(PlantAuthority authority) => [.. authority.Lists().Select(Row)];

    /// <summary>Which list has to be made anew soon, and how.</summary>
    public static IEnumerable<string> Warnings(PlantAuthority authority, DateTimeOffset now) => authority.Lists()
        .Where(list => list.NextUpdate - now < WarnBefore)
        .Select(list => $"The list of {list.IssuerName} must be replaced by {list.NextUpdate:yyyy-MM-dd}, or a broker "
            + "that has it refuses every gateway: sluice-provision crl"
            + (list.IssuerName == authority.Root.SubjectName.Name
                ? " --root-key FILE, with the key from its safe."
                : "."));

    private static VerbList Row(RevocationList list) =>
        new(list.IssuerName, list.ThisUpdate, list.NextUpdate, list.RevokedCount);

    /// <summary>What another CA took back stands on its list, which somebody brought.</summary>
    private static bool IsRevoked(AuthorityFolder folder, Registered registered, GivenFiles trusted)
    {
        if (!registered.IsElsewhere)
        {
            return false;
        }

        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(File.ReadAllText(folder.At(registered.File)));
        return trusted.Lists.Any(each => each.List.IsRevoked(chain[0])
            && trusted.Certificates.Concat(chain.Skip(1)).Any(authority =>
                authority.SubjectName.RawData.AsSpan().SequenceEqual(chain[0].IssuerName.RawData)
                && each.List.IsSignedBy(authority)));
    }

    private static IEnumerable<string> Warnings(GivenFiles trusted, DateTimeOffset now) => trusted.Lists
        .Where(each => each.List.NextUpdate - now < WarnBefore)
        .Select(each => $"The list of {each.List.IssuerName} must be replaced by {each.List.NextUpdate:yyyy-MM-dd}: "
            + "have that CA make it anew, and put it into the folder trusted.");

    private VerbReport Show(AuthorityFolder folder, PlantAuthority authority)
    {
        var register = folder.ReadRegister();
        var now = tool.Clock.GetUtcNow();
        var trusted = GivenFiles.Of(TrustedFolder.Read(folder));
        IReadOnlyList<VerbList> lists = [.. Rows(authority), .. trusted.Lists.Select(each => Row(each.List))];
        var rows = register.Issued
            .Select(each => Row(each, register.Bundles.GetValueOrDefault(each.Name), now))
            .Zip(register.Issued, (row, each) => IsRevoked(folder, each, trusted)
                ? row with { State = "revoked" }
                : row)
            .OrderBy(row => row.State == "in force" ? 0 : 1).ThenBy(row => row.NotAfter)
            .ToList();
        using var root = authority.Root;
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Site = register.Site,
            RootFingerprint = Fingerprint.Of(root),
            Certificates = rows,
            RevocationLists = lists,
            Notes = Warnings(authority, now).Concat(Warnings(trusted, now)).ToList() is { Count: > 0 } warnings
                ? warnings
                : null,
            Shown = Table(rows, now) + Table(lists, now),
            Sentence = $"{rows.Count(row => row.State == "in force")} in force of {rows.Count}; the root of "
                + $"{register.Site} is {Fingerprint.Of(root)}.",
        };
    }

    private static string Table(IReadOnlyList<VerbList> lists, DateTimeOffset now)
    {
        var text = new StringBuilder();
        var width = lists.Max(list => list.Issuer.Length);
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{"revocation list of".PadRight(width)}  until       days  revoked");
        foreach (var list in lists)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{list.Issuer.PadRight(width)}  {list.NextUpdate:yyyy-MM-dd}  "
                + $"{(list.NextUpdate - now).TotalDays,4:0}  {list.Revoked,7}");
        }

        return text.ToString();
    }

    private static string Table(List<VerbCertificate> rows, DateTimeOffset now)
    {
        if (rows.Count == 0)
        {
            return "";
        }

        var text = new StringBuilder();
        var width = Math.Max(4, rows.Max(row => row.Name.Length));
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{"name".PadRight(width)}  kind     state     until       days  key                  serial");
        foreach (var row in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture,
                $"{row.Name.PadRight(width)}  {row.Kind,-7}  {row.State,-8}  {row.NotAfter:yyyy-MM-dd}  "
                + $"{(row.NotAfter - now).TotalDays,4:0}  {row.KeyFingerprint}  {row.Serial}");
        }

        return text.ToString();
    }
}
