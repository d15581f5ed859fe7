using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Plant;

/// <summary>sluice-provision ca init: makes the plant's CA.</summary>
internal sealed class CaVerb(ToolSurroundings tool)
{
    private const string Verb = "ca init";

    private readonly Option<string> site = new("--site")
    {
        Description = "The plant, as gateway.site in every gateway's configuration.",
        HelpName = "NAME",
        Required = true,
    };

    private readonly Option<bool> bundlesOnly = new("--bundles-only")
    {
        Description = "The plant has a CA of its own: make a root and a signer for bundles, and nothing that makes "
            + "certificates for gateways or brokers.",
    };

    private readonly Option<string> rootPassphrase = new("--root-passphrase-file")
    {
        Description = "The same for the root's key, which needs a passphrase of its own.",
        HelpName = "FILE",
    };

    public Command Command()
    {
        var init = new Command("init", "Make a plant CA: a root whose key is then taken offline, an authority that "
            + "issues certificates, and a signer of bundles.")
        {
            tool.Ca, site, bundlesOnly, tool.PassphraseFile, rootPassphrase, tool.Json,
        };
        init.SetAction(parsed => tool.Run(parsed, Verb, () => Init(parsed)));
        return new Command("ca", "The plant's CA.") { init };
    }

    private VerbReport Init(ParseResult parsed)
    {
        var directory = parsed.GetValue(tool.Ca)!;
        var plant = parsed.GetValue(site)!;
        if (!KeyRequest.IsName(plant))
        {
            return VerbReport.Failed(Verb, ToolExitCode.Usage, $"'{plant}' cannot be the name of a plant.",
                "Nothing was made.", "use 1 to 32 of A-Z a-z 0-9 _ -, as in gateway.site.");
        }

        if (AuthorityFolder.Exists(directory))
        {
            return VerbReport.Failed(Verb, ToolExitCode.Refused,
                $"{Path.GetFullPath(directory)} holds a CA already.",
                "Nothing was changed: a second one in its place would leave every gateway without a CA.",
                "name another folder with --ca.");
        }

        var root = tool.Passphrase(parsed.GetValue(rootPassphrase), "A passphrase for the root's key");
        var own = tool.Passphrase(parsed.GetValue(tool.PassphraseFile), "Another one for the keys of every day");
        if (Math.Min(root.Length, own.Length) < ToolSurroundings.PassphraseLettersMin)
        {
            return VerbReport.Failed(Verb, ToolExitCode.NoPermission,
                $"A passphrase of {ToolSurroundings.PassphraseLettersMin} letters at least is needed for each of the "
                + "two keys.", "Nothing was made.",
                "run it at a terminal, or give --root-passphrase-file and --passphrase-file.");
        }

        var isForBundles = parsed.GetValue(bundlesOnly);
        tool.Tell($"Making {(isForBundles ? "two" : "three")} keys and encrypting them.");
        using var folder = AuthorityFolder.Open(directory);
        var authority = new PlantAuthority(folder, tool.Clock);
        if (isForBundles)
        {
            authority.MakeForBundles(plant, root, own);
        }
        else
        {
            authority.Make(plant, root, own);
        }

        using var made = authority.Root;
        return Made(folder, plant, made, isForBundles);
    }

    private static VerbReport Made(
        AuthorityFolder folder, string plant, X509Certificate2 made, bool isForBundles) => new()
    {
        Verb = Verb,
        ExitCode = ToolExitCode.Fine,
        Site = plant,
        RootFingerprint = Fingerprint.Of(made),
        Sentence = (isForBundles ? $"The signer of {plant}'s bundles" : $"The CA of {plant}")
            + $" is made; its root is {Fingerprint.Of(made)} (SHA-256 {Fingerprint.LongOf(made)}).",
        Notes =
        [
            $"Move {folder.At("root")} to a stick, and the stick into a safe: nothing of every day needs it.",
            "Write the root's fingerprint down where technicians find it: each gateway asks for it once.",
            .. isForBundles
                ? ["The plant's CA signs each gateway's request; then: sluice-provision bundle make."]
                : Array.Empty<string>(),
        ],
    };
}
