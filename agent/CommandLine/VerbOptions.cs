using System.CommandLine;

namespace Sluice.Agent.CommandLine;

/// <summary>Options that several verbs have, with the same name and meaning in each.</summary>
internal static class VerbOptions
{
    public static Option<string> Config() => new("--config", "-c")
    {
        Description = "The configuration file.",
        HelpName = "FILE",
        DefaultValueFactory = _ => HostPaths.ConfigurationFile,
    };

    public static Option<string> Socket() => new("--socket")
    {
        Description = "Unix socket of the running agent.",
        HelpName = "PATH",
        DefaultValueFactory = _ => HostPaths.SocketPath,
    };

    public static Option<string> State() => new("--state")
    {
        Description = "Directory for what must survive a restart: the last good configuration.",
        HelpName = "DIR",
        DefaultValueFactory = _ => HostPaths.StateDirectory,
    };

    public static Option<bool> BesideAgent() => new("--beside-agent")
    {
        Description = "Ask although the agent on this machine polls the same device: it must have a connection to "
            + "spare. Never on a bus.",
    };
}
