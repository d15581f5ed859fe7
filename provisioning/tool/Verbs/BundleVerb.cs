using System.CommandLine;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs;

/// <summary>sluice-provision bundle: the newest lists, roots and broker for a gateway that has its certificate.
/// </summary>
internal sealed class BundleVerb(ToolSurroundings tool)
{
    private const string Verb = "bundle";

    private readonly Argument<string> gateway = new("GATEWAY") { Description = "The gateway's id." };

    private readonly Option<string> into = new("--out")
    {
        Description = "The stick or folder; the bundle goes into its folder sluice.",
        HelpName = "DIR",
        Required = true,
    };

    public Command Command()
    {
        var bundle = new Command(Verb, "Make a newer bundle for a gateway: the same certificate, with the revocation "
            + "lists and broker settings of today.") { gateway, into, tool.Ca, tool.PassphraseFile, tool.Json };
        bundle.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InCa(
            parsed, Verb, (folder, authority) => Make(parsed, folder, authority))));
        return bundle;
    }

    private VerbReport Make(ParseResult parsed, AuthorityFolder folder, PlantAuthority authority)
    {
        var name = parsed.GetValue(gateway)!;
        if (!folder.ReadRegister().Issued.Any(each =>
            each.Name == name && each.Kind == "gateway" && each.RevokedAt is null))
        {
            return VerbReport.Failed(Verb, ToolExitCode.Unavailable,
                $"'{name}' has no certificate of this CA, or it was revoked.", "Nothing was made.",
                "see 'sluice-provision list'; sign the gateway's request first.");
        }

        var (bytes, version) = authority.Bundle(name, tool.Passphrase(parsed));
        var file = StickLayout.BundleOf(parsed.GetValue(into)!, name);
        AuthorityFolder.WriteFile(file, bytes);
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Gateway = name,
            Files = [file],
            Sentence = $"Version {version} of {name}'s bundle is in {file}.",
        };
    }
}
