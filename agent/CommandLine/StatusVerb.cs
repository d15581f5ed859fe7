using System.CommandLine;
using System.Text.Json;
using Sluice.Agent.Health;

namespace Sluice.Agent.CommandLine;

/// <summary>sluice-agent status: asks the running agent at its socket.</summary>
internal sealed class StatusVerb(TextWriter output, TextWriter error, TimeProvider clock)
{
    private readonly Option<string> socket = VerbOptions.Socket();

    private readonly Option<bool> json = new("--json") { Description = "Print one JSON document, for programs." };

    public Command Command()
    {
        var verb = new Command("status", "Say how the running agent is.") { socket, json };
        verb.SetAction((parsed, cancellationToken) =>
            AskAsync(parsed.GetValue(socket)!, parsed.GetValue(json), cancellationToken));
        return verb;
    }

    private async Task<int> AskAsync(string path, bool asJson, CancellationToken cancellationToken)
    {
        var (report, problem) = await StatusClient.AskAsync(path, clock, cancellationToken).ConfigureAwait(false);
        if (report is null)
        {
            await error.WriteLineAsync(problem).ConfigureAwait(false);
            return ExitCode.Unavailable;
        }

        await output.WriteLineAsync(asJson
            ? JsonSerializer.Serialize(report, StatusJson.Default.StatusReport)
            : StatusText.Render(report).TrimEnd()).ConfigureAwait(false);
        return ExitCode.Fine;
    }
}
