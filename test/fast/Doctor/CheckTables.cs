using Sluice.Agent.Configuration;
using Sluice.Agent.Doctor;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Health;
using Sluice.Hal.Gpio;

namespace Sluice.Fast.Doctor;

/// <summary>One thing changed, and what the check of it must say then.</summary>
/// <param name="Check">Which check.</param>
/// <param name="Verdict">What it says in a word.</param>
/// <param name="Says">Part of why, or of what to do.</param>
/// <param name="Facts">The gateway with that one thing changed.</param>
internal sealed record CheckCase(string Check, Verdict Verdict, string Says, CheckupFacts Facts);

/// <summary>Every verdict of every check.</summary>
internal static class CheckTables
{
    private static CheckupFacts At => SoundGateway.AtWork;

    private static CheckupFacts Off => SoundGateway.WithoutAgent;

    private static StatusReport Report => SoundGateway.Report;

    public static IReadOnlyList<CheckCase> All { get; } =
    [
        .. Configuration(), .. Agent(), .. Identity(), .. Network(), .. Broker(), .. Machines(), .. Storage(),
        .. Protection(),
    ];

    private static CheckCase Bad(string check, string says, CheckupFacts facts) =>
        new(check, Verdict.Bad, says, facts);

    private static CheckCase Look(string check, string says, CheckupFacts facts) =>
        new(check, Verdict.Look, says, facts);

    private static CheckCase Unknown(string check, string says, CheckupFacts facts) =>
        new(check, Verdict.Unknown, says, facts);

    private static CheckCase None(string check, string says, CheckupFacts facts) =>
        new(check, Verdict.None, says, facts);

    private static CheckCase Ok(string check, string says, CheckupFacts facts) =>
        new(check, Verdict.Ok, says, facts);

    private static CheckupFacts Running(StatusReport report) => At with { Running = report };

    private static IEnumerable<CheckCase> Configuration()
    {
        var mistake = new ConfigurationProblem("gateway.json", 4, 2, "broker.port", "is wrong.");
        var warning = mistake with { Severity = ProblemSeverity.Warning };
        return
        [
            Ok("configuration-there", "gateway.json", At),
            Bad("configuration-there", "sluice-provision prepare", At with { FileIsThere = false }),
            Ok("configuration-right", "plant1/gw-042, 3 sources", At),
            Look("configuration-right", "1 warnings", At with { Problems = [warning] }),
            Bad("configuration-right", "broker.port", At with { Configuration = null, Problems = [mistake] }),
            Ok("configuration-runs", "from file", At),
            None("configuration-runs", "No agent", Off),
            Bad("configuration-runs", "last good", Running(
                Report with { Configuration = Report.Configuration with { Origin = "last-good" } })),
            Look("configuration-runs", "changed after the agent started", Running(
                Report with { Configuration = Report.Configuration with { Hash = new string('0', 64) } })),
            Bad("configuration-runs", "gw-041", Running(Report with { Gateway = "gw-041" })),
            Ok("byte-order", "2 golden samples", At),
            None("byte-order", "find-order", At with { GoldenSamples = 0 }),
            Look("byte-order", "correct its type, order", At with { GoldenProblems = [warning] }),
        ];
    }

