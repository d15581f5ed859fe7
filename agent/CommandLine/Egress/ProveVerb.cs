using System.CommandLine;
using Sluice.Agent.Health;

namespace Sluice.Agent.CommandLine.Egress;

/// <summary>
/// sluice-agent prove: has the running agent try to get out, and prints what stopped it.
/// </summary>
internal sealed class ProveVerb(TextWriter output, TextWriter error, TimeProvider clock)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Option<string> socket = VerbOptions.Socket();

    public Command Command()
    {
        var verb = new Command("prove", "Have the running agent try to get out of its jail, and say what stopped it. "
            + "Ends with 0 where everything held, 65 where something did not or there is no jail, 69 where no agent "
            + "answers.") { socket };
        verb.SetAction((parsed, cancellationToken) => ProveAsync(parsed.GetValue(socket)!, cancellationToken));
        return verb;
    }

    private async Task<int> ProveAsync(string path, CancellationToken cancellationToken)
    {
        var (report, problem) = await StatusClient.SayAsync(path, StatusServer.Prove, clock, cancellationToken)
            .ConfigureAwait(false);
        var before = report?.Jail?.Proof?.Number ?? 0;
        var since = clock.GetTimestamp();
        while (report?.Jail is { } jail)
        {
            if (!jail.Filters && jail.Landlock == 0)
            {
                await output.WriteAsync(JailText.Render(jail)).ConfigureAwait(false);
                return ExitCode.Unclear;
            }

            if (jail.Proof is { } proof && proof.Number > before)
            {
                await output.WriteAsync(JailText.Render(jail)).ConfigureAwait(false);
                return proof.Attempts.Any(attempt => attempt.Verdict == "open") ? ExitCode.Unclear : ExitCode.Fine;
            }

            if (clock.GetElapsedTime(since) > Patience)
            {
                problem = "The agent did not try within 20 s: it is stuck, or just starting. Look at its log.";
                break;
            }

            await Task.Delay(LookEvery, clock, cancellationToken).ConfigureAwait(false);
            (report, problem) = await StatusClient.AskAsync(path, clock, cancellationToken).ConfigureAwait(false);
        }

        await error.WriteLineAsync(problem.Length > 0 ? problem : "The agent that runs is of an older version.")
            .ConfigureAwait(false);
        return ExitCode.Unavailable;
    }
}
