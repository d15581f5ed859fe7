using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Jail;
using Sluice.Fast.Configuration;
using Xunit;

namespace Sluice.Fast.Egress.Jail;

public sealed class JailPlanTests
{
    private static readonly JailedPaths Paths =
        new("/etc/sluice/gateway.json", "/var/lib/sluice", "/run/sluice/status.sock");

    [Fact]
    public void Ports_are_those_of_the_broker_and_the_devices_and_no_time_server()
    {
        var plan = Plan("""
            { "gateway": { "site": "plant1", "id": "gw-042" },
              "broker": { "host": "b", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28", "port": 8884 },
              "time": { "servers": ["192.0.2.9"] },
              "sources": {
                "a": { "kind": "modbus-tcp", "address": "10.1.1.1", "signals": "hmi1.csv" },
                "b": { "kind": "modbus-rtu-over-tcp", "address": "10.1.1.2", "port": 4001,
                       "signals": "hmi2.csv" } } }
            """);

        Assert.Equal([502, 4001, 8884], plan.Ports);
    }

    [Fact]
    public void Its_own_folders_are_its_own_and_the_rest_is_read_at_most()
    {
        var plan = Plan(MemoryFolder.Gateway);

        Assert.Equal(
            ["/run/sluice", "/var/lib/sluice", "/var/lib/sluice/buffer", "/var/lib/sluice/identity"],
            Used(plan, FolderUse.Owns));
        Assert.Contains("/etc/sluice", Used(plan, FolderUse.Reads));
        Assert.Contains("/opt/sluice", Used(plan, FolderUse.Loads));
        Assert.DoesNotContain(plan.Folders, folder => folder.Path is "/" or "/etc" or "/var" or "/home" or "/root");
    }

    [Fact]
    public void The_devices_are_there_only_for_who_has_some()
    {
        Assert.Equal(["/dev/null"], Used(Plan(MemoryFolder.Gateway), FolderUse.Devices));

        var serial = Plan("""
            { "gateway": { "site": "plant1", "id": "gw-042" },
              "broker": { "host": "b", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
              "sources": { "a": { "kind": "modbus-rtu", "port": "/dev/ttyUSB0", "baud": 9600,
                                  "signals": "hmi1.csv" } } }
            """);

        var chosen = Plan(MemoryFolder.Gateway.Replace(
            "\"broker\"", "\"identity\": { \"key\": \"tpm\" }, \"broker\"", StringComparison.Ordinal));
        Assert.Equal(["/dev/null", "/dev/tpmrm0"], Used(chosen, FolderUse.Devices));
        Assert.Equal(["/dev/null", "/dev/tpmrm0"], Used(
            Plan(MemoryFolder.Gateway, Paths with { HasKeysInTpm = true }), FolderUse.Devices));
        Assert.Equal(["/dev", "/dev/null"], Used(
            Plan(MemoryFolder.Gateway, Paths with { HasKeysInTpm = true, IsTpmThere = false }), FolderUse.Devices));

        // The folder: a port that is plugged in again may come back as ttyUSB1.
        Assert.Equal(["/dev", "/dev/null"], Used(serial, FolderUse.Devices));
        Assert.Equal([8883], serial.Ports);
    }

    [Theory]
    [InlineData(1, false, false)]
    [InlineData(2, true, false)]
    [InlineData(3, true, false)]
    [InlineData(4, true, true)]
    [InlineData(7, true, true)]
    public void A_kernel_is_asked_for_what_it_knows(int version, bool isUsable, bool hasPorts)
    {
        var rights = new LandlockRights(version);

        Assert.Equal(isUsable, rights.IsUsable);
        Assert.Equal(hasPorts, rights.HasPorts);
        Assert.Equal(hasPorts ? 3UL : 0, rights.Network);
        foreach (var use in Enum.GetValues<FolderUse>())
        {
            // A rule with a right that the ruleset does not handle is refused by the kernel, whole.
            Assert.Equal(0UL, rights.Of(use, isFolder: true) & ~rights.Files);
            Assert.Equal(0UL, rights.Of(use, isFolder: false) & ~rights.Of(use, isFolder: true));
        }

        const ulong onlyOfFolders = LandlockRights.ReadFolder | LandlockRights.RemoveFile | LandlockRights.Refer;
        Assert.Equal(0UL, rights.Of(FolderUse.Owns, isFolder: false) & onlyOfFolders);
    }

    [Fact]
    public void Nobody_who_only_reads_can_write_and_nobody_who_writes_can_run()
    {
        var rights = new LandlockRights(7);

        const ulong changes = LandlockRights.WriteFile | LandlockRights.Truncate | LandlockRights.MakeFile
            | LandlockRights.RemoveFile | LandlockRights.MakeSocket | LandlockRights.MakeLink;
        Assert.Equal(0UL, rights.Of(FolderUse.Reads, isFolder: true) & (changes | LandlockRights.Execute));
        Assert.Equal(0UL, rights.Of(FolderUse.Loads, isFolder: true) & changes);
        Assert.Equal(0UL, rights.Of(FolderUse.Owns, isFolder: true) & LandlockRights.Execute);
        Assert.Equal(0UL, rights.Of(FolderUse.Devices, isFolder: true) & LandlockRights.MakeFile);
    }

    [Fact]
    public void What_stands_is_said_and_what_does_not()
    {
        Assert.Contains("files and TCP ports by Landlock 7", new JailStanding(7, true, "").Sentence);
        Assert.Contains("but for TCP ports", new JailStanding(2, true, "").Sentence);
        Assert.Contains("(no Landlock)", new JailStanding(0, true, "no Landlock").Sentence);
        Assert.Contains("not filtered (seccomp: no)", new JailStanding(7, false, "seccomp: no").Sentence);
        Assert.StartsWith("not locked in: no", new JailStanding(0, false, "no").Sentence);
        Assert.True(new JailStanding(4, true, "").IsWhole);
        Assert.False(new JailStanding(3, true, "").IsWhole);
        Assert.False(new JailStanding(4, false, "").IsWhole);
    }

    private static JailPlan Plan(string gateway, JailedPaths? paths = null)
    {
        var loaded = MemoryFolder.Load(gateway, MemoryFolder.List);
        Assert.True(loaded.Configuration is not null, string.Join('\n', loaded.Problems));
        return JailPlan.Of(loaded.Configuration, paths ?? Paths, ["/opt/sluice"]);
    }

    private static IEnumerable<string> Used(JailPlan plan, FolderUse use) =>
        plan.Folders.Where(folder => folder.Use == use).Select(folder => folder.Path).Order(StringComparer.Ordinal);
}
