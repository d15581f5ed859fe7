using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Field.Parts;
using Sluice.Release.Binaries;
using Xunit;

namespace Sluice.Packages;

/// <summary>What lies in out/dist, judged by what a receiver has: sha256sum, openssl, readelf, the programs.</summary>
[Collection(nameof(MadeRelease))]
public sealed partial class A_release(MadeRelease release)
{
    [Fact]
    public void Holds_programs_symbols_packages_lists_notices_checksums_and_a_signature() => Assert.Equal(
        new[]
        {
            "CHANGELOG.md", "Dockerfile.arm64", "LICENSE", "SHA256SUMS", "SHA256SUMS.sig", "THIRD-PARTY-NOTICES.txt",
            "sluice-agent-VERSION-linux-arm64", "sluice-agent-VERSION-linux-arm64.dbg.zst",
            "sluice-agent-VERSION-linux-x64", "sluice-agent-VERSION-linux-x64.dbg.zst",
            "sluice-agent-VERSION.cdx.json", "sluice-agent_VERSION_amd64.deb", "sluice-agent_VERSION_arm64.deb",
            "sluice-gateway_VERSION_arm64.cdx.json", "sluice-gateway_VERSION_arm64.copyright.tar.zst",
            "sluice-gateway_VERSION_arm64.img.bmap", "sluice-gateway_VERSION_arm64.img.zst",
            "sluice-gateway_VERSION_arm64.update",
            "sluice-provision-VERSION-linux-arm64", "sluice-provision-VERSION-linux-arm64.dbg.zst",
            "sluice-provision-VERSION-linux-x64", "sluice-provision-VERSION-linux-x64.dbg.zst",
            "sluice-provision-VERSION-win-x64.exe", "sluice-provision-VERSION.cdx.json",
        },
        Files().Select(file => file.Replace(release.Version, "VERSION", StringComparison.Ordinal)));

