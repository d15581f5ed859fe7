using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Kernel;

/// <summary>
/// The stick that does its part by itself, mounted by Debian's own kernel through the script that the unit runs.
/// </summary>
[Collection(nameof(VirtualGateway))]
public sealed class Stick_on_a_real_kernel(VirtualGateway machine)
{
    private const string LastLine = "End of this report.";

    [Fact]
    public async Task A_FAT_stick_is_mounted_for_the_agent_s_user_alone_and_gets_its_request_and_report()
    {
        await using var stick = await GuestStick.MakeAsync(machine);
        var other = await stick.PlugInAsync();
        Assert.True(other.Code == 0, other.Said);
        Assert.Contains("holds no folder sluice: it is left alone", other.Said);

        await stick.OnLaptopAsync("mkdir sluice");
        var (code, said) = await stick.PlugInAsync();

        Assert.True(code == 0, said);
        var seen = await stick.SeenAsync();
        string[] options = ["nodev", "nosuid", "noexec", $"uid={GuestStick.User}", "fmask=0177", "dmask=0077"];
        foreach (var option in options)
        {
            Assert.Contains(option, seen);
        }

        Assert.EndsWith($"\n{GuestStick.User}\n", seen);
        Assert.DoesNotContain("sluice-stick", await stick.MountsAsync());
        Assert.Contains(LastLine, await stick.OnLaptopAsync("cat sluice/gw-1.report.txt"));
        Assert.Contains("BEGIN CERTIFICATE REQUEST", await stick.OnLaptopAsync("cat sluice/gw-1.request.pem"));
        Assert.DoesNotContain(".new", await stick.OnLaptopAsync("ls -a sluice"));
    }

    [Fact]
    public async Task A_full_or_read_only_or_wrong_stick_changes_nothing_and_says_why()
    {
        await using var stick = await GuestStick.MakeAsync(machine);
        await stick.OnLaptopAsync("mkdir sluice; echo rollbak >sluice/gw-1.jobs.txt; echo x >sluice/gw-1.bundle");
        var wrong = await stick.PlugInAsync();
        Assert.Equal(65, wrong.Code);
        Assert.Contains("'rollbak' is no job", await stick.OnLaptopAsync("cat sluice/gw-1.report.txt"));

        await stick.OnLaptopAsync("rm sluice/gw-1.jobs.txt");
        Assert.Equal(65, (await stick.PlugInAsync()).Code);
        var report = await stick.OnLaptopAsync("cat sluice/gw-1.report.txt");
        Assert.Contains("This cannot be read as a bundle", report);

        await stick.SwitchAsync(isReadOnly: true);
        var locked = await stick.PlugInAsync();
        Assert.Equal(74, locked.Code);
        Assert.Contains("the stick is read-only", locked.Said);
        await stick.SwitchAsync(isReadOnly: false);
        Assert.Equal(report, await stick.OnLaptopAsync("cat sluice/gw-1.report.txt"));

        await stick.OnLaptopAsync("dd if=/dev/zero of=fill bs=64k 2>/dev/null; true");
        var full = await stick.PlugInAsync();
        Assert.Equal(74, full.Code);
        Assert.Contains("The stick is full", full.Said);
        Assert.Equal(report, await stick.OnLaptopAsync("cat sluice/gw-1.report.txt"));
    }
}
