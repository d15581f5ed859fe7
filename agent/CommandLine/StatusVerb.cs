using System.CommandLine;
using System.Text.Json;
using Sluice.Agent.Health;

namespace Sluice.Agent.CommandLine;

/// <summary>sluice-agent status: asks the running agent at its socket.</summary>
internal sealed class StatusVerb(TextWriter output, TextWriter error, TimeProvider clock)
{
    private readonly Option<string> socket = VerbOptions.Socket();

    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };

    private readonly Option<bool> all = new("--all")
    {
        Description = "Show every signal that the agent tells of, however many screens that takes.",
    };

    public Command Command()
    {
        var verb = new Command("status", "Say how the running agent is: one screen, each part with a verdict. Ends "
            + "with 0 where an agent answered, whatever it said, and with 69 where none did.") { socket, json, all };
        verb.SetAction((parsed, cancellationToken) => AskAsync(
            parsed.GetValue(socket)!, parsed.GetValue(json),
            parsed.GetValue(all) ? int.MaxValue : StatusText.SignalsShown, cancellationToken));
        return verb;
    }

    private async Task<int> AskAsync(
        string path, bool asJson, int signalsMax, CancellationToken cancellationToken)
    {
        var (report, problem) = await StatusClient.AskAsync(path, clock, cancellationToken).ConfigureAwait(false);
        if (report is null)
        {
            await error.WriteLineAsync(problem).ConfigureAwait(false);
            return ExitCode.Unavailable;
        }

        await output.WriteLineAsync(asJson
            ? JsonSerializer.Serialize(report, StatusJson.Default.StatusReport)
            : StatusText.Render(report, signalsMax).TrimEnd()).ConfigureAwait(false);
        return ExitCode.Fine;
    }
}
