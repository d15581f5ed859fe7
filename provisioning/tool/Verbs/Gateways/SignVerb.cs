using System.CommandLine;
using Sluice.Provision.Authority;
using Sluice.Provision.Verbs.Plant;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Gateways;

/// <summary>sluice-provision request show: what stands in a request, without doing anything with it.</summary>
internal sealed class RequestVerb(ToolSurroundings tool)
{
    private readonly Argument<string> file = new("FILE") { Description = "A gateway's request." };

    public Command Command()
    {
        var show = new Command("show", "Print whose request it is, and its key's fingerprint.") { file, tool.Json };
        show.SetAction(parsed => tool.Run(parsed, "request show", () => Show(parsed.GetValue(file)!)));
        return new Command("request", "Requests of gateways.") { show };
    }

    /// <summary>Reads a request, or makes the report of why not.</summary>
    public static (KeyRequest? Request, VerbReport? Problem) Read(string path, string verb)
    {
        var bytes = StickLayout.Read(path, KeyRequest.BytesMax, out var problem);
        if (bytes is null)
        {
            return (null, VerbReport.Failed(verb, ToolExitCode.Storage, problem + ".", "Nothing was signed.",
                "name the file, or the stick that the gateway exported to."));
        }

        return KeyRequest.Read(bytes, out problem) is { } request
            ? (request, null)
            : (null, VerbReport.Failed(verb, ToolExitCode.Refused, $"{path} is no request: {problem}.",
                "Nothing was signed.", "have the gateway export it again: sluice-agent identity export."));
    }

    private static VerbReport Show(string path)
    {
        var (request, problem) = Read(path, "request show");
        return problem ?? new VerbReport
        {
            Verb = "request show",
            ExitCode = ToolExitCode.Fine,
            Gateway = request!.GatewayId,
            Site = request.Plant,
            KeyFingerprint = request.KeyFingerprint,
            Sentence = $"Gateway {request.GatewayId} of {request.Plant} asks for a certificate for its key "
                + $"{request.KeyFingerprint}.",
        };
    }
}

/// <summary>sluice-provision sign: one request or a whole stick, each after its fingerprint was compared.</summary>
internal sealed class SignVerb(ToolSurroundings tool)
{
    public const string Verb = "sign";

    private readonly RequestDesk desk = new(tool);
    private readonly Argument<string> path = new("PATH") { Description = "A request, or a stick with requests." };

    private readonly Option<int> days = ToolSurroundings.Days(365, "How long the certificates are valid.");

    public Command Command()
    {
        var sign = new Command(Verb, "Sign requests, and write a bundle beside each. Every fingerprint is confirmed, "
            + "by a person, by --fingerprint or by --label.")
        {
            path, tool.Ca, tool.PassphraseFile, desk.Fingerprints, desk.Labels, days, tool.Json,
        };
        sign.SetAction(parsed => tool.Run(parsed, Verb, () => tool.InIssuingCa(
            parsed, Verb, "have that CA sign the request, and put a bundle around its certificate: sluice-provision "
                + "bundle make --request FILE --chain FILE --crl FILE --out STICK.",
            (folder, authority) => Sign(parsed, folder, authority))));
        return sign;
    }

    private VerbReport Sign(ParseResult parsed, AuthorityFolder folder, PlantAuthority authority)
    {
        var from = parsed.GetValue(path)!;
        var files = RequestDesk.FilesAt(from);
        if (files.Count == 0)
        {
            return VerbReport.Failed(Verb, ToolExitCode.Unavailable, $"There is no request on {from}.",
                "Nothing was signed.", "have the gateway write one: sluice-agent identity export.");
        }

        var accepted = new List<(string File, KeyRequest Request)>();
        var notes = desk.NoLabels(parsed);
        foreach (var file in notes.Count > 0 ? [] : files)
        {
            if (desk.Accept(parsed, folder.ReadRegister(), file, Verb, notes) is { } request)
            {
                accepted.Add((file, request));
            }
        }

        if (accepted.Count == 0)
        {
            return VerbReport.Failed(Verb, ToolExitCode.Refused, "No request was signed.",
                "Each was refused, or nobody confirmed its fingerprint.",
                "compare each with the gateway's own screen or label, and confirm it or give --fingerprint.")
                with { Notes = notes };
        }

        return SignAll(accepted, tool.Passphrase(parsed), ToolSurroundings.Life(parsed.GetValue(days)), authority,
            notes, all: files.Count);
    }

    private VerbReport SignAll(
        List<(string File, KeyRequest Request)> accepted, string passphrase, TimeSpan life, PlantAuthority authority,
        List<string> notes, int all)
    {
        var written = new List<string>();
        var certificates = new List<VerbCertificate>();
        foreach (var (file, request) in accepted)
        {
            tool.Tell($"Signing {request.GatewayId} ({written.Count + 1} of {accepted.Count}).");
            var (bundle, registered, version) = authority.Sign(request, passphrase, life);
            var beside = Path.Combine(
                Path.GetDirectoryName(Path.GetFullPath(file))!, request.GatewayId + StickLayout.BundleEnding);
            AuthorityFolder.WriteFile(beside, bundle);
            written.Add(beside);
            certificates.Add(ListVerb.Row(registered, version, tool.Clock.GetUtcNow()));
        }

        using var root = authority.Root;
        var isWhole = written.Count == all;
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = isWhole ? ToolExitCode.Fine : ToolExitCode.Refused,
            Sentence = $"Signed {written.Count} of {all}: {string.Join(", ", accepted.Select(
                each => each.Request.GatewayId))}, valid until {certificates[0].NotAfter:yyyy-MM-dd}.",
            Means = isWhole ? null : "The others were refused, or nobody confirmed them.",
            Do = isWhole ? null : "compare their fingerprints with the gateways, and sign them again.",
            Files = written,
            Certificates = certificates,
            RootFingerprint = Fingerprint.Of(root),
            Notes = [.. notes, $"A gateway that takes its first bundle asks for the root: {Fingerprint.Of(root)}."],
        };
    }
}
