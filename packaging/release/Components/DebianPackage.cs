using System.Text.RegularExpressions;

namespace Sluice.Release.Components;

/// <summary>
/// A package of Debian's that the image was unpacked from, and the source packages that Debian built it of: by these
/// Debian says in its advisories what is weak, and it is their source that whoever passes the image on owes.
/// </summary>
internal sealed partial record DebianPackage(
    string Name, string Version, string Architecture, string Sha256, IReadOnlyList<DebianSource> Sources)
{
    /// <summary>A line of packaging/image/list-packages.sh, which asked dpkg-deb.</summary>
    public static DebianPackage Parse(string line) => Words().Match(line) is { Success: true } said
        ? new DebianPackage(
            said.Groups["name"].Value, said.Groups["version"].Value, said.Groups["architecture"].Value,
            said.Groups["hash"].Value,
            [
                .. said.Groups["source"].Captures.Zip(said.Groups["of"].Captures)
                    .Select(each => new DebianSource(each.First.Value, each.Second.Value)),
            ])
        : throw new InvalidDataException($"'{line}' is not a package with version, architecture, hash and sources");

    /// <summary>By this name those find it who look for known weaknesses.</summary>
    /// <param name="distribution">As in <c>debian-13</c>.</param>
    public string Purl(string distribution) => Purl(Name, Version, Architecture, distribution);

    internal static string Purl(string name, string version, string architecture, string distribution) =>
        $"pkg:deb/debian/{Escaped(name)}@{Escaped(version)}?arch={architecture}&distro={distribution}";

    /// <summary>An epoch's colon stays one, and a plus does not.</summary>
    private static string Escaped(string text) =>
        Uri.EscapeDataString(text).Replace("%3A", ":", StringComparison.Ordinal);

    // Names and versions as Debian's policy has them.
    [GeneratedRegex("^(?<name>[a-z0-9][a-z0-9+.-]+) (?<version>[0-9][A-Za-z0-9.+:~-]*) (?<architecture>[a-z0-9]+) "
        + "(?<hash>[0-9a-f]{64})( (?<source>[a-z0-9][a-z0-9+.-]+)=(?<of>[0-9][A-Za-z0-9.+:~-]*))+$")]
    private static partial Regex Words();
}

/// <summary>A source package of Debian's.</summary>
internal readonly record struct DebianSource(string Name, string Version)
{
    public string Purl(string distribution) => DebianPackage.Purl(Name, Version, "source", distribution);
}
