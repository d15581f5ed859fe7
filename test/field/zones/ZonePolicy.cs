using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;

namespace Sluice.Field.Zones;

/// <summary>What can stand between two hosts, each of them alone.</summary>
[Flags]
internal enum Layers
{
    None = 0,

    /// <summary>The gateway's own rules.</summary>
    Host = 1,

    /// <summary>Those of both firewalls.</summary>
    Firewalls = 2,
}

/// <summary>What becomes of one way.</summary>
internal enum Passage
{
    /// <summary>Nothing arrives.</summary>
    Shut,

    /// <summary>It arrives, and no answer comes back.</summary>
    Heard,

    /// <summary>It arrives and is answered.</summary>
    Open,
}

/// <summary>Who speaks.</summary>
/// <param name="Name">For people.</param>
/// <param name="Host">On which host.</param>
internal sealed record Source(string Name, string Host)
{
    /// <summary>Which user; 0: root.</summary>
    public int User { get; init; }

    /// <summary>Takes the gateway for its router.</summary>
    public bool IsByWayOfTheGateway { get; init; }

    /// <summary>Speaks under this address, which is somebody else's; empty: its own.</summary>
    public string FalseName { get; init; } = "";

    public bool IsOnTheGateway => Host == "gateway";
}

/// <summary>Who is spoken to.</summary>
/// <param name="Name">For people.</param>
/// <param name="Host">On which host.</param>
/// <param name="V4">Its address.</param>
/// <param name="V6">Its other one; empty where it has none.</param>
internal sealed record Target(string Name, string Host, string V4, string V6)
{
    public bool IsFirewall => ZonePolicy.Firewalls.Contains(Host);
}

/// <summary>One way from somebody to somebody.</summary>
internal sealed record Way(Source Source, Target Target, string Kind, int Port, bool IsV6)
{
    public string Address => IsV6 ? Target.V6 : Target.V4;

    public string Word => $"{(IsV6 ? "6:" : "")}{Kind}{(Kind == "ping" ? "" : $"/{Port}")}";

    public override string ToString() => $"{Source.Name} -> {Target.Name} {Word}";
}

/// <summary>
/// Who is where, which ways are tried, and which of them a policy of one flow leaves: written by hand and not read from
/// any rule, because it judges them.
/// </summary>
internal static class ZonePolicy
{
    private const string Broker = "198.18.3.10";
    private const string GatewayInTheDmz = "198.18.2.10";

    public static IReadOnlyList<string> Firewalls { get; } = ["ot-firewall", "dmz-firewall"];

    /// <summary>All that have a witness; the firewalls pass packets on, so there an answer is what counts.</summary>
    public static IReadOnlyList<string> Witnesses { get; } = ["plc", "hmi", "gateway", "broker", "mes", "office"];

    public static IReadOnlyList<string> Hosts { get; } = [.. Witnesses, .. Firewalls];

    public static IReadOnlyList<int> TcpPorts { get; } = [22, 80, 443, 502, 1883, 5900, 8883];

    public static IReadOnlyList<int> UdpPorts { get; } = [53, 123];

    public static Source Agent { get; } = new("agent", "gateway") { User = ZonesLab.AgentUser };

    public static IReadOnlyList<Source> Sources { get; } =
    [
        new("plc", "plc"),
        new("hmi", "hmi"),
        new("hmi as gateway", "hmi") { FalseName = GatewayInTheDmz },
        new("hmi by gateway", "hmi") { IsByWayOfTheGateway = true },
        new("firewall by gateway", "ot-firewall") { IsByWayOfTheGateway = true },
        Agent,
        new("time service", "gateway") { User = ZonesLab.TimeUser },
        new("gateway's root", "gateway"),
        new("broker", "broker"),
        new("mes", "mes"),
        new("office", "office"),
    ];

    public static IReadOnlyList<Target> Targets { get; } =
    [
        new("plc", "plc", "198.18.1.20", "fd00:18:0:1::20"),
        new("hmi", "hmi", "198.18.1.30", "fd00:18:0:1::30"),
        new("gateway (OT)", "gateway", "198.18.1.10", "fd00:18:0:1::10"),
        new("gateway (DMZ)", "gateway", GatewayInTheDmz, "fd00:18:0:2::10"),
        new("ot-firewall", "ot-firewall", "198.18.1.1", "fd00:18:0:1::1"),
        new("broker", "broker", Broker, "fd00:18:0:3::10"),
        new("mes", "mes", "198.18.3.20", "fd00:18:0:3::20"),
        new("dmz-firewall", "dmz-firewall", "198.18.3.2", "fd00:18:0:3::2"),
        new("office", "office", "198.18.4.10", "fd00:18:0:4::10"),
        new("elsewhere", "office", "203.0.113.1", ""),
    ];

    /// <summary>Every way that is tried.</summary>
    public static IReadOnlyList<Way> Ways { get; } =
    [
        .. from source in Sources
           from target in Targets
           where source.Host != target.Host && (!source.IsByWayOfTheGateway || IsBeyondTheGateway(source, target))
           from way in WaysTo(source, target)
           select way,
    ];

