using System.Globalization;
using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Systemd;

/// <summary>
/// The hardened unit, the agent's jail and the host's rules together: all that the agent is for works inside, and
/// nothing else does.
/// </summary>
public abstract class Agent_under_systemd(SystemGateway gateway)
{
    [Fact]
    public async Task A_panel_a_serial_line_and_a_chip_reach_the_MES()
    {
        await gateway.ReadsOnAsync("panel/count");
        await gateway.ReadsOnAsync("saw/count");
        await gateway.Machine.SetBoardLineAsync(1, true);
        await gateway.UntilAsync(() => gateway.Outside.Latest("board/lamp") == "true Good");
        await gateway.Outside.HasEverythingAsync(gateway);
        Assert.Equal("active running", $"{await gateway.PropertyAsync("ActiveState")} "
            + await gateway.PropertyAsync("SubState"));
    }

    /// <summary>How this gateway came to its certificate: udev, the unit, the mount and the agent's verbs.</summary>
    [Fact]
    public void The_stick_did_its_part_by_itself() =>
        Assert.Contains("The root was confirmed by the site token of the bench.", gateway.Report);

    /// <summary>A gateway is no router, takes no other host's word for a way, and keeps no image of its memory.
    /// </summary>
    [Fact]
    public async Task The_kernel_has_the_settings_of_the_package()
    {
        var file = Path.Combine(FieldDirectory.Repository(), "packaging", "systemd", "sluice.sysctl");
        var wanted = (await File.ReadAllLinesAsync(file)).Where(line => line.Length > 0 && line[0] != '#').ToList();
        Assert.InRange(wanted.Count, 5, 50);
        foreach (var each in wanted)
        {
            var (key, value) = (each.Split('=')[0].Trim().TrimStart('-'), each.Split('=')[1].Trim());
            Assert.Equal($"{key}={value}", $"{key}="
                + (await gateway.Machine.RunAsync($"cat /proc/sys/{key.Replace('.', '/')}")).Trim());
        }
    }

    /// <summary>As the agent's user it asks the agent; root may also ask systemd, where there is no bus, and list the
    /// host's rules.</summary>
    [Fact]
    public async Task The_doctor_finds_nothing_bad_here()
    {
        string[] wanted =
        [
            "configuration-runs", "agent-answers", "identity-there", "key-mode", "card-broker", "route-broker",
            "broker-reached", "broker-accepts", "broker-lets-publish", "source-reached", "unit-answers",
            "serial-port", "gpio-lines", "buffer-writable", "disk-health", "host-rules",
        ];
        await gateway.ReadsOnAsync("panel/count");
        AllOk(await gateway.AsServiceAsync("sluice-agent doctor --json"), [.. wanted, "asked-as"]);
        AllOk(await gateway.Machine.RunAsync("sluice-agent doctor --json"), [.. wanted, "unit-active", "watchdog"]);

        static void AllOk(string said, string[] checks)
        {
            using var report = JsonDocument.Parse(said);
            var findings = report.RootElement.GetProperty("findings").EnumerateArray().ToList();
            Assert.True(report.RootElement.GetProperty("bad").GetInt32() == 0, said);
            Assert.All(checks, check => Assert.True(
                findings.Where(finding => finding.GetProperty("check").GetString() == check)
                    .All(finding => finding.GetProperty("verdict").GetString() == "ok"), $"{check}: {said}"));
        }
    }

    [Fact]
    public async Task A_certificate_is_renewed_inside_the_unit()
    {
        var before = (await gateway.VerbAsync("status")).GetProperty("renewal").GetProperty("serial").GetString();
        await gateway.BeginAuthorityAsync();
        var said = await gateway.AsServiceAsync("sluice-agent identity renew --wait 100");
        Assert.Contains("retired", said, StringComparison.Ordinal);
        Assert.NotEqual(
            before, (await gateway.VerbAsync("status")).GetProperty("renewal").GetProperty("serial").GetString());
        await gateway.ReadsOnAsync("panel/count");
        await gateway.Outside.HasEverythingAsync(gateway);
    }

