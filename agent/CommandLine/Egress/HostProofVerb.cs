using System.CommandLine;
using System.Net;
using Sluice.Agent.Egress.Cards;
using Sluice.Agent.Egress.Firewall;
using Sluice.Agent.Egress.Proof;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.CommandLine.Egress;

/// <summary>
/// sluice-agent firewall prove: tries to get past the host's rules, without the jail and under the agent's user,
/// because inside the jail it would be the jail that stops it. Run by a unit of its own; the agent reads what it leaves
/// behind.
/// </summary>
internal sealed class HostProofVerb(TextWriter output, TextWriter error, TimeProvider clock)
{
    public const string Name = "prove";

    private readonly Option<string> config = VerbOptions.Config();
    private readonly Option<string> state = VerbOptions.State();
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };

    private readonly Option<string> result = new("--result")
    {
        Description = "Where the agent looks for what came of it.",
        HelpName = "FILE",
        DefaultValueFactory = _ => Path.Combine(Path.GetDirectoryName(HostPaths.SocketPath)!, HostProof.FileName),
    };

    public Command Command()
    {
        var verb = new Command(Name, "Try to get past the host's rules, as the user that runs this: to be run as the "
            + "agent's user. Ends with 0 where the rules stopped everything, 65 where not, or where there was no way "
            + "to try.") { config, state, json, result };
        verb.SetAction(parsed => Prove(
            parsed.GetValue(config)!, parsed.GetValue(state)!, parsed.GetValue(result)!)
            .Print(output, error, parsed.GetValue(json)));
        return verb;
    }

    private VerbReport Prove(string file, string stateDirectory, string resultFile)
    {
        var (configuration, refusal) = RunningConfiguration.Of(file, stateDirectory);
        if (configuration is null)
        {
            return VerbReport.Failed(Name, ExitCode.Configuration, refusal, "Nobody knows what should be let out.",
                "see all that is wrong with it: sluice-agent check.");
        }

        var addresses = HostCards.Look().Addresses;
        var own = addresses.Select(address => address.Address).ToHashSet();
        var attempts = new HostAttempts(
            configuration.Broker.Port, [.. StatedFlow.Of(configuration).Select(flow => flow.Port)],
            [.. addresses.Where(each => !IPAddress.IsLoopback(each.Address)).Select(each => each.Card).Distinct()],
            own.Contains);
        ProvedAttempt[] proved =
            [.. ProofJudge.AgainstHostRules.Select(attempt => HostJudge.Judge(attempt, attempts.Try(attempt)))];
        var report = Report(proved);
        var boot = HostBoot.Now();
        try
        {
            new HostProof
            {
                Boot = boot.Boot, SecondsAfterBoot = boot.SecondsAfterBoot, Utc = clock.GetUtcNow().UtcDateTime,
                Attempts = [.. proved.Select(each => new HostProofAttempt(each.Word, ProofWords.Of(each.Verdict)))],
            }.Write(resultFile);
            return report;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            return VerbReport.Failed(Name, ExitCode.Unavailable,
                $"What came of it could not be written to {resultFile} ({world.Message}).",
                "The agent does not hear of it: " + report.Sentence,
                "run it as the agent's user while the agent runs, or name another file with --result.")
                with { Notes = report.Notes };
        }
    }

    private static VerbReport Report(ProvedAttempt[] proved)
    {
        string[] notes = [.. proved.Select(each => $"{ProofWords.Sentence(each.Attempt)}: {Outcome(each.Verdict)}")];
        var open = proved.Count(each => each.Verdict == WallVerdict.Open);
        var untried = proved.Count(each => each.Verdict == WallVerdict.Untried);
        return open > 0
            ? VerbReport.Failed(Name, ExitCode.Unclear,
                $"The host's rules let out {open} of {proved.Length} that they should stop.",
                "The rules are not loaded, or somebody opened them. The agent tells the MES.",
                "sluice-agent firewall apply, and see what is enforced: sluice-agent firewall check.")
                with { Notes = notes }
            : untried > 0
                ? VerbReport.Failed(Name, ExitCode.Unclear,
                    $"{untried} of {proved.Length} could not be tried.",
                    "No network card of this machine has an address, or it may make no such socket: nothing leaves it "
                    + "that way, and nothing is proved of the rules.",
                    "see what is enforced: sluice-agent firewall check.") with { Notes = notes }
                : new VerbReport
                {
                    Verb = Name, ExitCode = ExitCode.Fine, Notes = notes,
                    Sentence = $"The host's rules stopped all {proved.Length} attempts.",
                };
    }

    private static string Outcome(WallVerdict verdict) => verdict switch
    {
        WallVerdict.Held => "stopped by the firewall",
        WallVerdict.Open => "NOT STOPPED",
        _ => "could not be tried",
    };
}
