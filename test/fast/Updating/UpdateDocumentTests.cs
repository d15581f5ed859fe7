using System.Text;
using System.Text.RegularExpressions;
using Sluice.Agent.Updating.Files;
using Sluice.Fast.Repository;
using Xunit;

namespace Sluice.Fast.Updating;

/// <summary>UPDATE.md says what the gateway takes.</summary>
public sealed class UpdateDocumentTests
{
    [Fact]
    public void Its_manifest_is_one()
    {
        var text = RepositoryTree.Here.Files.Single(file => file.Path == "agent/Updating/UPDATE.md").Text;
        var json = Regex.Match(text, "```json\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
        var (manifest, problem) = UpdateManifest.Read(Encoding.UTF8.GetBytes(json));
        Assert.Equal("", problem);
        Assert.Equal(new MadeUpdate().Manifest.Options, manifest!.Options);
        Assert.Contains($"| {UpdateFile.HeadBytes} | M | manifest", text, StringComparison.Ordinal);
        Assert.Contains($"1 to {UpdateFile.ManifestBytesMax:N0}", text, StringComparison.Ordinal);
        Assert.Contains($"{UpdateManifest.BootBytesMax >> 20} MiB at most", text, StringComparison.Ordinal);
    }
}
