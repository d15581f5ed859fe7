using System.CommandLine;
using Sluice.Agent.CommandLine.Examining;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Enrolment.Consoles;
using Sluice.Agent.Enrolment.Sticks;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.CommandLine.Enrolment;

/// <summary>
/// sluice-agent stick run: what the unit calls after it has mounted a stick. Nobody is asked anything: what a stick may
/// have done is a fixed list, and what came of it is written back.
/// </summary>
internal sealed class StickVerb(TextWriter output, TextWriter error, TimeProvider clock)
{
    private const int TriesMax = 15;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(2);

    private readonly Option<string> config = VerbOptions.Config();
    private readonly Option<string> socket = VerbOptions.Socket();
    private readonly Option<string> state = VerbOptions.State();
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };

    private readonly Argument<string> mount = new("DIR")
    {
        Description = "Where the stick is mounted; its jobs lie in the folder sluice.",
    };

    public Command Command()
    {
        var run = new Command("run", "Do what the stick asks of this gateway: take a bundle in, try it and put it into "
            + "use; and what stands in GATEWAY.jobs.txt, one word in each line: rollback, request, diagnostics, renew, "
            + "wipe GATEWAY. A console token of the plant for this gateway opens its console. Writes "
            + "GATEWAY.report.txt. Ends as the verbs of 'identity' do.") { mount, config, state, socket, json };
        run.SetAction((parsed, cancellationToken) => RunAsync(parsed, cancellationToken));
        return new Command("stick", "A stick that does its part by itself.") { run };
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var stick = LinuxStick.Open(parsed.GetValue(mount)!, out var problem);
        var report = stick is null
            ? VerbReport.Failed("stick", ExitCode.Unavailable, $"{problem}.",
                "It is no stick of ours; nothing was done.", "make a folder sluice on the stick.")
            : await WorkAsync(stick, parsed, cancellationToken).ConfigureAwait(false);
        return report.Print(output, error, parsed.GetValue(json));
    }

    private async Task<VerbReport> WorkAsync(LinuxStick stick, ParseResult parsed, CancellationToken cancellationToken)
    {
        var socketPath = parsed.GetValue(socket)!;
        var file = parsed.GetValue(config)!;
        var begun = false;
        VerbReport report;
        for (var tries = 1; ; tries++)
        {
            report = await IdentityVerb.ReportAsync(
                file, clock, EnrolmentUser.Here() with { Terminal = "a stick" }, "stick",
                async context =>
                {
                    begun = true;
                    using var stop = new StopKeys(cancellationToken);
                    return await new StickWork(context, stick, new StickHelp(
                        new Trial(context, socketPath).RunStagedAsync,
                        new StickDiagnostics(context, socketPath)
                        {
                            Doctor = stopping => DoctorVerb.TellAsync(file, socketPath, clock, stopping),
                        }.TellAsync,
                        _ => false,
                        stopping => RenewVerb.AskAsync(socketPath, clock, stopping),
                        (handOut, stopping) => WipeVerb.Of(context, file, parsed.GetValue(state)!, clock)
                            .RunAsync(handOut, stopping),
                        new ConsoleDoor(context, ConsoleDoor.Folder).Open)).RunAsync(stop.Token).ConfigureAwait(false);
                }).ConfigureAwait(false);
            if (begun || report.ExitCode != ExitCode.Unavailable || tries == TriesMax)
            {
                break;
            }

            // Another verb, or the agent itself, is at the identity for a moment.
            await Task.Delay(BetweenTries, clock, cancellationToken).ConfigureAwait(false);
        }

        if (!begun && stick.Write("gateway" + StickLayout.ReportEnding, StickReport.Refused(report)) is { } lost)
        {
            return report with { Means = $"{report.Means} The report did not get onto the stick: {lost}." };
        }

        return report;
    }
}
