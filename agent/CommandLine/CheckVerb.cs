using System.CommandLine;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.CommandLine;

/// <summary>sluice-agent check: prints every problem of a configuration at once.</summary>
internal sealed class CheckVerb(TextWriter output)
{
    private readonly Option<string> config = new("--config", "-c")
    {
        Description = "The configuration file.",
        DefaultValueFactory = _ => HostPaths.ConfigurationFile,
    };

    public Command Command()
    {
        var verb = new Command("check", "Print everything that is wrong with a configuration; exit 78 if anything is.") { config };
        verb.SetAction(parsed => Check(parsed.GetValue(config)!));
        return verb;
    }

    private int Check(string file)
    {
        var loaded = ConfigurationLoader.Load(file);
        foreach (var problem in loaded.Problems)
        {
            output.WriteLine(problem.ToString());
        }

        return loaded.Configuration is null ? ExitCode.Configuration : ExitCode.Fine;
    }
}
