using Sluice.Agent.Configuration;

namespace Sluice.Agent.CommandLine.Egress;

/// <summary>What the agent would run: the configuration, or the last good one where it is refused.</summary>
internal static class RunningConfiguration
{
    public static (GatewayConfiguration? Configuration, string Refusal) Of(string file, string stateDirectory)
    {
        var loaded = ConfigurationLoader.Load(file);
        if (loaded.Configuration is { } configuration)
        {
            return (configuration, "");
        }

        var first = loaded.Problems.FirstOrDefault(problem => problem.IsError)?.ToString() ?? file;
        return new LastGoodStore(stateDirectory).Load()?.Configuration is { } kept
            ? (kept, $"The configuration is refused, and the rules are those of the last good one: {first}")
            : (null, $"The configuration is refused: {first}");
    }
}
