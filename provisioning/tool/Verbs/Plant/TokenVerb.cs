using System.CommandLine;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Plant;

/// <summary>sluice-provision token: what lets a gateway take its first bundle without a person.</summary>
internal sealed class TokenVerb(ToolSurroundings tool)
{
    private const string Verb = "token";

    private readonly Option<string> into = new("--out")
    {
        Description = "The file to write.",
        HelpName = "FILE",
        DefaultValueFactory = _ => SiteToken.FileName,
    };

    public Command Command()
    {
        var token = new Command(Verb, "Write the site token for the bench: with it a gateway takes its first bundle "
            + "when that was made under this CA's root, and asks nobody.") { into, tool.Ca, tool.Json };
        token.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InCa(
            parsed, Verb, (folder, authority) => Make(parsed, folder, authority))));
        return token;
    }

    private VerbReport Make(ParseResult parsed, AuthorityFolder folder, PlantAuthority authority)
    {
        using var root = authority.Root;
        var file = parsed.GetValue(into)!;
        var site = folder.ReadRegister().Site;
        AuthorityFolder.WriteFile(file, new SiteToken(site, Fingerprint.LongOf(root)).Write());
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Site = site,
            Files = [file],
            RootFingerprint = Fingerprint.Of(root),
            Sentence = $"{file} pins the root {Fingerprint.Of(root)} on gateways of {site} that have none yet.",
            Notes =
            [
                "On the bench: put it beside gateway.json, or sluice-agent identity init --token. It is no secret. "
                    + "Never bring it on the stick that brings the bundle, for then it proves nothing.",
            ],
        };
    }
}
