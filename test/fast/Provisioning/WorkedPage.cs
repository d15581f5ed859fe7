using System.Text.RegularExpressions;
using Sluice.Fast.Repository;
using Xunit;

namespace Sluice.Fast.Provisioning;

/// <summary>A page of the repository that shows a file byte by byte, and says what they mean.</summary>
internal sealed partial class WorkedPage(string path)
{
    public string Text { get; } = RepositoryTree.Here.Files.Single(file => file.Path == path).Text;

    public byte[] Bytes => Convert.FromHexString(string.Concat(
        Hex().Matches(Text).Select(line => line.Groups[1].Value.Replace(" ", "", StringComparison.Ordinal))));

    public string Fact(string name) =>
        Regex.Match(Text, $@"^\| {name} \| `([^`]+)` \|", RegexOptions.Multiline).Groups[1].Value;

    public void Offsets_hold(int count)
    {
        var bytes = Bytes;
        foreach (Match row in Offset().Matches(Text))
        {
            var at = int.Parse(row.Groups[1].Value);
            var wanted = Convert.FromHexString(row.Groups[2].Value.Replace(" ", "", StringComparison.Ordinal));
            Assert.Equal(wanted, bytes[at..(at + wanted.Length)]);
        }

        Assert.Equal(count, Offset().Count(Text));
    }

    [GeneratedRegex("^    ([0-9a-f]{2}(?: ?[0-9a-f]{2}){0,47})$", RegexOptions.Multiline)]
    private static partial Regex Hex();

    [GeneratedRegex(@"^\| ([0-9]+) \| `([0-9a-f ]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Offset();
}