    /// <summary>What has to become of a way while these layers stand.</summary>
    public static Passage Expected(Way way, Layers layers)
    {
        var arrives = (!layers.HasFlag(Layers.Host) || HostLets(way))
            && (!layers.HasFlag(Layers.Firewalls) || !CrossesAFirewall(way) || FirewallsLet(way));
        return !arrives ? Passage.Shut : IsAnswered(way, layers) ? Passage.Open
            : way.Target.IsFirewall ? Passage.Shut : Passage.Heard;
    }

    /// <summary>What the agent is told of the zones.</summary>
    public static string Configuration(FieldDirectory directory, string rateMax = "2 MiB/s", string more = "") => $$"""
        {
          "gateway": { "site": "plant1", "id": "{{FieldGateway.Id}}" },
          "broker": { "host": "{{MosquittoBroker.Host}}", "addresses": ["{{Broker}}"], "port": 8883,
                      "network": "198.18.3.0/24", "interface": "dmz0", "keepAlive": "5 s" },
          "time": { "clock": "trusted", "servers": ["198.18.3.20"] },
          "identity": { "directory": "{{directory.At("identity")}}", "key": "file" },
          "buffer": { "directory": "{{directory.At("buffer")}}", "sizeMax": "256 MiB", "commitEvery": "200 ms" },
          "publish": { "rateMax": "{{rateMax}}" },
          "sources": {
            "plc": { "kind": "modbus-tcp", "address": "198.18.1.20", "port": 502, "unitId": 1, "every": "50 ms",
                     "timeout": "500 ms", "signals": "plc.csv" },
            "hmi": { "kind": "modbus-tcp", "address": "198.18.1.30", "port": 502, "unitId": 1, "every": "200 ms",
                     "timeout": "500 ms", "signals": "hmi.csv" },{{more}}
          },
        }
        """;

    private static IEnumerable<Way> WaysTo(Source source, Target target)
    {
        var canPing = source.User == 0 && source.FalseName.Length == 0;
        var hasV6 = target.V6.Length > 0 && source.FalseName.Length == 0;
        foreach (var isV6 in hasV6 ? new[] { false, true } : [false])
        {
            foreach (var port in TcpPorts)
            {
                yield return new Way(source, target, "tcp", port, isV6);
            }

            foreach (var port in UdpPorts)
            {
                yield return new Way(source, target, "udp", port, isV6);
            }

            if (canPing)
            {
                yield return new Way(source, target, "ping", 0, isV6);
            }
        }
    }

    private static bool IsBeyondTheGateway(Source source, Target target) => target.Host != "gateway"
        && (source.Host == "hmi" ? !target.IsFirewall : target.Host is "plc" or "hmi");

    /// <summary>The stated flows of the gateway; nobody's packets go through it.</summary>
    private static bool HostLets(Way way)
    {
        if (way.Source.IsByWayOfTheGateway)
        {
            return false;
        }

        if (!way.Source.IsOnTheGateway)
        {
            // Without an answer to who has this address, IPv6 does not even arrive.
            return way.Target.Host != "gateway" || !way.IsV6;
        }

        return !way.IsV6 && (way.Source, way.Target.Name, way.Kind, way.Port) switch
        {
            ({ User: ZonesLab.AgentUser }, "plc" or "hmi", "tcp", 502) => true,
            ({ User: ZonesLab.AgentUser }, "broker", "tcp", 8883) => true,
            ({ User: ZonesLab.TimeUser }, "mes", "udp", 123) => true,
            _ => false,
        };
    }

    /// <summary>Inside one zone there is a switch and no firewall.</summary>
    private static bool CrossesAFirewall(Way way) => ZoneOf(way.Source.Host) switch
    {
        "OT" => way.Target.Name is not ("plc" or "hmi" or "gateway (OT)"),
        "DMZ" => way.Target.Name is not ("broker" or "mes"),
        "firewall" => false,
        _ => true,
    };

    private static string ZoneOf(string host) => host switch
    {
        "plc" or "hmi" or "gateway" => "OT",
        "broker" or "mes" => "DMZ",
        "office" => "IT",
        _ => "firewall",
    };

    private static bool FirewallsLet(Way way) => !way.IsV6 && !way.Source.IsByWayOfTheGateway
        && (way.Source.Host, way.Target.Name, way.Kind, way.Port) switch
        {
            ("gateway", "broker", "tcp", 8883) => true,
            ("gateway", "mes", "udp", 123) => true,
            ("office", "mes", "tcp", 443) => true,
            _ => false,
        };

    private static bool IsAnswered(Way way, Layers layers)
    {
        if (way.Source.FalseName.Length > 0)
        {
            return false;
        }

        if (way.Source.Host == "ot-firewall" && layers.HasFlag(Layers.Firewalls))
        {
            return false;
        }

        // What listens there runs as the agent's user, whose every packet has to go to a stated address; an echo is
        // the kernel's own.
        return way.Target.Host != "gateway" || !layers.HasFlag(Layers.Host) || way.Kind == "ping";
    }
}