    private static IEnumerable<CheckCase> Agent()
    {
        var service = SoundGateway.AtWork.Service!;
        return
        [
            Ok("unit-active", "active", At),
            None("unit-active", "No systemd", At with { Service = null }),
            None("unit-active", "No unit", At with { Service = service with { Load = "not-found" } }),
            Bad("unit-active", "unmask", At with { Service = service with { Load = "masked" } }),
            Look("unit-active", "12 times", At with { Service = service with { Restarts = 12 } }),
            Look("unit-active", "starting", At with { Service = service with { Active = "activating" } }),
            Bad("unit-active", "failed (watchdog)", At with
            {
                Service = service with { Active = "failed", Result = "watchdog" },
            }),
            Bad("unit-active", "inactive", At with { Service = service with { Active = "inactive" } }),
            Ok("unit-enabled", "enabled", At),
            Look("unit-enabled", "systemctl enable", At with { Service = service with { Enabled = "disabled" } }),
            None("unit-enabled", "No unit", At with { Service = null }),
            Ok("watchdog", "1min", At),
            Look("watchdog", "stay stuck", At with { Service = service with { Watchdog = "0" } }),
            None("watchdog", "nobody", At with { Service = null }),
            Ok("agent-answers", "up 1 h", At),
            Look("agent-answers", "systemctl start", Off),
            Unknown("agent-answers", "may not open", Off with { IsNobody = false, Silence = "You may not open it." }),
            Ok("asked-as", "sluice", At),
            Ok("asked-as", "no user sluice", At with { User = new("root", true, true) { HasAgent = false } }),
            Look("asked-as", "sudo -u sluice", At with { User = new("root", IsAgent: false, IsRoot: true) }),
            Look("asked-as", "eva", At with { User = new("eva", IsAgent: false, IsRoot: false) }),
            Ok("clock-set", "2027-03-01", At),
            Bad("clock-set", "ClockNotSet", Running(Report with { Clock = new ClockStatus("not set", "", 0, "") })),
            Bad("clock-set", "time service", Off with { Time = SoundGateway.Time(SoundGateway.Now, isSet: false) }),
            Ok("clock-plausible", "after", At),
            Bad("clock-plausible", "wrong", At with { Time = SoundGateway.Time(DateTimeOffset.UnixEpoch) }),
            Ok("time-servers", "192.0.2.11", At),
            Ok("time-servers", "trusted", At with
            {
                Configuration = SoundGateway.Configuration with { IsClockTrusted = true },
            }),
            Look("time-servers", "time.servers", At with
            {
                Configuration = SoundGateway.Configuration with { TimeServers = [] },
            }),
            Unknown("time-servers", "configuration", At with { Configuration = null }),
        ];
    }

    private static IEnumerable<CheckCase> Identity()
    {
        var sound = SoundGateway.Identity;
        var now = SoundGateway.Now;
        var none = new IdentityFacts([("/var", "this gateway has no identity yet", true)]);
        CheckupFacts Is(IdentityFacts? identity) => At with { Identity = identity };
        return
        [
            Ok("identity-there", "version 0003", At),
            Bad("identity-there", "identity init", Is(none)),
            Bad("identity-there", "not the one of the certificate", Is(sound with
            {
                Problems = [("key.pem", "the key is not the one of the certificate", true)],
            })),
            Bad("identity-there", "revoked", Running(Report with
            {
                Identity = Report.Identity! with { State = "withdrawn" },
            })),
            Unknown("identity-there", "may not look", Is(new IdentityFacts([]) { IsHidden = true })),
            Unknown("identity-there", "where it lies", Is(null)),
            Ok("key-mode", "0600", At),
            Bad("key-mode", "chmod 600", Is(sound with
            {
                KeyMode = UnixFileMode.UserRead | UnixFileMode.GroupRead,
            })),
            Bad("key-mode", "no key", Is(sound with { KeyMode = null })),
            None("key-mode", "identity-there", Is(none)),
            Ok("certificate-dates", "335 days left", At),
            Look("certificate-dates", "9 days", Is(sound with { NotAfter = now.AddDays(9) })),
            Bad("certificate-dates", "expired", Is(sound with { NotAfter = now.AddDays(-1) })),
            Bad("certificate-dates", "not valid yet", Is(sound with { NotBefore = now.AddDays(1) })),
            Unknown("certificate-dates", "clock", Is(sound with { NotBefore = now.AddDays(1) }) with
            {
                Time = SoundGateway.Time(now, isSet: false),
            }),
            Unknown("certificate-dates", "could be read", Is(sound with { NotAfter = null })),
            Ok("revocation-lists", "good until 2027-03-21", At),
            Ok("revocation-lists", "no date", Is(sound with { RevocationLists = [("CN=a", null)] })),
            Look("revocation-lists", "sluice-provision crl", Is(sound with { RevocationLists = [] })),
            Look("revocation-lists", "replaced", Is(sound with { RevocationLists = [("CN=a", now.AddDays(-2))] })),
            Ok("identity-machine", "made here", At),
            Bad("identity-machine", "adopt", Is(sound with { Elsewhere = "it was made for board 7." })),
        ];
    }

