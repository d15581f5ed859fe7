using System.CommandLine;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Gateways;

/// <summary>sluice-provision bundle: the newest lists, roots and broker for a gateway that has its certificate.
/// </summary>
internal sealed class BundleVerb(ToolSurroundings tool)
{
    private const string Verb = "bundle";

    private readonly Argument<string> gateway = new("GATEWAY") { Description = "The gateway's id." };

    private readonly BundlePlace place = new();
    private readonly GivenConfiguration configuration = new();

    public Command Command()
    {
        var bundle = new Command(Verb, "Make a newer bundle for a gateway: the same certificate, with the revocation "
            + "lists and broker settings of today.")
        {
            gateway, place.Into, place.Above, configuration.Gateway, configuration.Lists, tool.Ca,
            tool.PassphraseFile, tool.Json,
            new BundleMakeVerb(tool).Command(),
        };
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
                "see 'sluice-provision list'; sign the gateway's request first, or where the plant's own CA did: "
                + "sluice-provision bundle make.");
        }

        if (place.Problem(parsed, folder.ReadRegister(), name) is { } problem)
        {
            return VerbReport.Failed(Verb, ToolExitCode.Refused, $"{problem}.", "Nothing was made.",
                "see which of the two the gateway has: sluice-agent identity status.");
        }

        var problems = new List<string>();
        var brought = configuration.Read(parsed, name, folder.ReadRegister().Site, problems);
        if (problems.Count > 0)
        {
            return VerbReport.Failed(Verb, ToolExitCode.Refused, string.Join(" ", problems), "Nothing was made.",
                "mend all of it; sluice-agent check says more of a configuration.");
        }

        var (bytes, version) = authority.Bundle(
            name, tool.Passphrase(parsed), parsed.GetValue(place.Above), brought);
        var file = place.Of(parsed, name);
        AuthorityFolder.WriteFile(file, bytes);
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Gateway = name,
            Files = [file],
            Sentence = $"Version {version} of {name}'s bundle is in {file}.",
            Notes = brought is null ? null : [GivenConfiguration.Note],
        };
    }
}
