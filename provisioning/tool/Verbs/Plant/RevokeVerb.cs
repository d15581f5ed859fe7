using System.CommandLine;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Plant;

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

        var elsewhere = found.Where(each => each.IsElsewhere).ToList();
        if (elsewhere.Count == found.Count)
        {
            return VerbReport.Failed(Verb, ToolExitCode.Unavailable, $"Only the CA that made it takes a certificate "
                + $"back, and that is another one: {Named(elsewhere)}.", "Nothing was changed.", "have it revoke the "
                + "number and make its list anew; put that into the folder trusted, then sluice-provision bundle or "
                + "trust brings it to the gateways, and the broker needs it too.");
        }

        found.RemoveAll(each => each.IsElsewhere);
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
                .. elsewhere.Count == 0 ? Array.Empty<string>()
                    : [$"Another CA must take back what it made: {Named(elsewhere)}."],
            ],
        };
    }

    private static string Named(List<Registered> elsewhere) =>
        string.Join(", ", elsewhere.Select(each => $"{each.Serial} of {each.Name}, made by '{each.Issuer}'"));
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

    private readonly Option<string> rootKey = new("--root-key")
    {
        Description = "The root's key, from its stick in the safe (root.key): also makes the root's own list anew.",
        HelpName = "FILE",
    };

    private readonly Option<string> rootPassphrase = new("--root-passphrase-file")
    {
        Description = "A file with the passphrase of the root's key in its first line; else it is asked for.",
        HelpName = "FILE",
    };

    private readonly Option<int> rootDays = new("--root-days")
    {
        Description = "After how many days the root's list must be replaced.",
        HelpName = "N",
        DefaultValueFactory = _ => 3650,
    };

    public static Option<int> Life() => ToolSurroundings.Days(90, "After how many days the list must be replaced.");

    public Command Command()
    {
        var crl = new Command(Verb, "Make the revocation list anew; with the root's key at hand, that of the root too.")
        {
            into, days, rootKey, rootPassphrase, rootDays, tool.Ca, tool.PassphraseFile, tool.Json,
        };
        crl.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InCa(
            parsed, Verb, (folder, authority) => Make(parsed, folder, authority))));
        return crl;
    }

    private VerbReport Make(ParseResult parsed, AuthorityFolder folder, PlantAuthority authority)
    {
        var life = ToolSurroundings.Life(parsed.GetValue(days));
        var files = new List<string> { folder.At("crl.pem") };

        // Both passphrases are asked for before anything is written.
        var passphrase = tool.Passphrase(parsed);
        authority.TryPassphrase(passphrase);
        if (!authority.Issues && parsed.GetValue(rootKey) is null)
        {
            return VerbReport.Failed(Verb, ToolExitCode.Unavailable, $"{Path.GetFullPath(folder.Directory)} makes no "
                + "certificates, and so no list of them: the plant has a CA of its own.", "Nothing was changed.",
                "put the newest lists of that CA into the folder trusted, from where sluice-provision bundle and trust "
                + "take them; --root-key makes the list of the bundles' own root anew.");
        }

        if (parsed.GetValue(rootKey) is { } key)
        {
            authority.RelistRoot(
                key, tool.Passphrase(parsed.GetValue(rootPassphrase), "Passphrase of the root's key"),
                ToolSurroundings.Life(parsed.GetValue(rootDays)));
            files.Add(folder.At("root-crl.pem"));
        }

        if (authority.Issues)
        {
            authority.Relist(passphrase, life);
        }
        else
        {
            files.RemoveAt(0);
        }

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
            RevocationLists = ListVerb.Rows(authority),
            Sentence = Sentence(parsed, authority, register, tool.Clock.GetUtcNow()),
            Notes =
            [
                .. ListVerb.Warnings(authority, tool.Clock.GetUtcNow()),
                "A broker whose list is older than that refuses every gateway: bring it there in time.",
            ],
        };
    }

    private string Sentence(ParseResult parsed, PlantAuthority authority, Register register, DateTimeOffset now)
    {
        var said = new List<string>();
        if (authority.Issues)
        {
            said.Add($"List {register.CrlNumber} names {register.Issued.Count(each => each.RevokedAt is not null)} and "
                + $"is good until {now + ToolSurroundings.Life(parsed.GetValue(days)):yyyy-MM-dd}");
        }

        if (parsed.GetValue(rootKey) is not null)
        {
            said.Add($"{(said.Count > 0 ? "the" : "The")} root's own, number {register.RootCrlNumber}, until "
                + $"{now + ToolSurroundings.Life(parsed.GetValue(rootDays)):yyyy-MM-dd}");
        }

        return string.Join("; ", said) + ".";
    }
}
