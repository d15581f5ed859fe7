using System.Globalization;
using System.Reflection;

namespace Sluice.Agent;

/// <summary>The version from the build, one for everything that ships.</summary>
public static class AgentVersion
{
    public static string Text { get; } =
        typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? throw new InvalidOperationException("The build set no version.");

    /// <summary>The day on which this version was made: no clock that says less is right.</summary>
    public static DateTimeOffset Released { get; } = DateTimeOffset.ParseExact(
        typeof(AgentVersion).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(each => each.Key == "ReleaseDate")?.Value
            ?? throw new InvalidOperationException("The build set no date."),
        "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