    private static IEnumerable<CheckCase> Network()
    {
        var (ot, dmz) = (At.Cards[0], At.Cards[1]);
        var (machine, broker) = (At.Routes[0], At.Routes[1]);
        return
        [
            Ok("card-machines", "10.10.1.2/24", At),
            Bad("card-machines", "cable", At with { Cards = [ot with { HasCarrier = false }, dmz] }),
            Bad("card-machines", "switched off", At with { Cards = [ot with { State = "down" }, dmz] }),
            Bad("card-machines", "no address", At with { Cards = [ot with { Addresses = [] }, dmz] }),
            None("card-machines", "route-machines", At with { Routes = [machine with { Card = "" }, broker] }),
            None("card-machines", "No machine", At with { Routes = [broker] }),
            Ok("card-broker", "192.0.2.2/28", At),
            Bad("card-broker", "no such card", At with { Cards = [ot] }),
            Bad("card-broker", "cable", At with { Cards = [ot, dmz with { HasCarrier = false }] }),
            None("card-broker", "route-broker", At with { BrokerCard = "", Routes = [broker with { Card = "" }] }),
            Ok("networks-apart", "overlap", At),
            Bad("networks-apart", "The networks of the cards", At with { Overlaps = ["the networks of the cards."] }),
            Ok("route-machines", "by eth0", At),
            Bad("route-machines", "No route", At with { Routes = [machine with { Card = "" }, broker] }),
            None("route-machines", "No machine", At with { Routes = [broker] }),
            Ok("route-broker", "by eth1", At),
            Bad("route-broker", "192.0.2.0/28", At with { Routes = [broker with { Card = "" }] }),
            Bad("route-broker", "goes by eth1 only", At with { Routes = [broker with { Card = "eth0" }] }),
            Unknown("route-broker", "configuration", At with { Routes = [] }),
        ];
    }

    private static IEnumerable<CheckCase> Broker()
    {
        (string Check, string Step)[] steps =
        [
            ("broker-reached", Proof.Connection), ("broker-tls", Proof.BrokerTls), ("broker-accepts", Proof.Mqtt),
            ("broker-lets-hear", Proof.Hearing), ("broker-lets-publish", Proof.Publishing),
        ];
        foreach (var (check, step) in steps)
        {
            yield return Ok(check, "the agent is connected to 192.0.2.10:8883", At);
            yield return Ok(check, "it works", Off);
            yield return Bad(check, "it does not work.", Off with { Trial = SoundGateway.Steps(step) });
            yield return Unknown(check, "no identity", Off with { Trial = null, NoTrial = "There is no identity." });
        }

        yield return Unknown("broker-lets-publish", "a step before", Off with
        {
            Trial = SoundGateway.Steps(Proof.BrokerTls),
        });
        yield return Bad("broker-lets-publish", "refuses the topic", Running(Report with
        {
            Uplink = Report.Uplink with { Sentence = "the broker refuses the topic.", Acknowledged = 0 },
        }));
        yield return Bad("broker-lets-publish", "nobody subscribes", Running(Report with
        {
            Uplink = Report.Uplink with { State = "holding", Sentence = "nobody subscribes." },
        }));
        yield return Ok("broker-lets-hear", "it may", Running(Report with
        {
            Uplink = Report.Uplink with { State = "holding", Sentence = "nobody subscribes." },
        }));
        yield return Ok("session-alone", "nobody", At);
        yield return None("session-alone", "No agent", Off);
        yield return Look("session-alone", "2 times", Running(
            Report with { Uplink = Report.Uplink with { TakenOver = 2 } }));
        yield return Bad("session-alone", "copied card", Running(
            Report with { Uplink = Report.Uplink with { TakenOver = 9, Contested = true } }));
    }

