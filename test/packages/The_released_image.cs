using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Packages;

/// <summary>
/// Whose code is in the image: its component list and its copyright files, held against the image itself, unpacked by
/// unsquashfs. That it starts, the virtual gateway shows (test/gateway/Image).
/// </summary>
[Collection(nameof(MadeRelease))]
public sealed class The_released_image(MadeRelease release) : IAsyncLifetime
{
    private const string Terms = "usr/share/doc usr/share/common-licenses";
    private const string Judged = "usr/lib/sluice/image usr/lib/aarch64-linux-gnu 'usr/lib/modules/*/modules.dep'";
    private const string Agent = "sluice-agent";

    private readonly FieldDirectory directory = new();

    private string Root => directory.At("root");

    public async ValueTask InitializeAsync() => (await Commands.ShellAsync(
        $"zstd -qdc '{release.At("sluice-gateway_VERSION_arm64.img.zst")}' "
        + $"| dd of={directory.At("squashfs")} bs=1M iflag=fullblock skip=193 count=512 status=none "
        + $"&& unsquashfs -q -n -d {Root} {directory.At("squashfs")} {Terms} {Judged} 2>&1"))
        .MustHaveWorked();

    public ValueTask DisposeAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Is_listed_package_by_package_as_it_says_of_itself()
    {
        using var bill = await ListAsync();
        var packages = Packages(bill);
        Assert.Equal(
            (await File.ReadAllLinesAsync(Path.Combine(Root, "usr/lib/sluice/image/packages")))
                .Select(line => string.Join(' ', line.Split(' ')[..2])),
            packages.Select(each => $"{Text(each, "name")} {Text(each, "version")}"));

        // Some whose files say themselves of which version they are: process 1, the kernel, the C library.
        var versions = packages.ToDictionary(each => Text(each, "name"), each => Text(each, "version"));
        Assert.True(File.Exists(InLibraries($"systemd/libsystemd-core-{versions["systemd"].Split('.')[0]}.so")));
        var kernel = Assert.Single(Directory.GetDirectories(Path.Combine(Root, "usr/lib/modules")));
        Assert.Contains($"linux-image-{Path.GetFileName(kernel)}", versions.Keys);
        Assert.Contains(
            $"GLIBC {versions["libc6"]}",
            Encoding.Latin1.GetString(await File.ReadAllBytesAsync(InLibraries("libc.so.6"))));

        string InLibraries(string file) => Path.Combine(Root, "usr/lib/aarch64-linux-gnu", file);
    }

    /// <summary>Each package of Debian's brings a folder of documents, and nothing else puts one there.</summary>
    [Fact]
    public async Task Is_of_no_package_that_is_not_listed()
    {
        using var bill = await ListAsync();
        Assert.Equal(
            Packages(bill).Select(each => Text(each, "name")).Append(Agent).Order(StringComparer.Ordinal),
            Directory.GetFileSystemEntries(Path.Combine(Root, "usr/share/doc"))
                .Select(each => Path.GetFileName(each)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Leads_to_the_agents_own_list_and_has_its_version_and_moment()
    {
        using var bill = await ListAsync();
        using var own = JsonDocument.Parse(await File.ReadAllTextAsync(release.At("sluice-agent-VERSION.cdx.json")));
        var (image, program) = (bill.RootElement.GetProperty("metadata"), own.RootElement.GetProperty("metadata"));
        Assert.Equal(Text(program, "timestamp"), Text(image, "timestamp"));
        Assert.Equal(release.Version, Text(image.GetProperty("component"), "version"));
        var agent = bill.RootElement.GetProperty("components").EnumerateArray()
            .Single(each => Text(each, "name") == Agent);
        var reference = Assert.Single(agent.GetProperty("externalReferences").EnumerateArray());
        Assert.Equal(
            Convert.ToHexStringLower(SHA256.HashData(
                await File.ReadAllBytesAsync(Path.Combine(release.Folder, Text(reference, "url"))))),
            Text(reference.GetProperty("hashes")[0], "content"));
        Assert.Equal(Text(program.GetProperty("component"), "version"), Text(agent, "version"));
    }

    /// <summary>In the image, because a gateway is passed on with it, and beside it, because nobody logs in there.
    /// </summary>
    [Fact]
    public async Task Comes_with_the_terms_of_every_package_and_the_texts_that_they_name()
    {
        using var bill = await ListAsync();
        Assert.All(
            Packages(bill).Select(each => Text(each, "name")).Append(Agent),
            name => Assert.True(
                File.Exists(Path.Combine(Root, "usr/share/doc", name, "copyright"))
                && new FileInfo(Path.Combine(Root, "usr/share/doc", name, "copyright")).Length > 100, name));
        Assert.Contains(
            "GNU GENERAL PUBLIC LICENSE",
            await File.ReadAllTextAsync(Path.Combine(Root, "usr/share/common-licenses/GPL-2")));
        Assert.NotEqual("", (await Commands.ShellAsync(
            $"zcat {Root}/usr/share/doc/sluice-agent/THIRD-PARTY-NOTICES.txt.gz "
            + $"| cmp - '{release.At("THIRD-PARTY-NOTICES.txt")}' && echo same")).MustHaveWorked());

        var beside = directory.At("beside");
        Directory.CreateDirectory(beside);
        (await Commands.ShellAsync(
            $"zstd -qdc '{release.At("sluice-gateway_VERSION_arm64.copyright.tar.zst")}' | tar -xC {beside} "
            + $"&& for each in {Terms}; do diff -r --no-dereference {beside}/$each {Root}/$each || exit; done"))
            .MustHaveWorked();
    }

    private async Task<JsonDocument> ListAsync() =>
        JsonDocument.Parse(await File.ReadAllTextAsync(release.At("sluice-gateway_VERSION_arm64.cdx.json")));

    private static List<JsonElement> Packages(JsonDocument bill) =>
    [
        .. bill.RootElement.GetProperty("components").EnumerateArray()
            .Where(each => each.TryGetProperty("purl", out var purl)
                && purl.GetString()!.StartsWith("pkg:deb/debian/", StringComparison.Ordinal)),
    ];

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;
}
