using System.CommandLine;
using System.Security.Cryptography.X509Certificates;
using Sluice.Agent.Binding;
using Sluice.Agent.Configuration;
using Sluice.Agent.Configuration.Brought;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Enrolment.Wiping;
using Sluice.Agent.Time;
using Sluice.Provisioning.Keys;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.CommandLine.Enrolment;

/// <summary>
/// sluice-agent identity: from a key that is made here to a certificate that the broker accepts, and back. Each verb
/// does one step, says it in a sentence, and changes nothing where it fails.
/// </summary>
internal sealed class IdentityVerb(
    TextReader input, bool isTerminal, TextWriter output, TextWriter error, TimeProvider clock)
{
    private readonly Option<string> config = VerbOptions.Config();
    private readonly Option<string> socket = VerbOptions.Socket();
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };
    private readonly Argument<string> stick = new("STICK") { Description = "The stick, or any folder." };

    private readonly Argument<string> listFile = new("FILE")
    {
        Description = "Revocation lists of the CA, as sluice-provision crl writes them: PEM, or one in DER.",
    };

    private readonly Argument<string> bundle = new("BUNDLE")
    {
        Description = "The stick with this gateway's bundle, or the file.",
    };

    private readonly Option<bool> again = new("--again")
    {
        Description = "Make another key although a request waits: what was signed for that one is worthless then.",
    };

    private readonly Option<string> token = new("--token")
    {
        Description = "The site token that the plant's CA wrote for the bench: with it the first bundle needs no "
            + "person. One that lies beside the configuration as site-token counts without this.",
        HelpName = "FILE",
    };

    private readonly Option<string> rootFingerprint = new("--root-fingerprint")
    {
        Description = "The plant's root, as its CA says by another way than the stick: confirms the first bundle "
            + "without asking. The short letters or the whole SHA-256.",
        HelpName = "LETTERS",
    };

    private readonly Option<bool> active = new("--active")
    {
        Description = "Try what is in use, although another identity is staged.",
    };

    private readonly Option<bool> yes = new("--yes")
    {
        Description = "The old gateway is out of service, and whoever runs this says so: nobody is asked.",
    };

    private readonly Option<bool> unverified = new("--unverified")
    {
        Description = "Put it into use although the broker has not accepted it: where it cannot be reached from here.",
    };

    private readonly Option<int> wait = new("--wait")
    {
        Description = "How long to wait for the end of it; the agent goes on by itself.",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 60,
    };

    private readonly Option<int> lines = new("--lines")
    {
        Description = "How many of the newest.",
        HelpName = "N",
        DefaultValueFactory = _ => 20,
    };

    private readonly Argument<string> exportFile = new("FILE") { Description = "The file, which is replaced." };

    private readonly Option<string> head = new("--head")
    {
        Description = "A head that was noted elsewhere, number and hash: the log must still hold that line.",
        HelpName = "TEXT",
    };

    public Command Command()
    {
        var verb = new Command("identity", "Who this gateway is at the broker: make its key, bring its certificate on "
            + "a stick, try it, use it, return to the one before. Ends with 0 where it worked, 65 where something was "
            + "refused, 69 where something is not there, 74 where a disk or stick fails, 78 where the configuration "
            + "is wrong.");
        Add(verb, "init", "Make a key on this gateway, and a request for its certificate.",
            (context, parsed) => (parsed.GetValue(token) is { } file ? new BenchToken(context).Keep(file) : null)
                ?? new Enrol(context).Init(parsed.GetValue(again)), again, token);
        Add(verb, "label", "Show what goes onto the cabinet's label: gateway, key, board, and a QR code of them.",
            (context, _) => new LabelView(context, Board.Serial()).Show(isTerminal && !Console.IsOutputRedirected));
        Add(verb, "export", "Write the request to a stick, for the plant's CA.",
            (context, parsed) => new Enrol(context).Export(parsed.GetValue(stick)!), stick);
        Add(verb, "import", "Take a bundle in and stage it; what is in use stays in use.",
            (context, parsed) => new Enrol(context).Import(
                parsed.GetValue(bundle)!, root => Confirms(root, parsed.GetValue(rootFingerprint))),
            bundle, rootFingerprint);
        var verify = Prepared("verify", "Try the staged identity with a real connection to the broker, step by step.",
            active, socket);
        verify.SetAction((parsed, cancellationToken) => RunAsync(parsed, "verify", async context =>
        {
            using var stop = new StopKeys(cancellationToken);
            return await new Trial(context, parsed.GetValue(socket)!)
                .RunAsync(parsed.GetValue(active), stop.Token).ConfigureAwait(false);
        }));
        verb.Add(verify);
        Add(verb, "activate", "Put the staged identity into use, in one step; the one before is kept.",
            (context, parsed) => new Adopt(context).Activate(parsed.GetValue(unverified)), unverified);
        Add(verb, "rollback", "Return to the identity before.", (context, _) => new Adopt(context).Rollback());
        Add(verb, "adopt", "Say that the card was moved on purpose into this machine: its identity belongs here now.",
            (context, parsed) => new Adoption(context).Run((was, here) => parsed.GetValue(yes) || Moved(was, here)),
            yes);
        var renew = new Command("renew", "Have the running agent renew its certificate now, over its connection to the "
            + "broker.") { socket, wait, json };
        renew.SetAction(async (parsed, cancellationToken) =>
        {
            using var stop = new StopKeys(cancellationToken);
            var report = await RenewAsync(parsed, stop.Token).ConfigureAwait(false);
            return report.Print(output, error, parsed.GetValue(json));
        });
        verb.Add(renew);
        Add(verb, "crl", "Take newer revocation lists in; the agent that runs keeps its session.",
            (context, parsed) => new NewerLists(context).Take(parsed.GetValue(listFile)!), listFile);
        Add(verb, "status", "Say which identity is in use, what is staged, and when it expires.",
            (context, _) => new Adopt(context).Status());
        verb.Add(new WipeVerb(input, isTerminal, output, error, clock).Command());
        var audit = new Command("audit", "The log of who did what with this gateway's identity.");
        Add(audit, "show", "Print the newest lines.",
            (context, parsed) => new Adopt(context).AuditShow(parsed.GetValue(lines)), lines);
        Add(audit, "verify", "Find lines that were altered, left out, moved or cut off.",
            (context, parsed) => new Adopt(context).AuditVerify(parsed.GetValue(head)), head);
        Add(audit, "export", "Write all lines as they stand to a file, for whoever has the heads (sluice-mes audit).",
            (context, parsed) => new Adopt(context).AuditExport(parsed.GetValue(exportFile)!), exportFile);
        verb.Add(audit);
        return verb;
    }

    private Command Prepared(string name, string description, params Symbol[] more)
    {
        var command = new Command(name, description) { config, json };
        foreach (var symbol in more)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else if (symbol is Option option)
            {
                command.Add(option);
            }
        }

        return command;
    }

    private void Add(
        Command into, string name, string description, Func<EnrolmentContext, ParseResult, VerbReport> act,
        params Symbol[] more)
    {
        var command = Prepared(name, description, more);
        command.SetAction((parsed, _) => RunAsync(parsed, name, context => Task.FromResult(act(context, parsed))));
        into.Add(command);
    }

    private async Task<int> RunAsync(ParseResult parsed, string verb, Func<EnrolmentContext, Task<VerbReport>> act)
    {
        var report = await ReportAsync(parsed.GetValue(config)!, clock, EnrolmentUser.Here(), verb, act)
            .ConfigureAwait(false);
        return report.Print(output, error, parsed.GetValue(json));
    }

    /// <summary>Does something with the identity that a configuration names, or says why nothing was done.</summary>
    internal static async Task<VerbReport> ReportAsync(
        string file, TimeProvider clock, EnrolmentUser user, string verb,
        Func<EnrolmentContext, Task<VerbReport>> act)
    {
        var (loaded, own) = ConfigurationInForce.Load(file);
        if (loaded.Configuration is not { } configuration)
        {
            if (GatewayFilesToWipe.Told(file) is { } wiped)
            {
                return VerbReport.Failed(verb, ExitCode.Configuration, $"There is no configuration any more. {wiped}",
                    "It has no identity, no readings and no configuration.",
                    "lay a configuration there, and begin anew: sluice-agent identity init.");
            }

            var first = loaded.Problems.FirstOrDefault(problem => problem.IsError)?.ToString() ?? file;
            return VerbReport.Failed(verb, ExitCode.Configuration, $"The configuration is refused: {first}",
                "Nothing was changed: it says who this gateway is and where its identity lies.",
                "see all that is wrong with it: sluice-agent check.");
        }

        return await InDirectoryAsync(configuration, own!, file, clock, user, verb, act).ConfigureAwait(false);
    }

    /// <summary>The same for a configuration that was read already.</summary>
    internal static async Task<VerbReport> InDirectoryAsync(
        GatewayConfiguration configuration, GatewayConfiguration own, string file, TimeProvider clock,
        EnrolmentUser user, string verb, Func<EnrolmentContext, Task<VerbReport>> act)
    {
        var directory = configuration.Identity.Directory;
        LinuxIdentityDisk? disk = null;
        try
        {
            disk = await OpenAsync(directory, clock).ConfigureAwait(false);
            var here = HostClock.Here(() => Guid.Empty);
            var context = new EnrolmentContext(configuration, disk, clock, here, user)
            {
                Own = own,
                ConfigurationDirectory = Path.GetDirectoryName(Path.GetFullPath(file)),
                Machine = MachineFacts.Here(directory),
                Tpm = TpmChip.Version(),
            };
            if (context.Store.ReadWiping() is not null && verb is not (WipeVerb.Verb or "stick"))
            {
                return VerbReport.Failed(verb, ExitCode.Unclear, "A wipe of this gateway was begun, and is not at its "
                    + "end.", "Its identity is gone for good.", "bring it to its end: sluice-agent identity wipe.");
            }

            return await act(context).ConfigureAwait(false);
        }
        catch (UnauthorizedAccessException exception)
        {
            return VerbReport.Failed(verb, ExitCode.Storage, $"This user may not do that: {exception.Message}",
                "What is in use has not changed.", "run it as the agent's user, or with sudo.");
        }
        catch (TpmException exception)
        {
            return VerbReport.Failed(verb, ExitCode.Unavailable,
                $"{char.ToUpperInvariant(exception.Happened[0])}{exception.Happened[1..]}.",
                "What is in use has not changed, and no file took the TPM's place.", $"{exception.WhatToDo}.");
        }
        catch (IOException exception)
        {
            return disk is null
                ? VerbReport.Failed(verb, ExitCode.Unavailable, $"{directory} is in use or cannot be made: "
                    + exception.Message, "Nothing was changed.", "wait until the other verb has ended.")
                : VerbReport.Failed(verb, ExitCode.Storage, $"The disk failed: {exception.Message}",
                    "The old identity or the new one is in use, whole; which one, status says.",
                    "see to the disk (is it full, did it turn read-only?), then sluice-agent identity status.");
        }
        catch (OperationCanceledException)
        {
            return VerbReport.Failed(verb, ExitCode.EndedEarly, "Ended before there was an answer.",
                "Nothing was changed.", "run it again.");
        }
        finally
        {
            disk?.Dispose();
        }
    }

    /// <summary>The running agent holds the lock for a moment where it renews; somebody else's verb longer.</summary>
    private static async Task<LinuxIdentityDisk> OpenAsync(string directory, TimeProvider clock)
    {
        for (var tries = 0; tries < 20; tries++)
        {
            if (LinuxIdentityDisk.TryOpen(directory) is { } disk)
            {
                return disk;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), clock, CancellationToken.None).ConfigureAwait(false);
        }

        return LinuxIdentityDisk.Open(directory);
    }

    /// <summary>Neither configuration nor directory: the agent that runs has both.</summary>
    private async Task<VerbReport> RenewAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            var seconds = Math.Clamp(parsed.GetValue(wait), 1, 3600);
            return await new RenewVerb(parsed.GetValue(socket)!, clock)
                .RunAsync(TimeSpan.FromSeconds(seconds), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return VerbReport.Failed("renew", ExitCode.EndedEarly, "Ended before there was an answer.",
                "The agent goes on by itself.", "see how it stands: sluice-agent status.");
        }
    }

    /// <summary>
    /// Once in a gateway's life: whoever could swap the stick could swap the root on it, so a person compares it with
    /// what the CA says by another way.
    /// </summary>
    private bool Confirms(X509Certificate2 root, string? given)
    {
        if (given is not null)
        {
            return Fingerprint.Matches(root, given);
        }

        if (!isTerminal)
        {
            return false;
        }

        error.WriteLine($"This is the first bundle. It was made under the root {root.Subject}:");
        error.WriteLine($"    {Fingerprint.Of(root)}");
        error.Write("Does the plant's CA say the same, by another way than this stick? Type yes: ");
        error.Flush();
        return string.Equals(input.ReadLine()?.Trim(), "yes", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Nobody but a person knows whether a card was moved or copied.</summary>
    private bool Moved(MachineFacts was, MachineFacts here)
    {
        if (!isTerminal)
        {
            return false;
        }

        error.WriteLine($"This identity was made for {was.Words}.");
        error.WriteLine($"This is                    {here.Words}.");
        error.Write("Was the card moved on purpose, and is the old gateway out of service? Type yes: ");
        error.Flush();
        return string.Equals(input.ReadLine()?.Trim(), "yes", StringComparison.OrdinalIgnoreCase);
    }
}