    private static IEnumerable<CheckCase> Machines()
    {
        var (panel, bus) = (Off.Sources[0], Off.Sources[1]);
        var chip = Off.Chips[0];
        CheckupFacts Has(params SourceFacts[] sources) => Off with { Sources = sources };
        return
        [
            Ok("source-reached", "10.10.1.30:502", At),
            Bad("source-reached", "cable", Has(panel with { IsReached = false })),
            Bad("source-reached", "A and B", Has(bus with { IsReached = false })),
            Unknown("source-reached", "nobody knows", Has(panel with { IsReached = null, Sentence = "nobody knows" })),
            None("source-reached", "No source", Has()),
            Ok("panel-server", "answers", At),
            Bad("panel-server", "MODBUS Server", Has(panel with { IsReached = false, IsRefused = true })),
            Bad("panel-server", "no unit of it", Has(panel with { Units = [new(1, false, "silent")] })),
            Unknown("panel-server", "source-reached", Has(panel with { IsReached = false })),
            Unknown("panel-server", "not asked", Has(panel with { IsReached = null, Sentence = "not asked" })),
            None("panel-server", "weintek", Has(bus)),
            Ok("unit-answers", "answered", At),
            Bad("unit-answers", "discover modbus", Has(bus with { Units = [new(3, false, "no answer in time")] })),
            Unknown("unit-answers", "no connection", Has(bus with { Units = [new(3, null, "no connection")] })),
            None("unit-answers", "No unit", Has()),
            Ok("signals-good", "1 of 1", At),
            Look("signals-good", "compare the list", Has(panel with { Signals = (1, 9, "DeviceException") })),
            Look("signals-good", "guard", Has(panel with { Signals = (0, 9, "Stale") })),
            Look("signals-good", "check --live", Has(panel with { Signals = (0, 9, "Timeout") })),
            None("signals-good", "check --live", Has(panel with { Signals = null })),
            Ok("serial-port", "/dev/ttyS1", At),
            Bad("serial-port", "by-path", Has(bus with { PortProblem = "is not there" })),
            None("serial-port", "No source", Has(panel)),
            Ok("gpio-lines", "1 of /dev/gpiochip0", At),
            Bad("gpio-lines", "no chip", Off with { Chips = [] }),
            Bad("gpio-lines", "udev", Off with { Chips = [chip with { Problem = "may not be opened", Lines = [] }] }),
            Bad("gpio-lines", "has no gpio:4", Off with { Chips = [chip with { Lines = [chip.Lines[1]] }] }),
            Bad("gpio-lines", "used by sysfs", Off with
            {
                Chips = [chip with { Lines = [chip.Lines[0] with { IsUsed = true, UsedBy = "sysfs" }] }],
            }),
            None("gpio-lines", "no light", Off with
            {
                Configuration = SoundGateway.Configuration with { Light = null, Sources = [] },
            }),
        ];
    }

