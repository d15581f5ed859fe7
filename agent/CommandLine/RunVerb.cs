using System.CommandLine;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.CommandLine;

/// <summary>
/// sluice-agent run: reads the configuration and hands it to the host. A configuration that is refused is told in full,
/// and the last good one runs instead; only where there is none does nothing start.
/// </summary>
internal sealed class RunVerb(RunGateway run, TextWriter error)
{
    private readonly Option<string> config = VerbOptions.Config();
    private readonly Option<string> socket = VerbOptions.Socket();
    private readonly Option<string> state = VerbOptions.State();

    public Command Command()
    {
        var verb = new Command("run", "Run the gateway until it is stopped. A configuration that is refused is told "
            + "in full, and "
            + "the last good one runs on; where there is none, ends with 78.") { config, state, socket };
        verb.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(config)!, parsed.GetValue(state)!, parsed.GetValue(socket)!, cancellationToken));
        return verb;
    }

    private async Task<int> RunAsync(
        string file, string stateDirectory, string socketPath, CancellationToken cancellationToken)
    {
        var loaded = ConfigurationLoader.Load(file);
        await TellAsync(loaded.Problems).ConfigureAwait(false);
        var store = new LastGoodStore(stateDirectory);
        if (loaded is { Configuration: { } configuration, Files: { } files })
        {
            var options = new RunOptions { SocketPath = socketPath, Started = () => Keep(store, files) };
            return await run(configuration, options, cancellationToken).ConfigureAwait(false);
        }

        if (store.Load() is not { } lastGood)
        {
            await error.WriteLineAsync($"{file}: refused, and there is no last good configuration in {stateDirectory}: "
                + "nothing starts.").ConfigureAwait(false);
            return ExitCode.Configuration;
        }

        if (lastGood.Configuration is not { } kept)
        {
            await TellAsync(lastGood.Problems).ConfigureAwait(false);
            await error.WriteLineAsync($"{file}: refused, and so is the last good one, by this version: nothing "
                + "starts.")
                .ConfigureAwait(false);
            return ExitCode.Configuration;
        }

        await error.WriteLineAsync($"{file}: refused. The last good configuration {kept.Hash[..12]} runs on: mend the "
            + "file and "
            + "start again.").ConfigureAwait(false);
        var refused = loaded.Problems.Where(problem => problem.IsError).Select(problem => problem.ToString());
        var asBefore = new RunOptions
        {
            SocketPath = socketPath, RefusedBecause = [.. refused], RefusedHash = loaded.Files?.Hash() ?? "",
        };
        return await run(kept, asBefore, cancellationToken).ConfigureAwait(false);
    }

    private void Keep(LastGoodStore store, ConfigurationFiles files)
    {
        if (store.Keep(files) is { } problem)
        {
            error.WriteLine(problem.ToString());
        }
    }

    private async Task TellAsync(IEnumerable<ConfigurationProblem> problems)
    {
        foreach (var problem in problems)
        {
            await error.WriteLineAsync(problem.ToString()).ConfigureAwait(false);
        }
    }
}
