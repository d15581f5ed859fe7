using System.Text.Json;
using Sluice.Release.Components;
using Xunit;

namespace Sluice.Fast.Packaging;

/// <summary>
/// The component list of the gateway's image. That it names what the image is made of, a test in test/packages shows
/// with the image itself.
/// </summary>
public sealed class ImageBillTests
{
    private static readonly string Hash = new('a', 64);

    private static readonly string[] Lines =
    [
        $"base-files 13.8+deb13u8 arm64 {Hash} base-files=13.8+deb13u8",
        $"busybox-static 1:1.37.0-6+b9 arm64 {Hash} busybox=1:1.37.0-6 glibc=2.41-12+deb13u4",
        $"libstdc++6 14.2.0-19~x arm64 {Hash} gcc-14=14.2.0-19~x",
    ];

    [Fact]
    public void Every_package_is_named_as_scanners_look_for_it_with_what_it_was_built_of()
    {
        using var bill = JsonDocument.Parse(Write(Lines));
        var components = bill.RootElement.GetProperty("components").EnumerateArray().ToList();
        Assert.Equal(
            ["sluice-agent 1.2.3", "debian 13", "base-files 13.8+deb13u8", "busybox-static 1:1.37.0-6+b9",
                "libstdc++6 14.2.0-19~x"],
            components.Select(each => $"{Text(each, "name")} {Text(each, "version")}"));
        Assert.Equal(
            [
                "pkg:deb/debian/base-files@13.8%2Bdeb13u8?arch=arm64&distro=debian-13",
                "pkg:deb/debian/busybox-static@1:1.37.0-6%2Bb9?arch=arm64&distro=debian-13",
                "pkg:deb/debian/libstdc%2B%2B6@14.2.0-19~x?arch=arm64&distro=debian-13",
            ],
            components.Skip(2).Select(each => Text(each, "purl")));
        Assert.Equal(
            [
                "pkg:deb/debian/busybox@1:1.37.0-6?arch=source&distro=debian-13",
                "pkg:deb/debian/glibc@2.41-12%2Bdeb13u4?arch=source&distro=debian-13",
            ],
            components[3].GetProperty("pedigree").GetProperty("ancestors").EnumerateArray()
                .Select(each => Text(each, "purl")));
        Assert.All(components.Skip(2), each => Assert.Equal(
            Hash, Text(Assert.Single(each.GetProperty("hashes").EnumerateArray()), "content")));
    }

    /// <summary>As CycloneDX has it: a name is given once, and nothing leads to one that is not there.</summary>
    [Fact]
    public void Every_reference_is_one_of_its_own_and_the_image_wants_all_of_them()
    {
        using var bill = JsonDocument.Parse(Write(Lines));
        var references = bill.RootElement.GetProperty("components").EnumerateArray()
            .Select(each => Text(each, "bom-ref")).ToList();
        var image = bill.RootElement.GetProperty("metadata").GetProperty("component");
        Assert.Equal(("firmware", "sluice-gateway@1.2.3"), (Text(image, "type"), Text(image, "bom-ref")));
        Assert.Equal(references.Count, references.Append(Text(image, "bom-ref")).Distinct().Count() - 1);
        var wanted = Assert.Single(bill.RootElement.GetProperty("dependencies").EnumerateArray());
        Assert.Equal(Text(image, "bom-ref"), Text(wanted, "ref"));
        Assert.Equal(
            references, wanted.GetProperty("dependsOn").EnumerateArray().Select(each => each.GetString()));
    }

    [Fact]
    public void The_agents_own_parts_are_found_in_the_list_beside_it()
    {
        using var bill = JsonDocument.Parse(Write(Lines));
        var agent = bill.RootElement.GetProperty("components")[0];
        var list = Assert.Single(agent.GetProperty("externalReferences").EnumerateArray());
        Assert.Equal(("bom", "agent.cdx.json"), (Text(list, "type"), Text(list, "url")));
        Assert.Equal("beef", Text(list.GetProperty("hashes")[0], "content"));
    }

    [Fact]
    public void Written_again_it_is_the_same_and_of_another_package_it_has_another_number()
    {
        Assert.Equal(Write(Lines), Write(Lines));
        Assert.Equal(
            Lines.Length,
            Lines.Select(left => Number([.. Lines.Where(each => each != left)])).Append(Number(Lines)).Distinct()
                .Count() - 1);

        static string Number(string[] lines)
        {
            using var bill = JsonDocument.Parse(Write(lines));
            return Text(bill.RootElement, "serialNumber");
        }
    }

    [Theory]
    [InlineData("busybox_1.37_arm64")]
    [InlineData("busybox 1.37 arm64 HASH")]
    [InlineData("busybox 1.37 arm64 HASH busybox")]
    [InlineData("busybox 1.37 arm64 abc busybox=1.37")]
    [InlineData("busybox 1.37 arm64 HASH busybox=1.37 ")]
    [InlineData("../busybox 1.37 arm64 HASH busybox=1.37")]
    [InlineData("")]
    public void A_line_that_lacks_something_is_refused_by_name(string line)
    {
        line = line.Replace("HASH", Hash, StringComparison.Ordinal);
        Assert.Contains($"'{line}'", Assert.Throws<InvalidDataException>(() => Write([Lines[0], line])).Message);
    }

    [Fact]
    public void An_image_of_nothing_is_refused() => Assert.Throws<InvalidDataException>(() => Write([]));

    [Theory]
    [InlineData("ID=debian\nVERSION_ID=\"13\"\n", "13")]
    [InlineData("ID=ubuntu\nVERSION_ID=\"24.04\"\n", null)]
    [InlineData("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux forky/sid\"\n", null)]
    public void Whose_packages_they_are_is_what_the_root_says(string release, string? version)
    {
        if (version is null)
        {
            Assert.Throws<InvalidDataException>(() => ImageBill.ReadDebianVersion(release));
            return;
        }

        Assert.Equal(version, ImageBill.ReadDebianVersion(release));
    }

    private static byte[] Write(string[] lines) => new ImageBill("1.2.3", lines)
    {
        Made = DateTimeOffset.UnixEpoch, Commit = "abc", DebianVersion = "13", AgentList = "agent.cdx.json",
        AgentListSha256 = "beef",
    }.Write();

    private static string Text(JsonElement element, string property) => element.GetProperty(property).GetString()!;
}
