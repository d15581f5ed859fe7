using System.CommandLine;
using Sluice.Provision.Authority;
using Sluice.Provision.Verbs.Plant;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Gateways;

/// <summary>
/// sluice-provision replace: a spare takes a gateway's place. It keeps the id, has a key of its own, and what the old
/// one held is revoked in the same act: two boards with one id would push each other off the broker for ever.
/// </summary>
internal sealed class ReplaceVerb(ToolSurroundings tool)
{
    private const string Verb = "replace";

    private readonly RequestDesk desk = new(tool);
    private readonly Argument<string> gateway = new("GATEWAY") { Description = "The id of the gateway that is gone." };

    private readonly Argument<string> path = new("PATH")
    {
        Description = "The spare's request, or the stick that it is on.",
    };

    private readonly Option<string> because = new("--because")
    {
        Description = "Why, for the register.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "replaced by a spare",
    };

    private readonly Option<int> days = ToolSurroundings.Days(365, "How long the certificate is valid.");
    private readonly Option<int> listDays = new("--crl-days")
    {
        Description = "After how many days the list must be replaced.",
        HelpName = "N",
        DefaultValueFactory = _ => 90,
    };

    public Command Command()
    {
        var replace = new Command(Verb, "Give a spare the id of a gateway that is gone: takes back what the old one "
            + "held, signs the spare's request, and writes its bundle with the new revocation list.")
        {
            gateway, path, because, days, listDays, desk.Fingerprints, desk.Labels, tool.Ca, tool.PassphraseFile,
            tool.Json,
        };
        replace.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InIssuingCa(
            parsed, Verb, "have that CA take back what the old gateway held (sluice-provision list shows the numbers), "
                + "sign the spare's request, and make its list anew; then sluice-provision bundle make --request FILE "
                + "--chain FILE --crl FILE --out STICK brings the spare both.",
            (folder, authority) => Replace(parsed, folder, authority))));
        return replace;
    }

    private VerbReport Replace(ParseResult parsed, AuthorityFolder folder, PlantAuthority authority)
    {
        var name = parsed.GetValue(gateway)!;
        var register = folder.ReadRegister();
        var old = register.Issued.Where(each => each.Name == name && each.Kind == "gateway").ToList();
        if (old.Count == 0)
        {
            return Refused(ToolExitCode.Unavailable, $"'{name}' never had a certificate of this CA.",
                "see 'sluice-provision list' for names; a new gateway is for 'sluice-provision sign'.");
        }

        var from = parsed.GetValue(path)!;
        var file = Directory.Exists(from) ? StickLayout.RequestOf(from, name) : from;
        var notes = desk.NoLabels(parsed);
        if (notes.Count > 0 || desk.Accept(parsed, register, file, Verb, notes) is not { } request)
        {
            return Refused(ToolExitCode.Refused, string.Join(" ", notes), "have the spare, with the old one's "
                + "gateway.id in its configuration, write its request to the stick, and compare the letters with its "
                + "own screen or label.");
        }

        if (request.GatewayId != name)
        {
            return Refused(ToolExitCode.Refused, $"The request is that of {request.GatewayId}, and not of {name}.",
                "give the spare the old one's gateway.id, make its key anew and export again.");
        }

        if (old.Exists(each => each.KeyFingerprint == request.KeyFingerprint))
        {
            return Refused(ToolExitCode.Refused, $"The request is for a key that {name} has a certificate for already: "
                + "it is the same gateway, or a copy of its card.", "make a new key on the spare: sluice-agent "
                + "identity init --again. To renew a gateway that stays, there is 'sluice-provision sign'.");
        }

        return Act(parsed, folder, authority, request, file, old);
    }

    private VerbReport Act(
        ParseResult parsed, AuthorityFolder folder, PlantAuthority authority, KeyRequest request, string file,
        List<Registered> old)
    {
        var passphrase = tool.Passphrase(parsed);
        var serials = old.Where(each => each.RevokedAt is null).Select(each => each.Serial).ToHashSet();

        // The old one first, so that the spare's bundle brings the list that names it. Cut short in between, the same
        // command does the rest.
        authority.Revoke(serials, parsed.GetValue(because)!, passphrase,
            ToolSurroundings.Life(parsed.GetValue(listDays)));
        var (bundle, registered, version) = authority.Sign(
            request, passphrase, ToolSurroundings.Life(parsed.GetValue(days)));
        var beside = Path.Combine(
            Path.GetDirectoryName(Path.GetFullPath(file))!, request.GatewayId + StickLayout.BundleEnding);
        AuthorityFolder.WriteFile(beside, bundle);
        using var root = authority.Root;
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ToolExitCode.Fine,
            Gateway = request.GatewayId,
            KeyFingerprint = request.KeyFingerprint,
            RootFingerprint = Fingerprint.Of(root),
            Files = [beside, folder.At("crl.pem")],
            Certificates = [ListVerb.Row(registered, version, tool.Clock.GetUtcNow())],
            Sentence = $"The spare {request.KeyFingerprint} is {request.GatewayId} now, until "
                + $"{registered.NotAfter:yyyy-MM-dd}; revoked: {serials.Count}"
                + (serials.Count > 0 ? $" ({string.Join(", ", serials)})." : "."),
            Notes =
            [
                "The broker refuses the old one only once it has the new list: 'sluice-provision crl --out FILE', and "
                    + "SIGHUP to mosquitto. A session that is open stays open until the broker ends it.",
                $"The spare takes its first bundle: it asks for the root, {Fingerprint.Of(root)}, or has a site token.",
            ],
        };
    }

    private static VerbReport Refused(int code, string happened, string todo) => VerbReport.Failed(
        Verb, code, happened, "Nothing was signed, and nothing was revoked.", todo);
}
