using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Sluice.Agent;
using Sluice.Agent.Doctor.Gathering;
using Sluice.Agent.Health;
using Sluice.Fast.Commissioning;
using Sluice.Fast.Health;
using Sluice.Plant.Gateway;
using Xunit;

namespace Sluice.Fast.Doctor;

/// <summary>What the doctor asks, and whom it leaves alone; and what it reads of the host.</summary>
public sealed class DoctorVerbTests : AtAPanel
{
    public DoctorVerbTests()
        : base("signal,address,type,unitId\na,holding:0,uint16,1\nb,holding:1,uint16,1\n")
    {
    }

    [Fact]
    public async Task Where_no_agent_runs_each_unit_is_asked_for_one_value()
    {
        var found = await ExamineAsync();
        Assert.Equal("ok", Verdict(found, "source-reached"));
        Assert.Equal("ok", Verdict(found, "panel-server"));
        Assert.Equal("ok", Verdict(found, "unit-answers"));
        Assert.Equal(1, Panel.Accepted);
        Assert.Equal(1, Panel.Responder.Requests);
        Assert.Equal("bad", Verdict(found, "identity-there"));
        Assert.Equal("none", Verdict(found, "key-mode"));
        Assert.Equal("unknown", Verdict(found, "broker-reached"));
    }

    [Fact]
    public async Task Where_the_agent_runs_it_is_asked_and_the_machine_is_left_alone()
    {
        var port = Panel.Port.ToString(CultureInfo.InvariantCulture);
        await using var agent = await StatusDoor.OpenAsync(Gateway.SocketPath, () => SoundGateway.Report with
        {
            Sources =
            [
                new SourceStatus("hmi1", "silent", "it does not answer", 0, 0, 2, "Timeout", 0, 0, 0,
                    new Dictionary<string, long>())
                {
                    Device = "127.0.0.1:" + port, Units = [new UnitStatus(1, "silent", 0, 2, "Timeout")],
                },
            ],
        });
        var found = await ExamineAsync();
        Assert.True(found.GetProperty("agentRuns").GetBoolean());
        Assert.Equal("bad", Verdict(found, "source-reached"));
        Assert.Equal("bad", Verdict(found, "unit-answers"));
        Assert.Equal("ok", Verdict(found, "broker-accepts"));
        Assert.Equal(0, Panel.Accepted);
    }

    [Fact]
    public async Task Where_nobody_knows_whether_an_agent_runs_nothing_is_asked()
    {
        using var door = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        door.Bind(new UnixDomainSocketEndPoint(Gateway.SocketPath));
        door.Listen();
        var examining = ExamineAsync();
        (await door.AcceptAsync(TestContext.Current.CancellationToken)).Dispose();
        var found = await examining;

        Assert.Equal(JsonValueKind.Null, found.GetProperty("agentRuns").ValueKind);
        Assert.Equal("unknown", Verdict(found, "source-reached"));
        Assert.Equal("unknown", Verdict(found, "broker-reached"));
        Assert.Equal(0, Panel.Accepted);
    }

    [Fact]
    public async Task A_panel_without_a_Modbus_server_is_told_from_one_that_is_off()
    {
        var text = await File.ReadAllTextAsync(Gateway.Configuration, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Gateway.Configuration, text.Replace(
            Panel.Port.ToString(CultureInfo.InvariantCulture),
            FreePort.Next().ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal), CancellationToken.None);
        var found = await ExamineAsync();
        Assert.Equal("bad", Verdict(found, "source-reached"));
        Assert.Equal("bad", Verdict(found, "panel-server"));
        Assert.Equal("unknown", Verdict(found, "unit-answers"));
    }

    [Fact]
    public async Task Without_a_configuration_it_says_so_and_asks_nobody()
    {
        File.Delete(Gateway.Configuration);
        var said = await Gateway.RunAsync(
            "doctor", "--config", Gateway.Configuration, "--socket", Gateway.SocketPath, "--troubles");
        Assert.Equal(ExitCode.Configuration, said.Code);
        Assert.Contains("BAD   configuration-there", said.Output, StringComparison.Ordinal);
        Assert.Equal(0, Panel.Accepted);
    }

    [Theory]
    [InlineData("/var/lib/sluice/buffer", "/var", "/dev/mmcblk0p3", true)]
    [InlineData("/var", "/var", "/dev/mmcblk0p3", true)]
    [InlineData("/variant/x", "/", "overlay", false)]
    [InlineData("/media/my stick/x", "/media/my stick", "/dev/sda1", false)]
    public void The_disk_of_a_folder_is_the_last_and_longest_mount_above_it(
        string folder, string point, string device, bool isReadOnly)
    {
        const string mounts = "overlay / overlay rw,relatime 0 0\n/dev/mmcblk0p2 /var ext4 rw 0 0\n"
            + "/dev/mmcblk0p3 /var ext4 ro,noatime 0 0\n/dev/sda1 /media/my\\040stick vfat rw 0 0\n";
        var found = DiskLook.Mount(mounts, folder)!;
        Assert.Equal((point, device, isReadOnly), (found.MountPoint, found.Device, found.IsReadOnly));
    }

    [Theory]
    [InlineData("mmcblk0p2", "mmcblk0")]
    [InlineData("mmcblk0", "mmcblk0")]
    [InlineData("nvme0n1p1", "nvme0n1")]
    [InlineData("sda1", "sda")]
    [InlineData("dm-name", "dm-name")]
    public void A_partition_is_one_of_its_disk(string device, string whole) =>
        Assert.Equal(whole, DiskLook.Whole(device));

    [Fact]
    public void What_a_card_says_of_its_wear_is_read()
    {
        var root = Directory.CreateTempSubdirectory("sluice-disk");
        void Write(string file, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root.FullName, file))!);
            File.WriteAllText(Path.Combine(root.FullName, file), text);
        }

        Write("proc/self/mounts", "/dev/mmcblk0p2 / ext4 rw 0 0\n");
        Write("sys/fs/ext4/mmcblk0p2/errors_count", "3\n");
        Write("sys/block/mmcblk0/device/life_time", "0x02 0x09\n");
        Write("sys/block/mmcblk0/device/pre_eol_info", "0x02\n");
        var disk = new DiskLook(root.FullName).Under("/var")!;
        root.Delete(recursive: true);
        Assert.Equal((3L, 9, 2), (disk.Errors, disk.LifeTenthsUsed, disk.SpareState));
    }

    [Fact]
    public void What_systemd_says_is_read_and_what_it_does_not_say_is_not_made_up()
    {
        var facts = Systemctl.Read("LoadState=loaded\nActiveState=failed\nUnitFileState=enabled\nNRestarts=7\n"
            + "WatchdogUSec=1min\nResult=watchdog\n")!;
        Assert.Equal(
            ("loaded", "failed", "enabled", 7L, "1min", "watchdog"),
            (facts.Load, facts.Active, facts.Enabled, facts.Restarts, facts.Watchdog, facts.Result));
        Assert.Null(Systemctl.Read("Failed to connect to bus\n"));
    }

    private async Task<JsonElement> ExamineAsync()
    {
        var said = await Gateway.RunAsync(
            "doctor", "--json", "--config", Gateway.Configuration, "--socket", Gateway.SocketPath);
        Assert.Equal(ExitCode.Unclear, said.Code);
        using var report = JsonDocument.Parse(said.Output);
        return report.RootElement.Clone();
    }

    private static string Verdict(JsonElement report, string check) => report.GetProperty("findings").EnumerateArray()
        .First(finding => finding.GetProperty("check").GetString() == check).GetProperty("verdict").GetString()!;
}
