using System.CommandLine;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs;

/// <summary>sluice-provision revoke: takes back a certificate by its number, or all of somebody.</summary>
internal sealed class RevokeVerb(ToolSurroundings tool)
{
    private const string Verb = "revoke";

    private readonly Argument<string> who = new("NAME|SERIAL") { Description = "Whose, or which one." };

    private readonly Option<string> because = new("--because")
    {
        Description = "Why, for the register.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "not said",
    };

    private readonly Option<int> days = CrlVerb.Life();

    public Command Command()
    {
        var revoke = new Command(Verb, "Take certificates back: those of a gateway, broker or client, or the one with "
            + "this number. Writes the revocation list.")
        {
            who, because, days, tool.Ca, tool.PassphraseFile, tool.Json,
        };
        revoke.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InCa(
            parsed, Verb, (folder, authority) => Revoke(parsed, folder, authority))));
        return revoke;
    }

    private VerbReport Revoke(ParseResult parsed, AuthorityFolder folder, PlantAuthority authority)
    {
        var name = parsed.GetValue(who)!;
        var found = folder.ReadRegister().Issued.Where(each => each.RevokedAt is null
            && (each.Name == name || string.Equals(each.Serial, name, StringComparison.OrdinalIgnoreCase))).ToList();
        if (found.Count == 0)
        {
            return VerbReport.Failed(Verb, ToolExitCode.Unavailable, $"Nothing is in force under '{name}'.",
                "Nothing was changed.", "see 'sluice-provision list' for names and numbers.");
        }

        authority.Revoke(found.Select(each => each.Serial).ToHashSet(), parsed.GetValue(because)!,
            tool.Passphrase(parsed), ToolSurroundings.Life(parsed.GetValue(days)));
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Files = [folder.At("crl.pem")],
            Sentence = $"Revoked {found.Count} of {name}: {string.Join(", ", found.Select(each => each.Serial))}.",
            Notes =
            [
                "The broker refuses it only once it has the new list: 'sluice-provision crl --out FILE', and SIGHUP to "
                    + "mosquitto. A session that is open stays open until the broker ends it.",
            ],
        };
    }
}

/// <summary>sluice-provision crl: makes the revocation list anew, before the one out there is too old.</summary>
internal sealed class CrlVerb(ToolSurroundings tool)
{
    private const string Verb = "crl";

    private readonly Option<string> into = new("--out")
    {
        Description = "Also write both lists, as a broker takes them, to this file.",
        HelpName = "FILE",
    };

    private readonly Option<int> days = Life();

    public static Option<int> Life() => ToolSurroundings.Days(90, "After how many days the list must be replaced.");

    public Command Command()
    {
        var crl = new Command(Verb, "Make the revocation list anew.")
        {
            into, days, tool.Ca, tool.PassphraseFile, tool.Json,
        };
        crl.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InCa(
            parsed, Verb, (folder, authority) => Make(parsed, folder, authority))));
        return crl;
    }

    private VerbReport Make(ParseResult parsed, AuthorityFolder folder, PlantAuthority authority)
    {
        var life = ToolSurroundings.Life(parsed.GetValue(days));
        authority.Relist(tool.Passphrase(parsed), life);
        var files = new List<string> { folder.At("crl.pem") };
        if (parsed.GetValue(into) is { } file)
        {
            AuthorityFolder.WriteFile(file, authority.ListsPem());
            files.Add(file);
        }

        var register = folder.ReadRegister();
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Files = files,
            Sentence = $"List {register.CrlNumber} names {register.Issued.Count(each => each.RevokedAt is not null)} "
                + $"and is good until {tool.Clock.GetUtcNow() + life:yyyy-MM-dd}.",
            Notes = ["A broker whose list is older than that refuses every gateway: bring it there in time."],
        };
    }
}