    [Theory]
    [InlineData("sluice-agent")]
    [InlineData("sluice-firewall")]
    [InlineData("sluice-firewall-proof")]
    public async Task Systemd_itself_finds_little_to_blame(string unit)
    {
        var exposure = (await gateway.Machine.RunAsync(
            $"systemd-analyze security {unit} --no-pager | grep 'Overall exposure'")).Trim();
        Figures.Say(exposure);
        var level = double.Parse(
            exposure.Split(':')[1].Trim().Split(' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture);
        Assert.InRange(level, 0, 1.3);
    }

    [Fact]
    public async Task Nobody_listens() =>
        Assert.Equal("", (await gateway.Machine.RunAsync("ss -H -tulnw")).Trim());

    [Fact]
    public async Task The_status_is_for_the_agents_group_and_for_nobody_else()
    {
        const string ask = "sluice-agent status 2>&1; true";
        static string As(string groups) => $"setpriv --reuid=nobody --regid=nogroup {groups} {ask}";
        Assert.Contains(GuestAgent.Id, await gateway.Machine.RunAsync(As("--groups=sluice")), StringComparison.Ordinal);
        Assert.DoesNotContain(
            GuestAgent.Id, await gateway.Machine.RunAsync(As("--clear-groups")), StringComparison.Ordinal);
    }

    /// <summary>Not in the jail, not in the unit: the rules of the host are alone with it.</summary>
    [Fact]
    public async Task The_hosts_rules_alone_stop_the_agents_user_and_everybody_else()
    {
        // Both ports are open: the panel's too, by the card to the DMZ, which is no way to a machine.
        var broker = Open(gateway.Outside.Broker.Port);
        var elsewhere = Open(gateway.PanelPort);
        Assert.Contains("open", await gateway.AsServiceAsync(broker), StringComparison.Ordinal);
        Assert.DoesNotContain("open", await gateway.AsServiceAsync(elsewhere), StringComparison.Ordinal);
        Assert.DoesNotContain("open", await gateway.Machine.RunAsync(broker), StringComparison.Ordinal);
        Assert.DoesNotContain("open", await gateway.Machine.RunAsync(elsewhere), StringComparison.Ordinal);
        await gateway.Machine.RunAsync("nft flush ruleset");
        try
        {
            Assert.Contains("open", await gateway.AsServiceAsync(elsewhere), StringComparison.Ordinal);
        }
        finally
        {
            await gateway.Machine.RunAsync("systemctl reload sluice-firewall");
        }

        Assert.DoesNotContain("open", await gateway.AsServiceAsync(elsewhere), StringComparison.Ordinal);

        static string Open(int port) =>
            $"timeout 20 bash -c 'exec 3<>/dev/tcp/{MesOutside.AddressForGuest}/{port} && echo open' 2>&1; true";
    }

    /// <summary>No route leads out of this gateway: its cards are tried.</summary>
    [Fact]
    public async Task The_unit_beside_the_agent_tries_the_hosts_rules_and_fails_where_somebody_flushed_them()
    {
        const string prove = "systemctl start sluice-firewall-proof 2>&1; true";
        Assert.Equal("active\n", await gateway.Machine.RunAsync("systemctl is-active sluice-firewall-proof.timer"));
        await gateway.Machine.RunAsync(prove);
        Assert.Equal(["held", "held", "held"], await OfRulesAsync());
        await gateway.Machine.RunAsync("nft flush ruleset");
        try
        {
            await gateway.Machine.RunAsync(prove);
            Assert.Equal(["open", "open", "open"], await OfRulesAsync());
            Assert.Contains(
                "sluice-firewall-proof", await gateway.Machine.RunAsync("systemctl --failed --plain --no-legend"),
                StringComparison.Ordinal);
            Assert.Contains(
                "The host's rules do not hold", await gateway.AsServiceAsync("sluice-agent status"),
                StringComparison.Ordinal);
        }
        finally
        {
            await gateway.Machine.RunAsync("systemctl reload sluice-firewall");
        }

        await gateway.Machine.RunAsync(prove);
        Assert.Equal(["held", "held", "held"], await OfRulesAsync());
        Assert.Equal("", await gateway.Machine.RunAsync("systemctl --failed --plain --no-legend"));

        async Task<string[]> OfRulesAsync() =>
        [
            .. (await gateway.VerbAsync("status")).GetProperty("jail").GetProperty("hostRules").GetProperty("attempts")
                .EnumerateArray().Select(attempt => attempt.GetProperty("verdict").GetString()!),
        ];
    }

    /// <summary>systemd's own fence, alone: no jail, no rules of the host, only the unit.</summary>
    [Fact]
    public async Task The_unit_reaches_the_addresses_of_the_configuration_and_no_other()
    {
        const string members = "/sys/fs/cgroup/system.slice/sluice-agent.service/cgroup.procs";
        static string Send(string address) => $"echo x >/dev/udp/{address}/9";
        await gateway.Machine.RunAsync("nft flush ruleset");
        try
        {
            foreach (var (address, isAllowed) in new[] { (MesOutside.AddressForGuest, true), ("10.0.2.9", false) })
            {
                await gateway.Machine.RunAsync($"bash -c '{Send(address)}'");
                var inside = await gateway.Machine.RunAsync(
                    $"bash -c 'echo $$ >{members}; {Send(address)} && echo sent' 2>&1; true");
                Assert.Equal(isAllowed, inside == "sent\n");
                Assert.Equal(!isAllowed, inside.Contains("not permitted", StringComparison.Ordinal));
            }
        }
        finally
        {
            await gateway.Machine.RunAsync("systemctl reload sluice-firewall");
        }
    }

    /// <summary>The jail and the unit fence by folder and by kind of device; a number is neither.</summary>
    [Fact]
    public async Task A_serial_adapter_that_comes_back_under_another_number_is_read_again()
    {
        await gateway.ReadsOnAsync("saw/count");

        // Somebody holds the old node, so that the kernel has to give the adapter another number.
        var holder = (await gateway.Machine.RunAsync("sleep 900 </dev/ttyUSB0 >/dev/null 2>&1 & echo $!")).Trim();
        await gateway.Machine.MonitorAsync("""{"execute":"device_del","arguments":{"id":"adapter"}}""");
        await gateway.UntilAsync(() => gateway.Outside.Latest("saw/count").Contains("Bad", StringComparison.Ordinal));
        await gateway.Machine.MonitorAsync("""
            {"execute":"device_add","arguments":
              {"driver":"usb-serial","id":"adapter","chardev":"line","bus":"usb.0","port":"1"}}
            """.ReplaceLineEndings(" "));
        await gateway.ReadsOnAsync("saw/count");
        Assert.EndsWith("/dev/ttyUSB1\n", await gateway.Machine.RunAsync("readlink -f /dev/serial/by-path/*"));
        await gateway.Machine.RunAsync($"kill {holder}");
        await gateway.Outside.HasEverythingAsync(gateway);
    }

    [Fact]
    public async Task Cables_that_are_pulled_out_cost_no_reading()
    {
        await gateway.ReadsOnAsync("panel/count");
        await LinkAsync("plant", isUp: false);
        await Eventually.HoldsAsync(
            async () => (await gateway.VerbAsync("status")).GetProperty("uplink").GetProperty("state").GetString()
                != "connected", TimeSpan.FromSeconds(120), () => "nobody noticed the cable to the broker");
        await LinkAsync("plant", isUp: true);
        await gateway.ReadsOnAsync("panel/count");

        await LinkAsync("machines", isUp: false);
        await gateway.UntilAsync(() => gateway.Outside.Latest("panel/count").Contains("Bad", StringComparison.Ordinal));
        await LinkAsync("machines", isUp: true);
        await gateway.ReadsOnAsync("panel/count");
        await gateway.Outside.HasEverythingAsync(gateway);

        Task LinkAsync(string cable, bool isUp) => gateway.Machine.MonitorAsync(
            $$$"""{"execute":"set_link","arguments":{"name":"{{{cable}}}","up":{{{(isUp ? "true" : "false")}}}}}""");
    }

    [Fact]
    public async Task A_killed_agent_is_started_again_and_a_stop_takes_no_longer_than_it_may()
    {
        await gateway.ReadsOnAsync("panel/count");
        await gateway.Machine.RunAsync("systemctl kill -s KILL sluice-agent");
        await gateway.ReadsOnAsync("panel/count");
        Assert.Equal("1", await gateway.PropertyAsync("NRestarts"));
        var took = await gateway.Machine.RunAsync(
            "read a _ </proc/uptime; systemctl stop sluice-agent; read b _ </proc/uptime; echo $a $b");
        var at = took.Split(' ').Select(each => double.Parse(each, CultureInfo.InvariantCulture)).ToArray();
        Figures.Say($"stopped by systemd in {at[1] - at[0]:F1} s");
        Assert.Equal("success", await gateway.PropertyAsync("Result"));
        Assert.InRange(at[1] - at[0], 0, 20);
        await gateway.Machine.RunAsync("systemctl start sluice-agent");
        await gateway.ReadsOnAsync("panel/count");
        await gateway.Outside.HasEverythingAsync(gateway);
    }

    /// <summary>What the jail says after it tried to get out; not what the unit beside it found of the host's rules.
    /// </summary>
    protected async Task<string> ProofAsync()
    {
        // An agent that was started a moment ago says that it could not try yet.
        var said = "";
        await Eventually.HoldsAsync(
            async () => (said = await gateway.AsServiceAsync("sluice-agent prove 2>&1; true"))
                .Contains("locked in", StringComparison.Ordinal), TimeSpan.FromSeconds(120), () => said);
        Figures.Say(said);
        return said.Split("The host's rules")[0];
    }
}

/// <summary>On Debian 13.</summary>
[Collection(nameof(VirtualGateway))]
public sealed partial class Agent_under_systemd_257(Debian13 gateway)
    : Agent_under_systemd(gateway), IClassFixture<Debian13>
{
    [Fact]
    public async Task On_this_kernel_the_jail_holds_ports_too()
    {
        var said = await ProofAsync();
        Assert.DoesNotContain("but for", said, StringComparison.Ordinal);
        Assert.Matches("connect to another port +stopped by landlock", said);
        Assert.Equal(3, said.Split("stopped by landlock").Length - 1);
        Assert.Equal(7, said.Split("stopped by seccomp").Length - 1);
    }

    /// <summary>
    /// By dpkg inside the machine, whose tree was unpacked and never installed: it knows of no other package, so it is
    /// told not to look for those that ours depends on (test/packages does).
    /// </summary>
    [Fact]
    [Trait("suite", "all")]
    public async Task The_package_goes_on_with_what_ran_on_an_upgrade_and_takes_the_rules_along_when_it_is_removed()
    {
        const string install = "dpkg --force-depends --force-unsafe-io -i /usr/lib/sluice-test/sluice-agent.deb 2>&1";
        await gateway.ReadsOnAsync("panel/count");
        var first = await gateway.PropertyAsync("MainPID");

        // For dpkg it is the first time: nothing is started, and nothing is stopped.
        await gateway.Machine.RunAsync(install);
        Assert.Equal(first, await gateway.PropertyAsync("MainPID"));

        // From now on each time is an upgrade.
        await gateway.Machine.RunAsync(install);
        Assert.Equal("active", await gateway.PropertyAsync("ActiveState"));
        Assert.NotEqual(first, await gateway.PropertyAsync("MainPID"));
        Assert.Contains("table inet sluice", await gateway.Machine.RunAsync("nft list tables"));
        await gateway.ReadsOnAsync("panel/count");
        await gateway.Machine.RunAsync("dpkg --remove sluice-agent");
        Assert.Equal("inactive", await gateway.PropertyAsync("ActiveState"));
        Assert.DoesNotContain("sluice", await gateway.Machine.RunAsync("nft list tables"));

        // What was stopped stays so, whoever stopped it; what the plant wrote is there.
        await gateway.Machine.RunAsync($"test -s /etc/sluice/gateway.json && {install}");
        Assert.Equal("inactive", await gateway.PropertyAsync("ActiveState"));
        await gateway.Machine.RunAsync("systemctl start sluice-agent");
        await gateway.ReadsOnAsync("panel/count");
        await gateway.Outside.HasEverythingAsync(gateway);
    }

    /// <summary>With a watchdog of ten seconds instead of a minute, so that a test can wait for it.</summary>
    [Fact]
    public async Task A_frozen_agent_is_ended_by_systemds_watchdog_and_started_again()
    {
        const string dropIn = "/run/systemd/system/sluice-agent.service.d";
        await gateway.Machine.RunAsync($"mkdir -p {dropIn}; printf '[Service]\\nWatchdogSec=10\\n' >{dropIn}/10s.conf; "
            + "systemctl daemon-reload; systemctl restart sluice-agent");
        await gateway.ReadsOnAsync("panel/count", 20);
        Assert.Equal("0", await gateway.PropertyAsync("NRestarts"));
        await gateway.Machine.RunAsync($"kill -STOP {await gateway.PropertyAsync("MainPID")}");
        await Eventually.HoldsAsync(
            async () => await gateway.PropertyAsync("NRestarts") == "1", TimeSpan.FromSeconds(120),
            () => "the frozen agent was never ended");
        Assert.Contains("Watchdog timeout", await gateway.SaidAsync(), StringComparison.Ordinal);
        await gateway.Machine.RunAsync($"rm -r {dropIn}; systemctl daemon-reload; systemctl restart sluice-agent");
        await gateway.ReadsOnAsync("panel/count");
        await gateway.Outside.HasEverythingAsync(gateway);
    }
}

/// <summary>On Debian 12.</summary>
[Collection(nameof(VirtualGateway))]
public sealed partial class Agent_under_systemd_252(Debian12 gateway)
    : Agent_under_systemd(gateway), IClassFixture<Debian12>
{
    [Fact]
    public async Task On_this_kernel_the_jail_holds_no_ports_and_says_so()
    {
        var said = await ProofAsync();
        Assert.Contains("locked in, but for TCP ports", said, StringComparison.Ordinal);
        Assert.DoesNotContain("connect to another port", said, StringComparison.Ordinal);
        Assert.Equal(2, said.Split("stopped by landlock").Length - 1);
        Assert.Equal(7, said.Split("stopped by seccomp").Length - 1);
    }
}
