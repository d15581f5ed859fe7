using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Stamps;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress.Jail;
using Sluice.Agent.Egress.Proof;
using Sluice.Agent.Posture;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Time;
using Sluice.Agent.Uplink;

namespace Sluice.Fast.Posture;

/// <summary>A gateway's posture, made up: what the example of WIRE.md says.</summary>
internal static class PostureWorld
{
    public static readonly DateTime Sent = new(2026, 11, 22, 14, 0, 1, 250, DateTimeKind.Utc);

    public static readonly Guid Boot = Guid.ParseExact("61f7ee1de42f4eb6815dff4c9b098423", "N");

    public static readonly PostureEncoder Encoder = new(
        new Speaker("plant1", "gw-042", Guid.ParseExact("0199c6f1222270008000000000000009", "N"), "0.1.0",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        new SoftwareFacts(
            "0.1.0", ".NET 10.0.12", "linux-arm64", "Debian GNU/Linux 12 (bookworm)", "6.1.0-42-arm64"),
        new ComponentList(["sluice-agent 0.1.0", "Microsoft.NETCore.App 10.0.12", "MQTTnet 5.2.0.1603"]));

    public static readonly PostureContent Content = new()
    {
        Host = new HostSighting(0, new DiskSpace(31_268_536_320, 24_012_345_344))
        {
            Audit = new AuditHead(1234, "3f2a9c1d5b7e8f60a1b2c3d4e5f60718293a4b5c6d7e8f9012345678901abcde"),
            Egress = new EgressFacts(
                new JailStanding(7, true, ""),
                new ProofView(Sent.AddSeconds(-2), 1,
                [
                    new ProvedAttempt(EscapeAttempt.OtherPort, WallVerdict.Held, "landlock"),
                    new ProvedAttempt(EscapeAttempt.Datagram, WallVerdict.Held, "seccomp"),
                    new ProvedAttempt(EscapeAttempt.Exec, WallVerdict.Open, ""),
                ]))
            {
                HostRules = new ProofView(Sent.AddSeconds(-30), 1,
                    [new ProvedAttempt(EscapeAttempt.OtherHost, WallVerdict.Held, "firewall")]),
            },
        },
        Session = new SessionFacts(
            "TLS 1.3", "TLS_AES_256_GCM_SHA384", "00C3A1D94E7F0B", At(2027, 2, 20),
            [new RevocationFacts("CN=plant1 issuing CA", At(2026, 11, 20), At(2026, 12, 20))]),
        Record = new RecordView(new ReadingClock(Boot, true, 1), [], 1, [], 1)
        {
            Start = new AgentStart(GapReason.NotClosed, Guid.Empty),
        },
        Storage = "disk",
        BufferBytes = 402_653_184,
        BufferBytesMax = 2_147_483_648,
        WrittenBytesPerDay = 1_932_735_283.4,
    };

    public static GatewayConfiguration Configuration => new()
    {
        Gateway = new GatewayName("plant1", "gw-042"),
        Broker = new BrokerSettings { Host = "broker", Addresses = [], Network = default },
        Identity = new IdentitySettings { Directory = "none" },
        Buffer = new BufferSettings { Directory = "none" },
        Sources = [],
        Hash = new string('0', 64),
    };

    private static DateTimeOffset At(int year, int month, int day) => new(year, month, day, 14, 0, 0, TimeSpan.Zero);
}
