using System.Globalization;
using System.Text.RegularExpressions;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Packages;

/// <summary>
/// The life of the package in a Debian of the machine's own kind: by dpkg, with what it depends on and nothing else,
/// without a network and without anybody to answer a question.
/// </summary>
[Collection(nameof(MadeRelease))]
public sealed partial class The_package(MadeRelease release)
{
    private const string Units = "sluice-agent.service sluice-firewall.service sluice-firewall-proof.timer";
    private const string Configuration = "/etc/sluice/gateway.json";
    private const string Skeleton = "/etc/sluice/gateway.json.skeleton";

    [Theory]
    [InlineData("bookworm", "arm64")]
    [InlineData("trixie", "amd64")]
    [InlineData("bookworm", "amd64", Traits = ["suite", "all"])]
    [InlineData("trixie", "arm64", Traits = ["suite", "all"])]
    public async Task Is_installed_upgraded_removed_and_purged_and_what_the_plant_wrote_stays_until_then(
        string suite, string architecture)
    {
        using var root = await DebianRoot.CopyAsync(suite, architecture);
        using var directory = new FieldDirectory();
        var package = release.At(MadeRelease.Package(architecture));
        var before = await PathsAsync(root);

        (await root.InstallAsync(package)).MustHaveWorked();
        await IsInstalledAndStoppedAsync(root);

        // The plant's own work: a configuration, a signal list, an identity, a buffer, an edited skeleton, and a person
        // who enabled the service.
        var written = new Dictionary<string, string>
        {
            [Configuration] = "{ \"gateway\": 1 }\n", ["/etc/sluice/hmi1.csv"] = "signal,address\n",
            ["/var/lib/sluice/identity/current"] = "1\n", ["/var/lib/sluice/buffer/journal"] = "readings\n",
            [Skeleton] = "// ours\n",
        };
        foreach (var (file, text) in written)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(root.At(file))!);
            await File.WriteAllTextAsync(root.At(file), text);
        }

        await root.DoAsync("systemctl enable sluice-agent");
        Assert.Equal("enabled enabled", await EnabledAsync(root));

        // A version with another skeleton: what a person edited stays, and the new one lies beside it.
        var next = await NextVersionAsync(package, directory);
        (await root.InstallAsync(next, "--force-confold")).MustHaveWorked();
        Assert.EndsWith("+next", await root.DoAsync("dpkg-query -W -f '${Version}' sluice-agent"));
        Assert.Equal("enabled enabled", await EnabledAsync(root));
        await HoldsAsync(root, written);
        Assert.Contains("// the next one", await File.ReadAllTextAsync(root.At(Skeleton + ".dpkg-dist")));

        await root.DoAsync("dpkg --remove sluice-agent");
        await HoldsAsync(root, written);
        Assert.False(File.Exists(root.At("/usr/bin/sluice-agent")));

        await root.DoAsync("dpkg --purge sluice-agent");
        var left = (await PathsAsync(root)).Except(before).Where(path => !IsDpkgsOrTheUsers(path)).ToList();
        Assert.True(left.Count == 0, string.Join('\n', left));
        Assert.Contains("sluice:", await File.ReadAllTextAsync(root.At("/etc/passwd")), StringComparison.Ordinal);
    }

    /// <summary>As systemd of that Debian reads them, without starting anything.</summary>
    [Fact]
    public async Task Installs_units_that_systemd_takes_without_a_word_and_finds_hardened()
    {
        using var root = await DebianRoot.CopyAsync("trixie", "amd64");
        (await root.InstallAsync(release.At(MadeRelease.Package("amd64")))).MustHaveWorked();
        Assert.Equal("", await root.DoAsync(
            $"systemd-analyze verify --man=no {Units} sluice-firewall-proof.service sluice-stick@sda1.service 2>&1"));
        var exposure = await root.DoAsync("systemd-analyze security --offline=true --no-pager sluice-agent.service");
        var level = Exposure().Match(exposure).Groups[1].Value;

        // 0.1 less once the configuration's addresses are in a drop-in of the unit (sluice-addresses).
        Assert.InRange(double.Parse(level, CultureInfo.InvariantCulture), 0, 1.4);
    }

    [Fact]
    public async Task Brings_a_completion_that_bash_takes_and_that_knows_verbs_and_options()
    {
        using var root = await DebianRoot.CopyAsync("trixie", "amd64");
        (await root.InstallAsync(release.At(MadeRelease.Package("amd64")))).MustHaveWorked();
        Assert.Contains("firewall", await CompletedAsync("sluice-agent fi"));
        Assert.Equal(["modbus"], await CompletedAsync("sluice-agent discover mo"));
        Assert.Contains("--files-only", await CompletedAsync("sluice-agent check --fi"));
        Assert.Equal(["/etc/sluice/gateway.json.skeleton"],
            await CompletedAsync("sluice-agent check --config /etc/sluice/ga"));

        async Task<string[]> CompletedAsync(string line) => (await root.DoAsync($$"""
            bash -c 'source /usr/share/bash-completion/completions/sluice-agent
            COMP_LINE="{{line}}"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=($COMP_LINE)
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _sluice_agent; printf "%s\n" "${COMPREPLY[@]}"'
            """)).Split('\n');
    }

    [Fact]
    public async Task Is_refused_by_dpkg_on_a_machine_that_lacks_what_it_needs()
    {
        using var root = await DebianRoot.CopyAsync("trixie", "amd64");
        await root.DoAsync("dpkg --purge --force-depends nftables");
        var said = await root.InstallAsync(release.At(MadeRelease.Package("amd64")));
        Assert.NotEqual(0, said.Code);
        Assert.Contains("Package nftables is not installed", said.Text, StringComparison.Ordinal);
    }

    private async Task IsInstalledAndStoppedAsync(DebianRoot root)
    {
        Assert.StartsWith($"sluice-agent {release.Version} ", await root.DoAsync("sluice-agent version"));
        Assert.Matches("^sluice:[^:]*:[0-9]+:[0-9]+:[^:]*:/var/lib/sluice:/usr/sbin/nologin$",
            await root.DoAsync("getent passwd sluice"));
        Assert.Equal("750 root sluice /etc/sluice\n700 sluice sluice /var/lib/sluice",
            await root.DoAsync("stat -c '%a %U %G %n' /etc/sluice /var/lib/sluice"));
        Assert.Equal("disabled disabled", await EnabledAsync(root));
        Assert.Equal("", await root.DoAsync("find /etc/systemd -name '*sluice*'"));
        Assert.False(File.Exists(root.At(Configuration)));
        var conffiles = (await root.DoAsync("dpkg-query -W -f '${Conffiles}' sluice-agent")).Trim();
        Assert.Equal(Skeleton, conffiles.Split(' ')[0]);
        Assert.Single(conffiles.Split('\n'));

        // What is to be filled in is refused by name, all of it at once.
        var said = await root.RunAsync($"sluice-agent check --config {Skeleton}");
        Assert.Equal(78, said.Code);
        var lines = await File.ReadAllLinesAsync(root.At(Skeleton));
        var open = lines.Select((text, index) => (text, number: index + 1))
            .Where(line => !line.text.StartsWith("//", StringComparison.Ordinal) && line.text.Contains('<')).ToList();
        Assert.Equal(7, open.Count);
        Assert.All(open, line => Assert.Contains($"{Skeleton}:{line.number}:", said.Text, StringComparison.Ordinal));
    }

    private static async Task<string> EnabledAsync(DebianRoot root) => string.Join(' ', (await root.RunAsync(
        "systemctl is-enabled sluice-agent.service sluice-firewall.service")).Text.Split('\n'));

    private static async Task HoldsAsync(DebianRoot root, Dictionary<string, string> written)
    {
        foreach (var (file, text) in written)
        {
            Assert.Equal(text, await File.ReadAllTextAsync(root.At(file)));
        }
    }

    /// <summary>The same package as a later version, whose skeleton says something else.</summary>
    private async Task<string> NextVersionAsync(string package, FieldDirectory directory)
    {
        var (tree, next) = (directory.At("tree"), directory.At("next.deb"));
        (await Commands.RunAsync("dpkg-deb", ["-R", package, tree])).MustHaveWorked();
        await File.AppendAllTextAsync(tree + Skeleton, "// the next one\n");
        var control = Path.Combine(tree, "DEBIAN", "control");
        await File.WriteAllTextAsync(control, (await File.ReadAllTextAsync(control))
            .Replace($"Version: {release.Version}", $"Version: {release.Version}+next", StringComparison.Ordinal));
        (await Commands.RunAsync("dpkg-deb", ["--root-owner-group", "-Znone", "--build", tree, next])).MustHaveWorked();
        return next;
    }

    private static async Task<HashSet<string>> PathsAsync(DebianRoot root) =>
        [.. (await root.DoAsync("find / -xdev -path /proc -prune -o -print")).Split('\n')];

    /// <summary>What dpkg keeps for itself and writes down, and the backups of whoever adds a user.</summary>
    private static bool IsDpkgsOrTheUsers(string path) =>
        path.StartsWith("/var/lib/dpkg/", StringComparison.Ordinal) || path is "/tmp/package.deb" or "/var/log/dpkg.log"
        || path is "/etc/passwd-" or "/etc/group-" or "/etc/shadow-" or "/etc/gshadow-" or "/etc/.pwd.lock";

    [GeneratedRegex(@"Overall exposure level for \S+: ([0-9.]+)")]
    private static partial Regex Exposure();
}
