using System.Text;
using Sluice.Agent.Configuration;
using Sluice.Agent.Doctor;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Health;
using Sluice.Hal.Gpio.CharacterDevice;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Verbs;

namespace Sluice.Fast.Doctor;

/// <summary>The facts of a gateway with which nothing is wrong: each case changes one thing of it.</summary>
internal static class SoundGateway
{
    public static readonly DateTimeOffset Now = new(2027, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private const string Gateway = """
        {
          "gateway": { "site": "plant1", "id": "gw-042" },
          "broker": { "host": "mes-broker", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
          "time": { "servers": ["192.0.2.11"] },
          "light": { "chip": "label:board", "line": "LED1" },
          "sources": {
            "hmi1": { "kind": "modbus-tcp", "address": "10.10.1.30", "profile": "weintek", "signals": "hmi1.csv" },
            "drives": { "kind": "modbus-rtu", "port": "/dev/ttyS1", "signals": "drives.csv" },
            "line": { "kind": "gpio", "chip": "/dev/gpiochip0", "signals": "line.csv" }
          }
        }
        """;

    private static readonly Dictionary<string, string> Lists = new()
    {
        ["hmi1.csv"] = "signal,address,type\nheartbeat,LW-0,uint16\n",
        ["drives.csv"] = "signal,address,type,unitId\nspeed,holding:1,uint16,3\n",
        ["line.csv"] = "signal,address,type\ndoor,gpio:4,bool\n",
    };

    public static GatewayConfiguration Configuration { get; } = Read(Gateway);

    /// <summary>The agent runs, is connected, and everything is Good.</summary>
    public static CheckupFacts AtWork => WithoutAgent with
    {
        Running = Report, IsNobody = false, Trial = null, NoTrial = "The agent is connected.",
    };

    /// <summary>No agent runs; broker and machines were asked and answered.</summary>
    public static CheckupFacts WithoutAgent => new()
    {
        File = "/etc/sluice/gateway.json",
        Problems = [],
        Configuration = Configuration,
        GoldenSamples = 2,
        IsNobody = true,
        Silence = "No agent answers.",
        User = new UserFacts("sluice", IsAgent: true, IsRoot: false),
        Service = new ServiceFacts("loaded", "active", "enabled", 0, "1min", "success"),
        Time = Time(Now),
        Identity = Identity,
        Cards = [new("eth0", "up", true, ["10.10.1.2/24"]), new("eth1", "up", true, ["192.0.2.2/28"])],
        Routes = [new("hmi1", "10.10.1.30", "eth0"), new("broker", "192.0.2.10", "eth1")],
        BrokerCard = "eth1",
        Trial = Steps(failedAt: null),
        Sources =
        [
            new SourceFacts("hmi1", "10.10.1.30:502")
            {
                IsReached = true, IsWeintek = true, Units = [new UnitFacts(1, true, "answered")],
                Signals = (1, 1, ""),
            },
            new SourceFacts("drives", "/dev/ttyS1")
            {
                IsReached = true, Units = [new UnitFacts(3, true, "answered")], PortProblem = "", Signals = (1, 1, ""),
            },
        ],
        Chips = [new FoundChip(
            "/dev/gpiochip0", "board",
            [new FoundLine(4, "DI1", "", false, true), new FoundLine(9, "LED1", "", false, true)], "")],
        Buffer = new BufferFacts("/var/lib/sluice/buffer", "", 8L << 30, 0),
        Disk = new DiskFacts("/var", "/dev/mmcblk0p3", "ext4", false)
        {
            Errors = 0, LifeTenthsUsed = 1, SpareState = 1,
        },
        Landlock = 4,
        Firewall = new FirewallFacts([], ""),
    };

    public static IdentityFacts Identity => new([])
    {
        Version = "0003",
        NotBefore = Now.AddDays(-30),
        NotAfter = Now.AddDays(335),
        KeyMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        KeyFile = "/var/lib/sluice/identity/current/key.pem",
        RevocationLists = [("CN=plant1 issuing", Now.AddDays(20))],
    };

    public static StatusReport Report => new()
    {
        Gateway = "gw-042",
        Version = "0.1.0",
        Now = Now.UtcDateTime,
        UptimeSeconds = 3600,
        Configuration = new ConfigurationStatus(Configuration.Hash, "file", []),
        Uplink = new UplinkStatus("connected", "", Now.UtcDateTime.AddHours(-1), 1, 4711)
        {
            Address = "192.0.2.10:8883",
        },
        Buffer = new BufferStatus(
            "disk", "", 3, [new StoreStatus(new string('a', 32), false, 1, 5000, 3, 0, 8 << 20)])
        {
            SizeBytesMax = 2L << 30, Flash = new FlashStatus(1 << 20, 9, 1e9, 30_000_000_000_000, 40, 0, 0),
        },
        Sources = [],
        Clock = new ClockStatus("set", "", 0, ""),
        Identity = new IdentityStatus("in use", "0003", "17", Now.UtcDateTime.AddDays(335), []),
        Jail = new JailStatus(4, true, "locked in"),
        Attention = [],
    };

    public static ValidityTime Time(DateTimeOffset wall, bool isSet = true) =>
        ValidityTime.Of(wall, isSet, Now.AddDays(-100), null, null);

    /// <summary>The steps of a trial up to the one that failed, which is the last.</summary>
    public static IReadOnlyList<VerbStep> Steps(string? failedAt)
    {
        string[] all =
        [
            Proof.Address, Proof.Connection, Proof.BrokerTls, Proof.Mqtt, Proof.Hearing, Proof.Publishing,
        ];
        var steps = new List<VerbStep>();
        foreach (var name in all)
        {
            steps.Add(new VerbStep(name, name != failedAt, name == failedAt ? "it does not work." : "it works"));
            if (name == failedAt)
            {
                break;
            }
        }

        return steps;
    }

    public static GatewayConfiguration Read(string gateway) => ConfigurationReader.Read(
        new ProblemList("gateway.json"), Encoding.UTF8.GetBytes(gateway),
        name => Lists.TryGetValue(name, out var list) ? (Encoding.UTF8.GetBytes(list), "") : (null, "is not there."))
        .Configuration!;
}
