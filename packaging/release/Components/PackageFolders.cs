namespace Sluice.Release.Components;

/// <summary>Where NuGet keeps what it unpacked: PACKAGES/name/version, in lower case.</summary>
internal static class PackageFolders
{
    /// <summary>
    /// The runtime comes as packages by machine, each with its own notices: those that a build on this machine brought.
    /// </summary>
    private static readonly string[] RuntimePackages =
    [
        "microsoft.netcore.app.runtime.nativeaot.linux-x64", "microsoft.netcore.app.runtime.nativeaot.linux-arm64",
        "microsoft.netcore.app.runtime.win-x64",
    ];

    /// <exception cref="InvalidDataException">One of them may not be passed on without a person's word.</exception>
    public static IReadOnlyDictionary<Component, LicenceFacts> LicencesOf(
        string packages, IEnumerable<Component> components) => components
        .Where(component => !IsOurs(component))
        .ToDictionary(component => component, component => Of(packages, component));

    /// <summary>Our own programs head their lists.</summary>
    private static bool IsOurs(Component component) =>
        component.Name.StartsWith("sluice-", StringComparison.Ordinal);

    private static LicenceFacts Of(string packages, Component component)
    {
        if (component.Name != Component.Runtime)
        {
            return Read(component.Name);
        }

        var each = RuntimePackages.Where(IsThere).Select(Read).ToList();
        return each.Count == 0
            ? Read(RuntimePackages[0])
            : each[0] with { Notices = [.. each.SelectMany(facts => facts.Notices).Distinct()] };

        string Folder(string package) =>
            Path.Combine(packages, package.ToLowerInvariant(), component.Version.ToLowerInvariant());
        bool IsThere(string package) => Directory.Exists(Folder(package));
        LicenceFacts Read(string package) => LicenceFacts.Read(Folder(package), component.Line);
    }
}
