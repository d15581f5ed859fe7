using System.Text;
using Sluice.Agent;
using Sluice.Agent.CommandLine.Updating;
using Sluice.Agent.Updating;
using Sluice.Agent.Updating.Slots;
using Xunit;

namespace Sluice.Fast.Updating;

/// <summary>The verb on a machine whose disk is files: the same code that writes partitions.</summary>
public sealed class UpdateVerbTests : IDisposable
{
    private const int RootBytes = 4 << 20;
    private readonly string root = Directory.CreateTempSubdirectory("sluice-update-").FullName;
    private readonly MadeUpdate made = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public UpdateVerbTests()
    {
        Put("usr/lib/os-release",
            "NAME=\"Sluice\"\nIMAGE_ID=sluice-gateway\nIMAGE_VERSION=0.1.0\nVARIANT_ID=generic-uefi\n");
        Put("proc/cmdline", "quiet sluice.slot=a panic=10\n");
        Put("proc/self/mountinfo", "21 1 0:2 / / rw - rootfs none rw\n30 1 254:3 / / ro - squashfs /dev/vda3 ro\n"
            + "31 30 0:22 / /proc rw - proc proc rw\n");
        foreach (var (name, device) in new[]
            { ("sluice-esp", "vda1"), ("sluice-root-a", "vda3"), ("sluice-root-b", "vda4") })
        {
            Put($"sys/devices/disk/vda/{device}/uevent", $"MAJOR=254\nDEVNAME={device}\nPARTNAME={name}\n");
            Put($"sys/devices/disk/vda/{device}/size", $"{RootBytes / 512}\n");
            Put($"dev/{device}", new string('.', RootBytes));
        }

        Directory.CreateDirectory(Path.Combine(root, "sys/dev/block"));
        Directory.CreateSymbolicLink(
            Path.Combine(root, "sys/dev/block/254:3"), Path.Combine(root, "sys/devices/disk/vda/vda3"));
        Put("efi/loader/entries/sluice-a.conf", "the one that runs");
        Put("keys/release.pub", made.PublicPem);
    }

