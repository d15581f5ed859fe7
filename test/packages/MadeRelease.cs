using System.Text.RegularExpressions;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Packages;

/// <summary>
/// A release as <c>make dist</c> makes it of the programs that are built, twice, both signed with a key that was made
/// for it. Made once for all tests.
/// </summary>
public sealed partial class MadeRelease : IAsyncLifetime
{
    private readonly FieldDirectory directory = new();

    public string Folder => directory.At("dist");

    public string SecondFolder => directory.At("second");

    /// <summary>Whose the signature is: what a receiver has by another way than the release.</summary>
    public string PublicKey => directory.At("release.pub");

    public string Version { get; private set; } = "";

    public string At(string file) => Path.Combine(Folder, file.Replace("VERSION", Version, StringComparison.Ordinal));

    public static string Package(string architecture) => $"sluice-agent_VERSION_{architecture}.deb";

    public async ValueTask InitializeAsync()
    {
        var root = FieldDirectory.Repository();
        Version = VersionLine().Match(await File.ReadAllTextAsync(Path.Combine(root, "Directory.Build.props")))
            .Groups[1].Value;
        var key = directory.At("release.key");
        (await Commands.RunAsync("openssl", ["genpkey", "-algorithm", "ed25519", "-out", key])).MustHaveWorked();
        (await Commands.RunAsync("openssl", ["pkey", "-in", key, "-pubout", "-out", PublicKey])).MustHaveWorked();
        var made = await Task.WhenAll(
            Commands.ShellAsync($"packaging/make-dist.sh '{Folder}' '{key}'"),
            Commands.ShellAsync($"packaging/make-dist.sh '{SecondFolder}' '{key}'"));
        Assert.All(made, each => each.MustHaveWorked());
    }

    public ValueTask DisposeAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [GeneratedRegex("<SluiceVersion>(.+)</SluiceVersion>")]
    private static partial Regex VersionLine();
}

/// <summary>One release for all of this program's tests.</summary>
[CollectionDefinition(nameof(MadeRelease))]
public sealed class MadeReleaseCollection : ICollectionFixture<MadeRelease>;
