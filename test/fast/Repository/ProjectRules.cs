using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Sluice.Fast.Repository;

/// <summary>Which project may know which, and where package versions stand.</summary>
internal static partial class ProjectRules
{
    private static readonly Dictionary<string, string[]> MayKnow = new()
    {
        ["hal"] = [],
        ["provisioning"] = [],
        ["provisioning/tool"] = ["provisioning", "agent/Configuration"],
        ["agent"] = ["hal", "provisioning", "agent/Configuration"],
        ["agent/Configuration"] = ["hal", "provisioning"],
        ["packaging/release"] = ["agent"],
        ["test/mes"] = [],
        ["test/plant"] = ["agent", "hal", "provisioning", "test/mes"],
        ["test/fuzz"] = ["hal", "provisioning", "test/plant"],
        ["test/fast"] =
        [
            "agent", "hal", "provisioning", "provisioning/tool", "packaging/release", "test/mes", "test/plant",
            "test/fuzz", "test/evidence",
        ],
        ["test/field"] = ["agent", "hal", "provisioning", "test/mes", "test/plant", "test/field/zones/intruder"],
        ["test/field/zones/intruder"] = ["agent"],
        ["test/evidence"] = [],
        ["test/gateway"] = ["test/plant"],
        ["test/packages"] = ["packaging/release"],
        ["test/gateway/probe"] = ["hal"],
        ["test/bench"] = ["agent", "hal", "provisioning", "test/mes", "test/plant"],
        ["test/bench/buffer-process"] = ["agent", "hal"],
        ["test/bench/uplink-process"] = [],
    };

    public static IEnumerable<string> Direction(RepositoryTree tree) =>
        from file in Projects(tree)
        from reference in Named(file, "ProjectReference")
        let target = Resolve(file.Folder, reference)
        where !MayKnow.TryGetValue(file.Folder, out var known) || !known.Contains(target)
        select $"{file.Path}: may not know {target}";

    public static IEnumerable<string> Versions(RepositoryTree tree) =>
        from file in tree.Files
        where file.Path.EndsWith(".csproj", StringComparison.Ordinal) || file.Path.EndsWith(".props")
        from package in XDocument.Parse(file.Text).Descendants()
        let version = (string?)package.Attribute("Version")
        where package.Name.LocalName == "PackageReference"
              && (version is not null || package.Attribute("VersionOverride") is not null
                  || package.Elements().Any(inner => inner.Name.LocalName == "Version"))
            || package.Name.LocalName == "PackageVersion"
              && (file.Path != "Directory.Packages.props" || version is null || !Exact().IsMatch(version))
        select $"{file.Path}: {(string?)package.Attribute("Include")}: versions stand, exactly, in "
            + "Directory.Packages.props";

    public static IEnumerable<string> HalStandsAlone(RepositoryTree tree) =>
        from file in Projects(tree)
        where file.Folder == "hal"
        from package in Named(file, "PackageReference")
        where package != "System.Device.Gpio"
        select $"{file.Path}: {package}: hal speaks to the plant with the base library and System.Device.Gpio alone";

    public static IEnumerable<string> Listed(RepositoryTree tree)
    {
        var solution = tree.Files.Single(file => file.Path == "agent.sln").Text.Replace('\\', '/');
        foreach (var file in Projects(tree))
        {
            if (!solution.Contains($"\"{file.Path}\"", StringComparison.Ordinal))
            {
                yield return $"{file.Path}: not in agent.sln, so nobody builds it";
            }

            if (!tree.Files.Any(other => other.Path == $"{file.Folder}/packages.lock.json"))
            {
                yield return $"{file.Path}: no packages.lock.json beside it, so a restore may bring anything";
            }
        }
    }

    private static IEnumerable<TreeFile> Projects(RepositoryTree tree) =>
        tree.Files.Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal));

    private static IEnumerable<string> Named(TreeFile project, string element) =>
        from item in XDocument.Parse(project.Text).Descendants()
        where item.Name.LocalName == element
        select (string?)item.Attribute("Include") ?? "";

    private static string Resolve(string folder, string reference)
    {
        var parts = new List<string>(folder.Split('/'));
        foreach (var part in reference.Replace('\\', '/').Split('/')[..^1])
        {
            if (part != "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
        }

        return string.Join('/', parts);
    }

    [GeneratedRegex(@"^\d+(\.\d+){2,3}(-[0-9A-Za-z.-]+)?$")]
    private static partial Regex Exact();
}
