using System.CommandLine;
using System.Globalization;
using System.Text;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs;

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
    public static IReadOnlyList<VerbList> Rows(PlantAuthority authority) => [.. authority.Lists().Select(list =>
        new VerbList(list.IssuerName, list.ThisUpdate, list.NextUpdate, list.RevokedCount))];

    /// <summary>Which list has to be made anew soon, and how.</summary>
    public static IEnumerable<string> Warnings(PlantAuthority authority, DateTimeOffset now) => authority.Lists()
        .Where(list => list.NextUpdate - now < WarnBefore)
        .Select(list => $"The list of {list.IssuerName} must be replaced by {list.NextUpdate:yyyy-MM-dd}, or a broker "
            + "that has it refuses every gateway: sluice-provision crl"
            + (list.IssuerName == authority.Root.SubjectName.Name
                ? " --root-key FILE, with the key from its safe."
                : "."));

    private VerbReport Show(AuthorityFolder folder, PlantAuthority authority)
    {
        var register = folder.ReadRegister();
        var now = tool.Clock.GetUtcNow();
        var rows = register.Issued
            .Select(each => Row(each, register.Bundles.GetValueOrDefault(each.Name), now))
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
            RevocationLists = Rows(authority),
            Notes = Warnings(authority, now).ToList() is { Count: > 0 } warnings ? warnings : null,
            Shown = Table(rows, now) + Table(Rows(authority), now),
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
