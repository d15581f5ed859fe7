using System.CommandLine;
using System.Globalization;
using System.Text;
using Sluice.Provision.Authority;
using Sluice.Provision.Registration;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Provision.Verbs.Registration;

/// <summary>
/// sluice-provision ra pending, approve, refuse, audit: what a person does beside the registration authority, while it
/// runs or not.
/// </summary>
internal sealed class RaHeldVerb(ToolSurroundings tool)
{
    private const int AuditShown = 20;

    private readonly Argument<string> gateway = new("GATEWAY") { Description = "The gateway's id." };

    private readonly Option<string> fingerprint = new("--fingerprint")
    {
        Description = "The key's fingerprint as the gateway itself showed it: approves without asking.",
        HelpName = "LETTERS",
    };

    private readonly Option<string> into = new("--out")
    {
        Description = "Also write each request that waits there, GATEWAY.request.pem, for the plant's own CA.",
        HelpName = "DIR",
    };

    private readonly Option<string> head = new("--head")
    {
        Description = "A head that was noted earlier: the log must still contain it.",
        HelpName = "N HASH",
    };

    public IEnumerable<Command> Commands()
    {
        yield return Made("pending", "Print the requests that wait for a person, and each key's letters.", [into],
            Pending);
        yield return Made("approve", "Let the registration authority sign a request that it holds, after its letters "
            + "were compared.", [gateway, fingerprint], (parsed, folder) => Decide(parsed, folder, true));
        yield return Made("refuse", "Refuse a request that is held; that key is not asked about again.", [gateway],
            (parsed, folder) => Decide(parsed, folder, false));
        yield return Made("audit", "Print what the registration authority did, and whether a line was altered, left "
            + "out, moved or cut off.", [head], Audit);
    }

    private Command Made(
        string name, string description, Symbol[] more, Func<ParseResult, AuthorityFolder, VerbReport> act)
    {
        var command = new Command(name, description) { tool.Ca, tool.Json };
        foreach (var symbol in more)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else
            {
                command.Add((Option)symbol);
            }
        }

        command.SetAction(parsed => tool.Run(parsed, $"ra {name}", () => tool.InCa(
            parsed, $"ra {name}", (folder, _) => act(parsed, folder))));
        return command;
    }

    private VerbReport Pending(ParseResult parsed, AuthorityFolder folder)
    {
        var waiting = folder.ReadRegister().Held.Where(each => each.Verdict.Length == 0).ToList();
        var table = new StringBuilder();
        foreach (var each in waiting)
        {
            table.AppendLine(CultureInfo.InvariantCulture,
                $"{each.Gateway,-32}  {each.KeyFingerprint}  since {each.Since:yyyy-MM-dd HH:mm}Z");
        }

        var files = new List<string>();
        foreach (var each in parsed.GetValue(into) is null ? [] : waiting)
        {
            files.Add(Path.Combine(parsed.GetValue(into)!, each.Gateway + StickLayout.RequestEnding));
            AuthorityFolder.WriteFile(files[^1], Convert.FromBase64String(each.Request));
        }

        return new VerbReport
        {
            Verb = "ra pending",
            ExitCode = ToolExitCode.Fine,
            Files = files.Count > 0 ? files : null,
            Shown = table.ToString(),
            Certificates = [.. waiting.Select(each => new VerbCertificate(
                each.Gateway, "gateway", "", each.KeyFingerprint, each.Since, "held", 0))],
            Sentence = waiting.Count == 0
                ? "No request waits."
                : $"{waiting.Count} waiting. Compare the letters with the gateway's own screen or label, then "
                    + (folder.ReadRegister().BundlesOnly
                        ? "have the plant's CA sign, and 'sluice-provision bundle make'."
                        : "'sluice-provision ra approve GATEWAY'."),
        };
    }

    private VerbReport Decide(ParseResult parsed, AuthorityFolder folder, bool approves)
    {
        var verb = approves ? "ra approve" : "ra refuse";
        var name = parsed.GetValue(gateway)!;
        var register = folder.ReadRegister();
        if (register.Held.FirstOrDefault(each => each.Gateway == name && each.Verdict.Length == 0) is not { } held)
        {
            return VerbReport.Failed(verb, ToolExitCode.Unavailable, $"No request of '{name}' waits.",
                "Nothing was changed.", "see 'sluice-provision ra pending'.");
        }

        if (approves && register.BundlesOnly)
        {
            return VerbReport.Failed(verb, ToolExitCode.Unavailable, "The plant has a CA of its own, and nothing here "
                + "makes certificates.", "Nothing was changed: the request waits.", "take the request to that CA "
                + "(sluice-provision ra pending --out DIR), and put its certificate into a bundle: sluice-provision "
                + "bundle make. The registration authority sends it.");
        }

        var given = approves ? parsed.GetValue(fingerprint) : null;
        if (approves && !(given is not null
            ? Fingerprint.AreSame(given, held.KeyFingerprint)
            : tool.Confirms($"Gateway {name}: does its own screen or label show {held.KeyFingerprint}?")))
        {
            return VerbReport.Failed(verb, ToolExitCode.Refused,
                $"{name} ({held.KeyFingerprint}) was not approved.", "Nobody confirmed the letters of its key.",
                "compare them with the gateway's own screen or label, and confirm them or give --fingerprint.");
        }

        folder.Write(register with
        {
            Held = [.. register.Held.Select(each => each == held
                ? each with { Verdict = approves ? HeldRequest.Approved : HeldRequest.Refused }
                : each)],
        });
        var sentence = approves
            ? $"{name} with key {held.KeyFingerprint} gets its certificate from the registration authority."
            : $"{name} with key {held.KeyFingerprint} was refused.";
        new AuditLog(new FolderDisk(folder.Directory)).Append(new AuditEntry(
            tool.Clock.GetUtcNow(), "unknown", ProcessUser.Name, "none", verb, "done", "", "", sentence));
        return new VerbReport
        {
            Verb = verb,
            ExitCode = ToolExitCode.Fine,
            Gateway = name,
            KeyFingerprint = held.KeyFingerprint,
            Sentence = sentence,
        };
    }

    private VerbReport Audit(ParseResult parsed, AuthorityFolder folder)
    {
        var log = new AuditLog(new FolderDisk(folder.Directory));
        var verdict = log.Check(parsed.GetValue(head));
        var newest = log.Newest(AuditShown).Select(line =>
            $"{line.At:yyyy-MM-dd HH:mm:ss}Z  {line.User}  {line.Verb}  {line.Result}  {line.NewSerial}  {line.Text}")
            .ToList();
        var report = new VerbReport
        {
            Verb = "ra audit",
            ExitCode = verdict.Problems.Count == 0 ? ToolExitCode.Fine : ToolExitCode.Refused,
            Shown = string.Concat(newest.Select(line => line + "\n")),
            Audit = new VerbAudit(verdict.Lines, verdict.Head, verdict.Problems, newest),
            Sentence = $"{verdict.Lines} lines, all in their places; the head is {verdict.Head}.",
            Notes = verdict.Notes.Count > 0 ? verdict.Notes : null,
        };
        return verdict.Problems.Count == 0 ? report : report with
        {
            Sentence = $"The log was changed: {string.Join("; ", verdict.Problems)}",
            Means = "Somebody altered it, or the disk did.",
            Do = "keep a copy of the folder audit, and find out who could write there.",
        };
    }
}