    private string Record => Path.Combine(root, "var/lib/sluice-update/record.json");

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task An_update_is_on_the_other_partition_and_status_tells_of_it()
    {
        var file = Put("stick.update", "");
        await File.WriteAllBytesAsync(file, Architecture().Bytes());
        Assert.Equal(ExitCode.Fine, await RunAsync("apply", file));
        Assert.StartsWith("Version 0.2.0 is in slot b", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(made.System, (await File.ReadAllBytesAsync(Path.Combine(root, "dev/vda4")))[..made.System.Length]);
        Assert.Equal(RootBytes, new FileInfo(Path.Combine(root, "dev/vda4")).Length);
        Assert.Equal(made.Kernel, await File.ReadAllBytesAsync(Path.Combine(root, "efi/sluice/b/vmlinuz")));
        Assert.Equal(made.Initrd, await File.ReadAllBytesAsync(Path.Combine(root, "efi/sluice/b/initrd")));
        Assert.True(File.Exists(Path.Combine(root, "efi/loader/entries/sluice-b+1.conf")));

        output.GetStringBuilder().Clear();
        Assert.Equal(ExitCode.Fine, await RunAsync("status"));
        Assert.Contains("Version 0.1.0 runs, from slot a.", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("to 0.2.0", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("waits for the next start", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Fine, await RunAsync("confirm"));
        Assert.Contains("waits for the next start", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_the_start_that_it_did_not_survive_the_old_version_tells_so()
    {
        await An_update_is_on_the_other_partition_and_status_tells_of_it();
        var entries = Path.Combine(root, "efi/loader/entries");
        File.Move(Path.Combine(entries, "sluice-b+1.conf"), Path.Combine(entries, "sluice-b+0-1.conf"));
        Assert.Equal(ExitCode.Fine, await RunAsync("confirm"));
        Assert.Contains("Version 0.2.0 did not hold.", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"fell back\"", await File.ReadAllTextAsync(Record), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Unclear, await RunAsync("apply", Path.Combine(root, "stick.update")));
        Assert.Contains("did not hold", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Fine, await RunAsync("apply", Path.Combine(root, "stick.update"), "--again"));
    }

    [Theory]
    [InlineData("usr/lib/os-release", "NAME=Debian\n", "no gateway that was flashed")]
    [InlineData("proc/cmdline", "quiet\n", "no gateway that was flashed")]
    [InlineData("proc/self/mountinfo", "30 1 0:50 / / rw - overlay overlay rw\n", "on no partition of a disk")]
    [InlineData("sys/devices/disk/vda/vda4/uevent", "PARTNAME=other\nDEVNAME=vda4\n", "no two partitions")]
    public async Task On_another_machine_it_says_what_is_so_and_what_to_do(string path, string text, string words)
    {
        Put(path, text);
        Assert.Equal(ExitCode.Unavailable, await RunAsync("status"));
        Assert.Contains(words, error.ToString(), StringComparison.Ordinal);
        Assert.Contains("apt install", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_boot_partition_nothing_is_written()
    {
        Directory.Delete(Path.Combine(root, "efi"), recursive: true);
        Assert.Equal(ExitCode.Unavailable, await RunAsync("apply", Put("stick.update", "x")));
        Assert.Contains("not mounted", error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(Record));
    }

    [Fact]
    public async Task A_file_that_is_not_there_or_no_update_is_told_by_its_name()
    {
        Assert.Equal(ExitCode.Storage, await RunAsync("apply", Path.Combine(root, "none.update")));
        Assert.Contains("none.update", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Unclear, await RunAsync("apply", Put("notes.txt", "no update")));
        Assert.Contains("notes.txt: It is no update file", error.ToString(), StringComparison.Ordinal);
        Assert.False(File.Exists(Record));
    }

    [Fact]
    public async Task A_record_that_a_worn_card_garbled_is_none()
    {
        Put("var/lib/sluice-update/record.json", "\0\0\0");
        Assert.Equal(ExitCode.Fine, await RunAsync("confirm"));
        Assert.Equal("No update is on trial.\n", output.ToString());
    }

    [Fact]
    public void Of_two_cards_that_were_flashed_alike_only_the_one_that_runs_is_looked_at()
    {
        Put("sys/devices/disk/vdb/vdb4/uevent", "MAJOR=254\nDEVNAME=vdb4\nPARTNAME=sluice-root-b\n");
        Put("sys/devices/disk/vdb/vdb4/size", "8\n");
        var (place, problem) = LinuxUpdatePlace.Open(Path.Combine(root, "efi"), root);
        Assert.Equal("", problem);
        Assert.Equal(RootBytes, place!.RootBytes(Slot.B));
    }

    /// <summary>For the machine that the test runs on.</summary>
    private MadeUpdate Architecture() => System.Runtime.InteropServices.RuntimeInformation.OSArchitecture
        == System.Runtime.InteropServices.Architecture.Arm64 ? made : made.For("amd64");

    private async Task<int> RunAsync(params string[] arguments)
    {
        var verb = new UpdateVerb(output, error, TimeProvider.System)
        {
            Root = root,
            Settings = new UpdateSettings
            {
                Boot = Path.Combine(root, "efi"), Keys = Path.Combine(root, "keys"), Record = Record,
            },
        };
        return await verb.Command().Parse([.. arguments, .. Socket(arguments[0])]).InvokeAsync();
    }

    /// <summary>Nobody listens there.</summary>
    private string[] Socket(string verb) => verb == "status" ? [] : ["--socket", Path.Combine(root, "none.sock")];

    private string Put(string path, string text)
    {
        var file = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text, Encoding.ASCII);
        return file;
    }
}
