using System.CommandLine;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.CommandLine;

/// <summary>sluice-agent run: reads the configuration and hands it to the host, or says everything that is wrong with it.</summary>
internal sealed class RunVerb(RunGateway run, TextWriter error)
{
    private readonly Option<string> config = new("--config", "-c")
    {
        Description = "The configuration file.",
        DefaultValueFactory = _ => HostPaths.ConfigurationFile,
    };

    private readonly Option<string> state = new("--state")
    {
        Description = "Directory for what must survive a restart, such as the last good configuration.",
        DefaultValueFactory = _ => HostPaths.StateDirectory,
    };

    private readonly Option<string> socket = new("--socket")
    {
        Description = "Unix socket to answer status at.",
        DefaultValueFactory = _ => HostPaths.SocketPath,
    };

    public Command Command()
    {
        var verb = new Command("run", "Run the gateway until it is stopped.") { config, state, socket };
        verb.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(config)!, parsed.GetValue(state)!, parsed.GetValue(socket)!, cancellationToken));
        return verb;
    }

    private async Task<int> RunAsync(string file, string stateDirectory, string socketPath, CancellationToken cancellationToken)
    {
        var loaded = ConfigurationLoader.Load(file);
        foreach (var problem in loaded.Problems)
        {
            await error.WriteLineAsync(problem.ToString()).ConfigureAwait(false);
        }

        return loaded.Configuration is { } configuration
            ? await run(configuration, new RunOptions { SocketPath = socketPath }, cancellationToken).ConfigureAwait(false)
            : ExitCode.Configuration;
    }
}
