using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sluice.Agent.Doctor;
using Sluice.Agent.Doctor.Gathering;
using Sluice.Agent.Egress.Firewall;

namespace Sluice.Agent.CommandLine.Examining;

/// <summary>
/// sluice-agent doctor: goes through everything that a technician would look at, in that order, and says of each what
/// is, why and what to do. Beside the agent that runs, or without it.
/// </summary>
internal sealed class DoctorVerb(TextWriter output, TimeProvider clock)
{
    // People read it too: a quote stays a quote. It is never put into HTML.
    private static readonly DoctorJson Readable = new(new JsonSerializerOptions(DoctorJson.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });

    private readonly Option<string> config = VerbOptions.Config();
    private readonly Option<string> socket = VerbOptions.Socket();
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };

    private readonly Option<bool> troubles = new("--troubles")
    {
        Description = "Print only what somebody should look at.",
    };

    /// <summary>What lists the host's rules.</summary>
    public Nft Nft { get; init; } = new();

    public Command Command()
    {
        var verb = new Command("doctor", $"Go through {Checkup.All.Count} checks, from the configuration to the "
            + "broker and the machines, and say of each what is, why and what to do. What the running agent holds is "
            + "asked of the agent and left alone. Ends with 0 where nothing is bad, 65 where something is, 78 where "
            + "the configuration cannot run, 130 where Ctrl-C ended it.") { config, socket, json, troubles };
        verb.SetAction(ExamineAsync);
        return verb;
    }

    /// <summary>The whole of it as text, for whoever hands it on.</summary>
    public static async Task<string> TellAsync(
        string file, string socketPath, TimeProvider clock, CancellationToken cancellationToken)
    {
        var facts = await new Gatherer(file, socketPath, clock).GatherAsync(cancellationToken).ConfigureAwait(false);
        return DoctorText.Render(facts, Checkup.Examine(facts), onlyTroubles: false);
    }

    private async Task<int> ExamineAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var stop = new StopKeys(cancellationToken);
        var gatherer = new Gatherer(parsed.GetValue(config)!, parsed.GetValue(socket)!, clock)
        {
            Host = new HostLook { Nft = Nft },
        };
        CheckupFacts facts;
        try
        {
            facts = await gatherer.GatherAsync(stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            output.WriteLine("Ended before everything was looked at: nothing is known. Run it again to know.");
            return ExitCode.EndedEarly;
        }

        var findings = Checkup.Examine(facts);
        var code = Checkup.ExitCodeOf(facts, findings);
        output.Write(parsed.GetValue(json)
            ? JsonSerializer.Serialize(DoctorReport.Of(facts, findings, code), Readable.DoctorReport)
                + Environment.NewLine
            : DoctorText.Render(facts, findings, parsed.GetValue(troubles)));
        return code;
    }
}
