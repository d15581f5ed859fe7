using System.CommandLine;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Requests;

namespace Sluice.Provision.Verbs.Gateways;

/// <summary>
/// Where requests are looked at before they are signed: by a person, by letters that were given, or by a label that was
/// scanned. Used by <c>sign</c> and <c>replace</c>.
/// </summary>
internal sealed class RequestDesk(ToolSurroundings tool)
{
    public Option<string[]> Fingerprints { get; } = new("--fingerprint")
    {
        Description = "A key's fingerprint as its gateway showed it: signs that one without asking. May be repeated.",
        HelpName = "LETTERS",
    };

    public Option<string[]> Labels { get; } = new("--label")
    {
        Description = "What a scanner reads from a gateway's label: signs that gateway's request without asking, and "
            + "refuses another one. May be repeated.",
        HelpName = "TEXT",
    };

    /// <summary>The requests of a stick, or the one file.</summary>
    public static List<string> FilesAt(string path)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        var inner = Path.Combine(path, StickLayout.Folder);
        return [.. Directory.EnumerateFiles(Directory.Exists(inner) ? inner : path, "*" + StickLayout.RequestEnding)
            .Order(StringComparer.Ordinal).Take(StickLayout.RequestsMax)];
    }

    /// <summary>What was given as a label and is none.</summary>
    public List<string> NoLabels(ParseResult parsed) => [.. (parsed.GetValue(Labels) ?? [])
        .Where(given => GatewayLabel.Read(given) is null)
        .Select(given => $"'{given}' is no label of a gateway: scan the code that sluice-agent identity label shows.")];

    /// <summary>The request in a file; null where it is refused or not confirmed, which is told in the notes.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="register">What the CA has done.</param>
    /// <param name="file">The request.</param>
    /// <param name="verb">Who asks.</param>
    /// <param name="notes">Gets why it was refused.</param>
    public KeyRequest? Accept(ParseResult parsed, Register register, string file, string verb, List<string> notes)
    {
        var (request, problem) = RequestVerb.Read(file, verb);
        if (request is null)
        {
            notes.Add(problem!.Sentence);
            return null;
        }

        if (Problem(register, request) is { } wrong)
        {
            notes.Add($"{wrong}: it was not signed.");
            return null;
        }

        var hint = verb == SignVerb.Verb && OtherKey(register, request) is { } other
            ? $" It has a certificate for another key until {other.NotAfter:yyyy-MM-dd}; if the gateway was "
                + "replaced, sluice-provision replace takes that one back."
            : "";
        return IsConfirmed(parsed, request, hint, notes) ? request : null;
    }

    /// <summary>What is wrong with a request by itself, or null.</summary>
    public string? Problem(Register register, KeyRequest request) =>
        request.Plant != register.Site
            ? $"{request.GatewayId} believes to be in plant '{request.Plant}', and this is the CA of "
                + $"'{register.Site}'"
        : InForce(register, request).FirstOrDefault(each => each.Kind != "gateway") is { } other
            ? $"'{request.GatewayId}' is the name of a {other.Kind}"
            : null;

    /// <summary>The gateway's newest certificate in force, where that is for another key; else null.</summary>
    public Registered? OtherKey(Register register, KeyRequest request) =>
        InForce(register, request).LastOrDefault(each => each.KeyFingerprint != request.KeyFingerprint);

    private IEnumerable<Registered> InForce(Register register, KeyRequest request) => register.Issued.Where(each =>
        each.Name == request.GatewayId && each.RevokedAt is null && each.NotAfter > tool.Clock.GetUtcNow());

    /// <summary>A person, letters or a label say that the key is the gateway's; else the notes say why not.</summary>
    public bool IsConfirmed(ParseResult parsed, KeyRequest request, string hint, List<string> notes)
    {
        var shown = request.KeyFingerprint;
        var label = (parsed.GetValue(Labels) ?? []).Select(GatewayLabel.Read)
            .FirstOrDefault(each => each?.Gateway == request.GatewayId);
        if (label is null && (parsed.GetValue(Fingerprints) ?? []).Any(given => Fingerprint.AreSame(given, shown)))
        {
            return true;
        }

        var answer = label is not null ? ""
            : tool.Answer($"Gateway {request.GatewayId}: does its own screen or label show {shown}?{hint}",
                "Type yes, or scan the label: ");
        label ??= GatewayLabel.Read(answer);
        if (label is null ? answer.Equals("yes", StringComparison.OrdinalIgnoreCase)
            : label.Difference(request) is null)
        {
            return true;
        }

        notes.Add(label?.Difference(request) is { } difference
            ? $"{request.GatewayId} was not signed: {difference}."
            : $"{request.GatewayId} ({shown}) was not confirmed.");
        return false;
    }
}
