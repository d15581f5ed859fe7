using Sluice.Fast.Repository;
using Xunit;

namespace Sluice.Fast.Packaging;

/// <summary>
/// The one privileged part of Sluice, as text: what must stand in it. That it works shows the virtual gateway, which
/// mounts a stick with it.
/// </summary>
public sealed class StickUnitTests
{
    [Theory]
    [InlineData("nodev")]
    [InlineData("nosuid")]
    [InlineData("noexec")]
    [InlineData("fmask=0177")]
    [InlineData("dmask=0077")]
    public void The_stick_is_mounted_so_that_nothing_on_it_runs_and_nobody_else_reads_it(string option)
    {
        var mount = Assert.Single(Lines("sluice-stick"), line => line.StartsWith("mount ", StringComparison.Ordinal));
        Assert.StartsWith("mount -t vfat -o ", mount);
        Assert.Contains(option, mount.Split('"')[1].Split(','));
    }

    [Fact]
    public void Only_the_agent_s_user_touches_what_is_on_the_stick()
    {
        var script = Lines("sluice-stick");
        const string becoming = "/usr/bin/setpriv --reuid=\"$user\" --regid=\"$user\" --init-groups --no-new-privs";
        Assert.Contains($"as_user() {{ {becoming} -- \"$@\"; }}", script);
        var touching = script.SkipWhile(line => line != "mounted=yes").Where(line => line.Contains("$mount")).ToList();
        Assert.Equal(6, touching.Count);
        Assert.All(touching, line => Assert.Contains("as_user ", line));
        Assert.Contains("set -eu", script);
        Assert.Contains("trap end EXIT", script);
    }

    [Theory]
    [InlineData("NoNewPrivileges=yes")]
    [InlineData("PrivateMounts=yes")]
    [InlineData("ProtectSystem=strict")]
    [InlineData("CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SETUID CAP_SETGID")]
    [InlineData("DevicePolicy=closed")]
    [InlineData("SystemCallFilter=@system-service @mount")]
    [InlineData("TimeoutStartSec=10min")]
    public void The_unit_may_mount_and_little_else(string line) =>
        Assert.Contains(line, Lines("sluice-stick@.service"));

    [Fact]
    public void A_pulled_stick_does_not_end_what_its_jobs_have_begun() => Assert.DoesNotContain(
        Lines("sluice-stick@.service"), line => line.StartsWith("BindsTo=", StringComparison.Ordinal));

    [Fact]
    public void The_rule_takes_FAT_over_USB_that_is_not_the_image_s_own_and_nothing_else() => Assert.Equal(
        [
            "ACTION!=\"add\", GOTO=\"sluice_stick_end\"",
            "SUBSYSTEM!=\"block\", GOTO=\"sluice_stick_end\"",
            "ENV{ID_BUS}!=\"usb\", GOTO=\"sluice_stick_end\"",
            "ENV{ID_FS_TYPE}!=\"vfat\", GOTO=\"sluice_stick_end\"",
            "ENV{SLUICE_PARTITION}==\"?*\", GOTO=\"sluice_stick_end\"",
            "ENV{ID_FS_LABEL}==\"sluice-*|SLUICE-*\", GOTO=\"sluice_stick_end\"",
            "TAG+=\"systemd\", ENV{SYSTEMD_WANTS}+=\"sluice-stick@%k.service\"",
            "LABEL=\"sluice_stick_end\"",
        ], Lines("60-sluice-stick.rules"));

    /// <summary>What counts in a file: neither comments nor empty lines.</summary>
    private static string[] Lines(string name) =>
        [.. RepositoryTree.Here.Files.Single(file => file.Path == $"packaging/stick/{name}").Lines
            .Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];
}
