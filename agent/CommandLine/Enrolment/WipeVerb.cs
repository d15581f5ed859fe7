using System.CommandLine;
using Sluice.Agent.Commissioning.Lists;
using Sluice.Agent.Configuration;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Enrolment.Wiping;
using Sluice.Agent.OwnCard;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.CommandLine.Enrolment;

/// <summary>
/// sluice-agent identity wipe: asks for the gateway's own id, so that nobody destroys another one than he means.
/// </summary>
internal sealed class WipeVerb(
    TextReader input, bool isTerminal, TextWriter output, TextWriter error, TimeProvider clock)
{
    public const string Verb = "wipe";

    private readonly Option<string> config = VerbOptions.Config();
    private readonly Option<string> state = VerbOptions.State();
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };

    private readonly Argument<string?> stick = new("STICK")
    {
        Description = "The stick, or any folder, that the receipt is written to as well.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string> confirm = new("--confirm")
    {
        Description = "The gateway's own id: wipes without asking.",
        HelpName = "GATEWAY",
    };

    public Command Command()
    {
        var wipe = new Command(Verb, "Destroy this gateway's keys, certificates, buffer and configuration for good, "
            + "and leave a signed receipt. The agent that runs stops by itself.")
        {
            stick, confirm, config, state, json,
        };
        wipe.SetAction(async (parsed, cancellationToken) =>
        {
            using var stop = new StopKeys(cancellationToken);
            var report = await RunAsync(parsed, stop.Token).ConfigureAwait(false);
            return report.Print(output, error, parsed.GetValue(json));
        });
        return wipe;
    }

    /// <summary>The wipe of a real gateway.</summary>
    public static Wipe Of(EnrolmentContext context, string file, string stateDirectory, TimeProvider clock)
    {
        var files = new GatewayFilesToWipe(context.Own, file, stateDirectory, clock, WipedMark.IsOnOwnCard);
        return new Wipe(context, files.Before, files.After, files.BufferBytes);
    }

    /// <summary>
    /// Brings a wipe to its end that was begun, before anything of this gateway runs. Null where none was begun.
    /// </summary>
    public static async Task<VerbReport?> FinishAsync(
        GatewayConfiguration configuration, string file, string stateDirectory, TimeProvider clock,
        CancellationToken cancellationToken) =>
        File.Exists(Path.Combine(configuration.Identity.Directory, Provisioning.Store.IdentityStore.WipingFile))
            ? await IdentityVerb.InDirectoryAsync(
                configuration, configuration, file, clock, EnrolmentUser.Here() with { Terminal = "the start" }, Verb,
                context => Of(context, file, stateDirectory, clock).RunAsync(null, cancellationToken))
                .ConfigureAwait(false)
            : null;

    private Task<VerbReport> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var file = parsed.GetValue(config)!;
        return IdentityVerb.ReportAsync(file, clock, EnrolmentUser.Here(), Verb, context =>
        {
            var isBegun = context.Store.ReadWiping() is not null;
            if (!isBegun && !Confirms(context, parsed.GetValue(confirm)))
            {
                context.Log(Verb, "refused", "Nobody confirmed it.");
                return Task.FromResult(VerbReport.Failed(Verb, ExitCode.Unclear, "Nobody confirmed it.",
                    "Nothing was destroyed.", $"run it at a terminal, or with --confirm {context.GatewayId}."));
            }

            return Of(context, file, parsed.GetValue(state)!, clock).RunAsync(
                parsed.GetValue(stick) is { } there ? bytes => HandOut(there, context.GatewayId, bytes) : null,
                cancellationToken);
        });
    }

    private static string? HandOut(string stick, string gateway, byte[] receipt)
    {
        var file = StickLayout.ReceiptOf(stick, gateway);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return world.Message;
        }

        return SafeFile.Replace(file, receipt);
    }

    private bool Confirms(EnrolmentContext context, string? given)
    {
        if (given is not null)
        {
            return given == context.GatewayId;
        }

        if (!isTerminal)
        {
            return false;
        }

        error.WriteLine($"This destroys the keys and certificates of {context.GatewayId}, every reading in its buffer "
            + "that was not delivered, and its configuration, for good. Its audit log and a receipt stay.");
        error.Write($"To do that, type the gateway's id, {context.GatewayId}: ");
        error.Flush();
        return input.ReadLine()?.Trim() == context.GatewayId;
    }
}
