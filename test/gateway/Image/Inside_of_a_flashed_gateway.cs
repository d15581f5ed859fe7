using System.Text;
using Sluice.Field.Parts;
using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Image;

/// <summary>
/// What only somebody inside could see: a test's own second initrd lays a command port over the root of a flashed
/// gateway. The image itself has no such thing, and not a byte of its root is changed.
/// </summary>
[Trait("suite", "all")]
public sealed class Inside_of_a_flashed_gateway : FlashedBench
{

    private Wire inside = null!;

    protected override async Task PrepareAsync()
    {
        await Gateway.PutAsync(await Plant.CardFilesAsync());
        await FlashedGateway.DoAsync(
            Path.Combine(Figures.Root, "test/gateway/Image/make-inside.sh"), Home.At("inside"));
        await Gateway.PutOnLoaderAsync(Home.At("inside"), "/sluice/a/inside");
        var entry = await Gateway.ReadFromLoaderAsync("/loader/entries/sluice-a.conf");
        await File.WriteAllTextAsync(Home.At("entry"), entry.Replace(
            "initrd /sluice/a/initrd", "initrd /sluice/a/initrd\ninitrd /sluice/a/inside", StringComparison.Ordinal));
        await Gateway.PutOnLoaderAsync(Home.At("entry"), "/loader/entries/sluice-a.conf");
        await Gateway.PowerOnAsync();
        await Gateway.SaysAsync($"{GuestAgent.Id}.report.txt", "End of this report.", StartMax);
        inside = await Gateway.InsideAsync();
    }

    protected override Task LeaveAsync()
    {
        inside?.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Nothing_listens_nothing_can_be_written_and_the_watchdog_counts()
    {
        // All families and states: a socket that listens, or takes datagrams or raw packets, is a line.
        Assert.Equal("", await RunAsync("for each in tcp tcp6; do tail -n +2 /proc/net/$each | grep ' 0A '; done"));
        Assert.Equal("", await RunAsync(
            "for each in udp udp6 udplite udplite6 raw raw6 packet; do tail -n +2 /proc/net/$each 2>/dev/null; done"));

        Assert.Equal("active", await RunAsync("cat /sys/class/watchdog/watchdog0/state"));
        Assert.Equal("60", await RunAsync("cat /sys/class/watchdog/watchdog0/timeout"));
        Assert.Equal("", await RunAsync("systemctl --failed --plain --no-legend"));
        Assert.Equal("1", await RunAsync("systemctl is-active --quiet sluice-agent && echo 1"));

        foreach (var folder in new[] { "/usr/lib/x", "/etc/x", "/x", "/etc/systemd/system/x" })
        {
            Assert.Contains("Read-only", await RunAsync($"touch {folder} 2>&1"), StringComparison.Ordinal);
        }

        var mounts = await RunAsync("cat /proc/mounts");
        Assert.All(
            mounts.Split('\n').Where(line => line.Contains(" ext4 ", StringComparison.Ordinal)
                || line.Contains(" vfat ", StringComparison.Ordinal)),
            line => Assert.All(new[] { "nosuid", "nodev", "noexec" }, word => Assert.Contains(word, line)));
        Assert.DoesNotContain("sluice-card", mounts, StringComparison.Ordinal);

        // The loader's partition is root's, and the configuration is nobody's who speaks to the network.
        Assert.Contains("denied", await AsAgentAsync("ls /efi"), StringComparison.Ordinal);
        Assert.Contains("denied", await AsAgentAsync("touch /etc/sluice/gateway.json"), StringComparison.Ordinal);
        Assert.Equal("0", await RunAsync("cat /proc/sys/kernel/sysrq"));
        Assert.Equal(GuestAgent.Id, await RunAsync("cat /proc/sys/kernel/hostname"));

        Task<string> AsAgentAsync(string line) => RunAsync(
            $"setpriv --reuid=sluice --regid=sluice --clear-groups --no-new-privs {line} 2>&1");
    }

    /// <summary>Process 1 stands still and feeds nothing: no program of this machine could mend that.</summary>
    [Fact]
    public async Task A_system_that_stands_still_is_started_anew_by_the_watchdog()
    {
        await inside.WriteLineAsync(
            "echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze", TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.False(Gateway.IsOff, "something else than the watchdog ended it");
        await Gateway.StartsAnewAsync(StartMax);
        await Gateway.CutPowerAsync();

        await Gateway.PowerOnAsync();
        await Eventually.HoldsAsync(
            async () => (await Gateway.WatchLightAsync(TimeSpan.FromSeconds(4))).Turns > 0, StartMax,
            () => "the light does not blink after the new start");
    }

    private async Task<string> RunAsync(string line)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await inside.WriteLineAsync(line, limit.Token);
        var said = new StringBuilder();
        while (await inside.ReadLineAsync(limit.Token) is { } each)
        {
            if (each.StartsWith("@@RC ", StringComparison.Ordinal))
            {
                return said.ToString().Trim();
            }

            said.Append(each).Append('\n');
        }

        throw new IOException($"The gateway hung up on: {line}");
    }
}
