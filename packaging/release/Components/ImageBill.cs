using System.Text.Json;

namespace Sluice.Release.Components;

/// <summary>
/// The component list of the gateway's image: Debian, its packages, and the agent, whose own parts stand in a list of
/// its own.
/// </summary>
internal sealed class ImageBill
{
    private const string Image = "sluice-gateway";
    private const string Agent = "sluice-agent";

    private readonly string version;
    private readonly IReadOnlyList<string> lines;
    private readonly IReadOnlyList<DebianPackage> packages;

    /// <param name="version">Ours.</param>
    /// <param name="lines">What <see cref="DebianPackage.Parse"/> reads.</param>
    /// <exception cref="InvalidDataException">One of them is not a package, or none is there.</exception>
    public ImageBill(string version, IEnumerable<string> lines)
    {
        this.version = version;
        this.lines = [.. lines];
        packages = [.. this.lines.Select(DebianPackage.Parse)];
        if (packages.Count == 0)
        {
            throw new InvalidDataException("no image is made of no package");
        }
    }

    public required DateTimeOffset Made { get; init; }

    public required string Commit { get; init; }

    /// <summary>Of Debian: what its packages are the packages of.</summary>
    public required string DebianVersion { get; init; }

    /// <summary>Name of the agent's own list, which lies beside this one.</summary>
    public required string AgentList { get; init; }

    public required string AgentListSha256 { get; init; }

    private string Distribution => $"debian-{DebianVersion}";

    /// <summary>VERSION_ID of an os-release, which is what scanners know a Debian by.</summary>
    /// <exception cref="InvalidDataException">It is not Debian's, or names no version.</exception>
    public static string ReadDebianVersion(string release)
    {
        var said = release.Split('\n').Select(line => line.Split('=', 2)).Where(parts => parts.Length == 2)
            .ToDictionary(parts => parts[0], parts => parts[1].Trim('"'));
        return said.GetValueOrDefault("ID") == "debian" && said.GetValueOrDefault("VERSION_ID") is { Length: > 0 } id
            ? id
            : throw new InvalidDataException("the root's os-release names no Debian with a version");
    }

    public byte[] Write() => CycloneDx.Write(
        string.Join('\n', lines.Prepend($"{Commit} {version} {AgentListSha256}")),
        Made,
        json =>
        {
            json.WriteStartObject("component");
            WriteNames(json, "firmware", $"{Image}@{version}", Image, version);
            json.WriteEndObject();
            json.WriteProperties(("sluice:commit", Commit));
        },
        json =>
        {
            json.WriteStartArray("components");
            WriteAgent(json);
            WriteDebian(json);
            foreach (var each in packages)
            {
                Write(json, each);
            }

            json.WriteEndArray();
            // Of what Debian's packages want of each other nothing is said here: their own control files do that.
            json.WriteStartArray("dependencies");
            json.WriteDependency(
                $"{Image}@{version}",
                packages.Select(each => each.Purl(Distribution)).Prepend(Distribution).Prepend($"{Agent}@{version}"));
            json.WriteEndArray();
        });

    private static void WriteNames(
        Utf8JsonWriter json, string type, string reference, string name, string ownVersion)
    {
        json.WriteString("type", type);
        json.WriteString("bom-ref", reference);
        json.WriteString("name", name);
        json.WriteString("version", ownVersion);
    }

    private void WriteAgent(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteNames(json, "application", $"{Agent}@{version}", Agent, version);
        json.WriteLicence(CycloneDx.OwnLicence);
        json.WriteStartArray("externalReferences");
        json.WriteStartObject();
        json.WriteString("url", AgentList);
        json.WriteString("type", "bom");
        json.WriteHash("SHA-256", AgentListSha256);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteDebian(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteNames(json, "operating-system", Distribution, "debian", DebianVersion);
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json, DebianPackage package)
    {
        json.WriteStartObject();
        WriteNames(json, "library", package.Purl(Distribution), package.Name, package.Version);
        json.WriteHash("SHA-256", package.Sha256);
        json.WriteString("purl", package.Purl(Distribution));
        json.WriteStartObject("pedigree");
        json.WriteStartArray("ancestors");
        foreach (var source in package.Sources)
        {
            json.WriteStartObject();
            json.WriteString("type", "library");
            json.WriteString("name", source.Name);
            json.WriteString("version", source.Version);
            json.WriteString("purl", source.Purl(Distribution));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
