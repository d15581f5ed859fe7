using System.Text.RegularExpressions;
using Sluice.Fast.Repository;
using Xunit;

namespace Sluice.Fast.Packaging;

/// <summary>What the package installs, what the folders hold and what README.md says of it are one list.</summary>
public sealed partial class PackagedFilesTests
{
    private static readonly (string File, string Place, string Mode)[] Listed =
    [
        .. Text("packaging/files.txt").Split('\n').Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(parts => (parts[0], parts[1], parts[2])),
    ];

    [Fact]
    public void Each_file_for_a_gateway_is_installed() => Assert.Equal(
        RepositoryTree.Here.Files.Where(file => file.IsUnder("packaging/systemd", "packaging/stick"))
            .Select(file => file.Path["packaging/".Length..]).Append("debian/gateway.json.skeleton").Order(),
        Listed.Select(each => each.File).Order());

    [Fact]
    public void The_table_for_people_says_the_same() => Assert.Equal(
        Listed.Select(each => (each.File, each.Place)).Order(),
        Row().Matches(Text("packaging/README.md"))
            .Select(row => (row.Groups["file"].Value, row.Groups["place"].Value)).Order());

    [Fact]
    public void Only_what_somebody_starts_can_be_started() => Assert.All(
        Listed, each => Assert.Equal(Text($"packaging/{each.File}").StartsWith("#!") ? "0755" : "0644", each.Mode));

    private static string Text(string path) => RepositoryTree.Here.Files.Single(file => file.Path == path).Text;

    [GeneratedRegex(@"^\| `(?<file>[^`]+)` \| `(?<place>/[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