    [Fact]
    public async Task Its_container_is_made_of_the_program_that_lies_beside_it()
    {
        var lines = await File.ReadAllLinesAsync(release.At("Dockerfile.arm64"));
        var copied = Assert.Single(lines, line => line.StartsWith("COPY ", StringComparison.Ordinal)).Split(' ')[^2];
        Assert.True(File.Exists(Path.Combine(release.Folder, copied)), copied);
        Assert.DoesNotContain(lines, line => line.Contains("out/linux-arm64", StringComparison.Ordinal));
        Assert.StartsWith($"# sluice-agent {release.Version}, for containers", lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Made_again_it_is_the_same_to_the_last_byte()
    {
        foreach (var file in Files())
        {
            var first = await File.ReadAllBytesAsync(Path.Combine(release.Folder, file));
            var second = await File.ReadAllBytesAsync(Path.Combine(release.SecondFolder, file));
            Assert.True(first.SequenceEqual(second), $"{file}: the second one is another one");
        }

        Assert.Equal(Files().Count, Directory.GetFiles(release.SecondFolder).Length);
    }

    [Fact]
    public async Task The_checksums_name_every_file_and_hold()
    {
        var said = await Commands.ShellAsync($"cd '{release.Folder}' && sha256sum --strict -c SHA256SUMS");
        Assert.Equal(
            Files().Where(file => !file.StartsWith("SHA256SUMS", StringComparison.Ordinal))
                .Select(file => $"{file}: OK"),
            said.MustHaveWorked().Split('\n'));
    }

    /// <summary>By the very line that the documents give to whoever receives a release.</summary>
    [Fact]
    public async Task The_signature_is_the_keys_and_no_longer_where_a_byte_is_another()
    {
        var guide = await File.ReadAllTextAsync(Path.Combine(FieldDirectory.Repository(), "docs/guides/installer.md"));
        var line = VerifyingLine().Match(guide).Value;
        Assert.NotEqual("", line);
        using var directory = new FieldDirectory();
        foreach (var file in new[] { "SHA256SUMS", "SHA256SUMS.sig" })
        {
            File.Copy(release.At(file), directory.At(file));
        }

        File.Copy(release.PublicKey, directory.At("sluice-release.pub"));
        Assert.Contains("Verified Successfully", (await VerifyAsync()).MustHaveWorked());
        var sums = await File.ReadAllBytesAsync(directory.At("SHA256SUMS"));
        sums[0] ^= 1;
        await File.WriteAllBytesAsync(directory.At("SHA256SUMS"), sums);
        Assert.NotEqual(0, (await VerifyAsync()).Code);

        Task<Said> VerifyAsync() => Commands.ShellAsync($"cd '{directory.Root}' && {line}");
    }

    [Theory]
    [InlineData("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", "not an Ed25519 key")]
    [InlineData("-algorithm RSA -pkeyopt rsa_keygen_bits:2048", "not an Ed25519 key")]
    public async Task A_key_whose_signatures_differ_each_time_is_refused_before_anything_is_made(
        string kind, string why)
    {
        using var directory = new FieldDirectory();
        var key = directory.At("key");
        (await Commands.ShellAsync($"openssl genpkey {kind} -out '{key}'")).MustHaveWorked();
        var said = await Commands.ShellAsync($"packaging/make-dist.sh '{directory.At("dist")}' '{key}'");
        Assert.Equal(65, said.Code);
        Assert.Contains(why, said.Text, StringComparison.Ordinal);
        Assert.False(Directory.Exists(directory.At("dist")));
    }

    [Theory]
    [InlineData("sluice-agent-VERSION-linux-arm64", 183)]
    [InlineData("sluice-agent-VERSION-linux-x64", 62)]
    [InlineData("sluice-provision-VERSION-linux-arm64", 183)]
    [InlineData("sluice-provision-VERSION-linux-x64", 62)]
    public async Task A_program_asks_for_no_newer_glibc_than_Debian_12_has_and_for_nothing_beside_it(
        string program, int machine)
    {
        var file = ElfFile.Read(await File.ReadAllBytesAsync(release.At(program)));
        Assert.Equal(machine, file.Machine);
        Assert.Empty(BinaryRules.Broken(file));
        Assert.InRange(file.GlibcFloor!, new Version(2, 17), new Version(2, 36));

        // readelf says the same, and nobody of us wrote that.
        var judge = (await Commands.RunAsync("readelf", ["-dVW", release.At(program)])).MustHaveWorked();
        Assert.Equal(
            NeededLibrary().Matches(judge).Select(match => match.Groups[1].Value).Order(),
            file.Libraries.Order());
        Assert.Equal(
            NeededVersion().Matches(judge).Select(match => match.Groups[1].Value).Distinct().Order(),
            file.Versions.Select(version => version.Name).Distinct().Order());
    }

    [Fact]
    public async Task No_folder_of_the_machine_that_built_it_is_in_a_program()
    {
        var folders = new[]
        {
            FieldDirectory.Repository(), Path.Combine(Environment.GetEnvironmentVariable("HOME")!, ".nuget"),
        };
        foreach (var program in Files().Where(file => file.Contains("-linux-") || file.EndsWith(".exe")))
        {
            var content = await File.ReadAllBytesAsync(Path.Combine(release.Folder, program));
            Assert.All(folders, folder =>
            {
                Assert.True(content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(folder)) < 0, $"{program}: {folder}");
                Assert.True(content.AsSpan().IndexOf(Encoding.Unicode.GetBytes(folder)) < 0, $"{program}: {folder}");
            });
        }
    }

    [Fact]
    public async Task The_component_list_is_what_the_program_says_of_itself_and_bears_its_postures_hash()
    {
        var lines = (await Commands.RunAsync(
            release.At("sluice-agent-VERSION-linux-x64"), ["version", "--components"])).MustHaveWorked();
        var hash = (await Commands.ShellAsync(
            $"'{release.At("sluice-agent-VERSION-linux-x64")}' version --components | sha256sum")).MustHaveWorked();
        using var bill = JsonDocument.Parse(await File.ReadAllTextAsync(release.At("sluice-agent-VERSION.cdx.json")));
        var root = bill.RootElement;
        var metadata = root.GetProperty("metadata");
        Assert.Equal(("CycloneDX", "1.5"),
            (root.GetProperty("bomFormat").GetString(), root.GetProperty("specVersion").GetString()));
        Assert.Equal(
            lines.Split('\n'),
            root.GetProperty("components").EnumerateArray().Append(metadata.GetProperty("component"))
                .Select(each => $"{each.GetProperty("name").GetString()} {each.GetProperty("version").GetString()}")
                .Order(StringComparer.Ordinal));
        Assert.Equal(
            hash.Split(' ')[0],
            metadata.GetProperty("properties").EnumerateArray()
                .Single(each => each.GetProperty("name").GetString() == "sluice:componentsHash")
                .GetProperty("value").GetString());
    }

    [Fact]
    public async Task Every_component_is_in_the_notices_with_its_terms()
    {
        var notices = await File.ReadAllTextAsync(release.At("THIRD-PARTY-NOTICES.txt"));
        foreach (var program in new[] { "sluice-agent", "sluice-provision" })
        {
            using var bill = JsonDocument.Parse(await File.ReadAllTextAsync(release.At($"{program}-VERSION.cdx.json")));
            Assert.All(bill.RootElement.GetProperty("components").EnumerateArray(), part => Assert.Contains(
                $"\n{part.GetProperty("name").GetString()} {part.GetProperty("version").GetString()}, MIT\n", notices));
        }

        Assert.Contains("Copyright (c) 2014-2022 Mauricio David", notices, StringComparison.Ordinal);
        Assert.Contains("Permission is hereby granted, free of charge", notices, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_of_it_has_one_version()
    {
        Assert.StartsWith($"sluice-agent {release.Version} ", (await Commands.RunAsync(
            release.At("sluice-agent-VERSION-linux-x64"), ["version"])).MustHaveWorked());
        Assert.Equal(release.Version, (await Commands.RunAsync(
            release.At("sluice-provision-VERSION-linux-x64"), ["--version"])).MustHaveWorked());
        foreach (var architecture in new[] { "arm64", "amd64" })
        {
            Assert.Equal($"{release.Version}\n{architecture}", (await Commands.ShellAsync(
                $"dpkg-deb -W --showformat '${{Version}}\\n${{Architecture}}' '{At(architecture)}'")).MustHaveWorked());
        }

        string At(string architecture) => release.At(MadeRelease.Package(architecture));
    }

    [Fact]
    public async Task The_tool_for_Windows_is_one_for_x64()
    {
        var content = await File.ReadAllBytesAsync(release.At("sluice-provision-VERSION-win-x64.exe"));
        Assert.Equal("MZ"u8, content.AsSpan(0, 2));
        var header = BitConverter.ToInt32(content, 60);
        Assert.Equal("PE\0\0"u8, content.AsSpan(header, 4));
        Assert.Equal(0x8664, BitConverter.ToUInt16(content, header + 4));
    }

    private List<string> Files() =>
        [.. Directory.GetFiles(release.Folder).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    [GeneratedRegex(@"^openssl pkeyutl -verify .*SHA256SUMS.*$", RegexOptions.Multiline)]
    private static partial Regex VerifyingLine();

    [GeneratedRegex(@"\(NEEDED\)\s+Shared library: \[(.+)\]")]
    private static partial Regex NeededLibrary();

    [GeneratedRegex(@"Name: (GLIBC_[\w.]+)\s+Flags: \w+\s+Version: \d+")]
    private static partial Regex NeededVersion();
}