    private static IEnumerable<CheckCase> Storage()
    {
        var (buffer, disk) = (Off.Buffer!, Off.Disk!);
        var store = Report.Buffer.Stores[0];
        StatusReport Holds(BufferStatus status) => Report with { Buffer = status };
        var settings = SoundGateway.Configuration.Buffer;
        return
        [
            Ok("buffer-writable", "the agent writes", At),
            Ok("buffer-writable", "/var/lib/sluice/buffer", Off),
            Bad("buffer-writable", "read-only", Off with { Buffer = buffer with { Problem = "is read-only." } }),
            Bad("buffer-writable", "no room", Running(Holds(Report.Buffer with { Fault = "there is no room." }))),
            Bad("buffer-writable", "in memory", Running(Holds(Report.Buffer with { Storage = "memory" }))),
            Unknown("buffer-writable", "configuration", Off with { Buffer = null }),
            Ok("buffer-room", "8 GiB free", At),
            Look("buffer-room", "at most", At with { Buffer = buffer with { FreeBytes = 1 << 30 } }),
            Unknown("buffer-room", "df", At with { Buffer = buffer with { FreeBytes = null } }),
            Unknown("buffer-room", "configuration", At with { Buffer = null }),
            Ok("loss-window", "1 s", At),
            Look("loss-window", "shorter", At with
            {
                Configuration = SoundGateway.Configuration with
                {
                    Buffer = settings with { CommitEvery = TimeSpan.FromSeconds(30) },
                },
            }),
            Unknown("loss-window", "configuration", At with { Configuration = null }),
            Ok("backlog", "3 readings", At),
            None("backlog", "No agent", Off),
            Look("backlog", "they are kept", Running(
                Report with { Uplink = Report.Uplink with { State = "waiting" } })),
            Bad("backlog", "will be dropped", Running(Holds(Report.Buffer with
            {
                Stores = [store with { Waiting = 4999, SizeBytes = 2L << 30 }],
            }))),
            Ok("readings-lost", "nothing", At),
            None("readings-lost", "No agent", Off),
            Look("readings-lost", "ledger", Running(Holds(Report.Buffer with
            {
                Stores = [store with { Dropped = 7 }],
            }))),
            Ok("disk-health", "ext4 on /dev/mmcblk0p3, writable, no faults counted, at most 10 %", At),
            Bad("disk-health", "read-only", At with { Disk = disk with { IsReadOnly = true } }),
            Bad("disk-health", "4 faults", At with { Disk = disk with { Errors = 4 } }),
            Bad("disk-health", "worn out", At with { Disk = disk with { LifeTenthsUsed = 10 } }),
            Bad("disk-health", "worn out", At with { Disk = disk with { SpareState = 3 } }),
            Look("disk-health", "80 %", At with { Disk = disk with { LifeTenthsUsed = 8 } }),
            Unknown("disk-health", "findmnt", At with { Disk = null }),
            Ok("flash-life", "40 years", At),
            None("flash-life", "No agent", Off),
            Ok("flash-life", "a minute", Running(Holds(Report.Buffer with
            {
                Flash = Report.Buffer.Flash! with { LifeYears = null },
            }))),
            Look("flash-life", "commitEvery", Running(Holds(Report.Buffer with
            {
                Flash = Report.Buffer.Flash! with { LifeYears = 1.5 },
            }))),
        ];
    }

    private static IEnumerable<CheckCase> Protection()
    {
        var jail = Report.Jail!;
        var open = new ProofStatus(1, SoundGateway.Now.UtcDateTime,
            [new AttemptStatus("other-port", "connect to another port", "open", "")]);
        var held = open with { Attempts = [open.Attempts[0] with { Verdict = "held", By = "firewall" }] };
        return
        [
            Ok("jail", "locked in", At),
            Bad("jail", "connect to another port", Running(Report with { Jail = jail with { Proof = open } })),
            Look("jail", "6.7", Running(Report with { Jail = jail with { Landlock = 2 } })),
            Ok("jail", "Landlock 4", Off),
            Look("jail", "fences no ports", Off with { Landlock = 2 }),
            Bad("jail", "preferred", Off with
            {
                Landlock = 2, Configuration = SoundGateway.Configuration with { IsJailRequired = true },
            }),
            Ok("host-rules", "enforces", At),
            Bad("host-rules", "firewall apply", At with { Firewall = new FirewallFacts(["a rule is missing"], "") }),
            Bad("host-rules", "could connect", Running(Report with { Jail = jail with { HostRules = open } })),
            Ok("host-rules", "they held", Running(Report with { Jail = jail with { HostRules = held } }) with
            {
                Firewall = new FirewallFacts(null, "only root may list the rules"),
            }),
            Unknown("host-rules", "only root", At with
            {
                Firewall = new FirewallFacts(null, "only root may list the rules"),
            }),
        ];
    }
}
