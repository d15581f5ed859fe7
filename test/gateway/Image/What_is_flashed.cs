using Sluice.Field.Parts;
using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Image;

/// <summary>What lies on a card that was just flashed, looked at without starting it.</summary>
public sealed class What_is_flashed : IAsyncLifetime
{
    private readonly FieldDirectory directory = new();

    private string Root => directory.At("root");

    public async ValueTask InitializeAsync()
    {
        var gateway = new FlashedGateway(directory);
        await gateway.FlashAsync();
        await FlashedGateway.DoAsync(
            "/bin/dd", $"if={gateway.Disk}", $"of={directory.At("squashfs")}", "bs=1M", "skip=193", "count=512",
            "status=none");
        await FlashedGateway.DoAsync("/usr/bin/unsquashfs", "-q", "-n", "-d", Root, directory.At("squashfs"));
    }

    public ValueTask DisposeAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task It_is_small_and_holds_no_key_no_number_of_a_machine_no_password_and_no_way_to_log_in()
    {
        var bytes = new FileInfo(FlashedGateway.Released(".zst")).Length;
        Figures.Say($"image for blank cards: {bytes / 1e6:F1} MB compressed");
        Assert.InRange(bytes, 30_000_000, 250_000_000);

        Assert.Equal("", Text("etc/machine-id"));
        Assert.Equal(
            ["gateway.json.skeleton"], Directory.GetFiles(Path.Combine(Root, "etc/sluice")).Select(Path.GetFileName));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(Root, "var")));
        Assert.Equal("", await FindAsync("-type f -exec grep -lE '^-----BEGIN [A-Z ]*PRIVATE KEY' {} +"));
        Assert.Equal("", await FindAsync("-perm /6000 -type f"));

        // A password is a hash in the second field; these mean that there is none and can be none.
        Assert.All(Lines("etc/shadow"), line => Assert.Contains(line.Split(':')[1], new[] { "*", "!*", "!" }));
        Assert.All(Lines("etc/passwd"), line => Assert.Contains(line.Split(':')[1], new[] { "*", "x" }));
        Assert.All(Lines("etc/passwd"), line => Assert.Contains(
            Path.GetFileName(line.Split(':')[6]), new[] { "nologin", "false" }));
        Assert.Equal("", await FindAsync(
            "-name '*getty*' -o -name sshd -o -name login -o -name su -o -name sudo -o -name dropbear"));
    }

    [Fact]
    public async Task Only_what_a_gateway_needs_is_started()
    {
        var wanted = await FindAsync("-path '*.wants/*' -printf '%f\\n'");
        Assert.Equal(
            [
                "efi.mount", "sluice-agent.service", "sluice-card-jobs.service", "sluice-card-wiped.path",
                "sluice-card.service",
                "sluice-console.path", "sluice-firewall.service", "sluice-update-settled.service",
                "sluice-update-trial.service", "systemd-networkd.service", "systemd-timesyncd.service",
            ],
            (await FindAsync("-path '*/etc/systemd/system/*.wants/*' -printf '%f\\n'")).Split('\n')
                .Where(name => name.Length > 0 && !name.StartsWith("systemd-network", StringComparison.Ordinal))
                .Append("systemd-networkd.service").Distinct().Order(StringComparer.Ordinal));
        Assert.DoesNotContain("logind", wanted, StringComparison.Ordinal);
        Assert.DoesNotContain("dbus", wanted, StringComparison.Ordinal);
    }

    [Fact]
    public void It_says_what_it_is_and_takes_updates_of_nobody_unless_it_was_told_whose()
    {
        var release = Lines("usr/lib/os-release");
        Assert.Contains("IMAGE_ID=sluice-gateway", release);
        Assert.Contains("VARIANT_ID=generic-uefi", release);
        Assert.Contains(release, line => line.StartsWith("IMAGE_VERSION=", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(Path.Combine(Root, "usr/lib/sluice/update-keys")));
        Assert.DoesNotContain("console=", Text("usr/lib/sluice/image/options"), StringComparison.Ordinal);
        Assert.Contains("panic=", Text("usr/lib/sluice/image/options"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_loader_asks_nobody_and_starts_the_slot_with_the_options_that_stand_in_the_root()
    {
        var gateway = new FlashedGateway(directory);
        var entry = await gateway.ReadFromLoaderAsync("/loader/entries/sluice-a.conf");
        Assert.Contains($"options sluice.slot=a {Text("usr/lib/sluice/image/options").Trim()}", entry);
        Assert.Contains("linux /sluice/a/vmlinuz", entry);
        var loader = (await gateway.ReadFromLoaderAsync("/loader/loader.conf")).Split('\n');
        Assert.Contains("timeout 0", loader);
        Assert.Contains("editor no", loader);
        Assert.DoesNotContain(loader, line => line.StartsWith("default", StringComparison.Ordinal));
    }

    /// <summary>On a card that was in use before: what need not be written is not, and what has to be is.</summary>
    [Fact]
    public async Task It_is_flashed_by_its_map_onto_a_card_that_was_in_use()
    {
        var card = directory.At("card");
        await FlashedGateway.DoAsync(
            "/bin/sh", "-c", $"head -c 1400M /dev/zero | tr '\\0' '\\377' >{card}");
        await FlashedGateway.DoAsync(
            "/usr/bin/bmaptool", "-q", "copy", "--bmap", FlashedGateway.Released(".bmap"),
            FlashedGateway.Released(".zst"), card);
        foreach (var (partition, tool) in new[] { ("@@1M", "/loader/loader.conf"), ("@@129M", "/README.txt") })
        {
            await FlashedGateway.DoAsync("/usr/bin/mtype", "-i", card + partition, "::" + tool);
        }

        var (code, said) = await ChildProcess.RunAsync("/bin/sh", "-c",
            $"dd if={card} of={directory.At("data")} bs=1M skip=1217 count=64 status=none "
            + $"&& e2fsck -fn {directory.At("data")} "
            + $"&& dd if={card} of={directory.At("esp")} bs=1M skip=1 count=128 status=none "
            + $"&& fsck.fat -n {directory.At("esp")} "
            + $"&& dd if={card} of={directory.At("sluice")} bs=1M skip=129 count=64 status=none "
            + $"&& fsck.fat -n {directory.At("sluice")} "
            + $"&& dd if={card} of={directory.At("again")} bs=1M skip=193 count=512 status=none "
            + $"&& unsquashfs -q -n -d {directory.At("other")} {directory.At("again")} "
            + $"&& diff -r --no-dereference {Root} {directory.At("other")}");
        Assert.True(code == 0, said);
    }

    private Task<string> FindAsync(string what) => OutAsync($"cd {Root} && find . \\( {what} \\)");

    private static async Task<string> OutAsync(string line) =>
        (await ChildProcess.RunAsync("/bin/sh", "-c", line)).Text.Trim();

    private string Text(string path) => File.ReadAllText(Path.Combine(Root, path));

    private string[] Lines(string path) =>
        File.ReadAllLines(Path.Combine(Root, path)).Where(line => line.Length > 0).ToArray();
}
