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
            Shown = Table(rows, now),
            Sentence = $"{rows.Count(row => row.State == "in force")} in force of {rows.Count}; the root of "
                + $"{register.Site} is {Fingerprint.Of(root)}.",
        };
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
