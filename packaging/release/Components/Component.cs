namespace Sluice.Release.Components;

/// <summary>Something whose code is in a program: a package, or the runtime.</summary>
internal sealed record Component(string Name, string Version)
{
    /// <summary>What the build calls .NET itself: no package of that name, but several that hold its parts.</summary>
    public const string Runtime = "Microsoft.NETCore.App";

    /// <summary>A line of <c>sluice-agent version --components</c>: name, blank, version.</summary>
    public static Component Parse(string line) => line.Split(' ') is [{ Length: > 0 } name, { Length: > 0 } version]
        ? new Component(name, version)
        : throw new InvalidDataException($"'{line}' is not a name and a version");

    public string Line => $"{Name} {Version}";

    /// <summary>By this name those find it who look for known weaknesses.</summary>
    public string Purl => Name == Runtime
        ? $"pkg:github/dotnet/runtime@v{Version}"
        : $"pkg:nuget/{Name}@{Version}";
}
