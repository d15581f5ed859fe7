using System.CommandLine;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Plant;

/// <summary>
/// sluice-provision trust: the plant's roots and revocation lists for all gateways, to be published where no
/// registration authority runs.
/// </summary>
internal sealed class TrustVerb(ToolSurroundings tool)
{
    private const string Verb = "trust";

    private readonly Option<string> into = new("--out")
    {
        Description = "The file.",
        HelpName = "FILE",
        Required = true,
    };

    public Command Command()
    {
        var trust = new Command(Verb, "Write the plant's roots and revocation lists for all its gateways, signed. The "
            + "version goes up where they changed.") { into, tool.Ca, tool.PassphraseFile, tool.Json };
        trust.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InCa(
            parsed, Verb, (folder, authority) => Make(parsed, folder, authority))));
        return trust;
    }

    private VerbReport Make(ParseResult parsed, AuthorityFolder folder, PlantAuthority authority)
    {
        var trust = authority.Trust(tool.Passphrase(parsed));
        var file = parsed.GetValue(into)!;
        AuthorityFolder.WriteFile(file, trust.Bytes);
        var site = folder.ReadRegister().Site;
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Site = site,
            Files = [file],
            RootFingerprint = Fingerprint.Of(authority.Root),
            Sentence = $"Version {trust.Version} of what gateways of {site} believe is in {file}.",
            Notes = [$"Retained on sluice/v1/{site}/trust it reaches every gateway."],
        };
    }
}
