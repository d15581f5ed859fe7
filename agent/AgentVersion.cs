using System.Reflection;

namespace Sluice.Agent;

/// <summary>The version from the build, one for everything that ships.</summary>
public static class AgentVersion
{
    public static string Text { get; } =
        typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? throw new InvalidOperationException("The build set no version.");
}
