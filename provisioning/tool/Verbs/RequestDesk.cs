using System.CommandLine;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Requests;

namespace Sluice.Provision.Verbs;

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

        if (request.Plant != register.Site)
        {
            notes.Add($"{request.GatewayId} believes to be in plant '{request.Plant}', and this is the CA of "
                + $"'{register.Site}': it was not signed.");
            return null;
        }

        var others = register.Issued.Where(each => each.Name == request.GatewayId && each.RevokedAt is null
            && each.NotAfter > tool.Clock.GetUtcNow()).ToList();
        if (others.Exists(each => each.Kind != "gateway"))
        {
            notes.Add($"'{request.GatewayId}' is the name of a {others[0].Kind}: it was not signed.");
            return null;
        }

        var hint = verb == SignVerb.Verb && others.Exists(each => each.KeyFingerprint != request.KeyFingerprint)
            ? $" It has a certificate for another key until {others[^1].NotAfter:yyyy-MM-dd}; if the gateway was "
                + "replaced, sluice-provision replace takes that one back."
            : "";
        return IsConfirmed(parsed, request, hint, notes) ? request : null;
    }

    private bool IsConfirmed(ParseResult parsed, KeyRequest request, string hint, List<string> notes)
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
