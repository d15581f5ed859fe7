using System.Text.Json;

namespace Sluice.Release.Components;

/// <summary>
/// What a project's packages.lock.json knows of its packages: the hash that NuGet held each one against, and which one
/// wants which.
/// </summary>
internal sealed class PackageLock
{
    private readonly Dictionary<string, JsonElement> packages = new(StringComparer.OrdinalIgnoreCase);

    public PackageLock(string json)
    {
        using var document = JsonDocument.Parse(json);
        var everywhere = document.RootElement.GetProperty("dependencies").GetProperty("net10.0");
        foreach (var package in everywhere.EnumerateObject())
        {
            packages[package.Name] = package.Value.Clone();
        }
    }

    /// <summary>Packages and projects that the program names itself.</summary>
    public IEnumerable<string> Direct => packages
        .Where(each => each.Value.GetProperty("type").GetString() is "Direct")
        .Select(each => each.Key)
        .Concat(packages.Where(each => IsProject(each.Key)).SelectMany(each => Wants(each.Key)));

    /// <summary>SHA-512 of the package, lower-case hex; null of what is no package.</summary>
    public string? Sha512(string name) =>
        packages.TryGetValue(name, out var package) && package.TryGetProperty("contentHash", out var hash)
            ? Convert.ToHexStringLower(hash.GetBytesFromBase64())
            : null;

    public IEnumerable<string> Wants(string name) =>
        packages.TryGetValue(name, out var package) && package.TryGetProperty("dependencies", out var wanted)
            ? wanted.EnumerateObject().Select(each => each.Name).Where(each => !IsProject(each))
            : [];

    private bool IsProject(string name) =>
        packages.TryGetValue(name, out var package) && package.GetProperty("type").GetString() == "Project";
}
