using Sluice.Agent.Configuration.Binding;

namespace Sluice.Agent.Configuration.Schema;

/// <summary>
/// Everything that may stand in gateway.json, as data: each key with its kind, range, default and meaning. A new key is
/// a line here, a property of <see cref="GatewayDraft"/> and one of <see cref="GatewayConfiguration"/>; tests compare.
/// </summary>
internal static class GatewaySchema
{
    private static readonly TextShape Address = new(
        "an IP address", "192.0.2.10", null, AddressText.Refuse);

    private static readonly TextShape Name = new(
        "a name of 1 to 32 letters, digits, _ or -", "gw-042", NameText.NamePattern, NameText.RefuseName);

    private static readonly TextShape Chip = new(
        "a GPIO chip", "/dev/gpiochip0", NameText.ChipPattern, NameText.RefuseChip);

    private static readonly WordShape Kind = new(
        "modbus-tcp", "modbus-rtu", "modbus-rtu-over-tcp", "gpio", "sensors", "simulated");

    /// <summary>The kinds of source that this version builds.</summary>
    public static IReadOnlyList<string> SourceKinds => Kind.Words;

    public static ObjectShape Root { get; } = new(
        "gateway.json",
        new Key("$schema", Text("a file name", "gateway.schema.json"), "The JSON Schema that editors complete from."),
        new Key("gateway", Gateway(), "Who this gateway is.") { Required = true },
        new Key("broker", Broker(), "The one broker in the DMZ.") { Required = true },
        new Key("time", Time(), "The host's time service.") { Default = "{}" },
        new Key("identity", Identity(), "Where the gateway's key and certificates lie.") { Default = "{}" },
        new Key("buffer", Buffer(), "Where readings are kept until they are acknowledged.") { Default = "{}" },
        new Key("publish", Publish(), "How readings go out.") { Default = "{}" },
        new Key("jail", new WordShape("preferred", "required"),
            "Before anything starts the agent locks itself in, with what the kernel has (Landlock, seccomp). Where the "
                + "kernel lacks a part, \"preferred\" goes on and says which; \"required\" does not start.")
        {
            Default = "\"preferred\"",
        },
        new Key("light", Light(), "A light on the cabinet: steady while readings are published, slow blink while they "
            + "are stored, fast blink where somebody has to do something. Without it no line is ever driven."),
        new Key("sources", new NamedShape(Name, Sources(), Kind), "What is read, by name.") { Required = true });

    private static ObjectShape Light() => new(
        "light",
        new Key("chip", Chip, "The chip of the status light, as a gpio source names it.") { Required = true },
        new Key("line", new TextShape("a GPIO line", "LED1", LightBinding.LinePattern, LightBinding.RefuseLine),
            "The line of the light, by its number or its name on the board: the only line that is ever driven. No "
                + "source may watch it.") { Required = true });

    private static ObjectShape Gateway() => new(
        "gateway",
        new Key("site", Name, "The plant: a level of every topic.") { Required = true },
        new Key("id", Name, "The gateway: CN of its certificate, MQTT client id and topic level.") { Required = true });

    private static ObjectShape Broker() => new(
        "broker",
        new Key("host", new TextShape(
            "the name in the broker's certificate", "mes-broker.dmz.plant1", NameText.HostPattern, NameText.RefuseHost),
            "The name that must stand in the broker's certificate. It is never looked up.") { Required = true },
        new Key("addresses", new ListShape(Address, 1, 8), "Tried in order; all inside network.") { Required = true },
        new Key("port", new NumberShape(1, 65535), "TCP port of MQTT over TLS.") { Default = "8883" },
        new Key("network", new TextShape(
            "the network of the DMZ", "192.0.2.0/28", null, AddressText.RefuseNetwork),
            "The DMZ. An address outside it is refused.") { Required = true },
        new Key("interface", new TextShape("a network card", "eth1", NameText.CardPattern, NameText.RefuseCard),
            "The card that leads to the DMZ: nothing goes to the broker by another one, whatever the routes say. "
                + "Without it, the card that has an address inside network; where none has, as the routes lead."),
        new Key("keepAlive", new DurationShape(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(10)),
            "MQTT keep-alive: a silent link is found within twice this.") { Default = "\"15 s\"" },
        new Key("tlsMin", new WordShape("1.3", "1.2"), "Oldest TLS that is spoken; 1.2 with AEAD suites only.")
        {
            Default = "\"1.3\"",
        });

    private static ObjectShape Time() => new(
        "time",
        new Key("servers", new ListShape(Address, 0, 8),
            "NTP servers in the DMZ: a flow of the host's time service, not of the agent.") { Default = "[]" },
        new Key("clock", new WordShape("synchronised", "trusted"),
            "Readings are Uncertain/ClockNotSet until the host's time service has synchronised the clock. \"trusted\" "
                + "takes the clock as it is: for a host that keeps its clock right without telling the kernel.")
        {
            Default = "\"synchronised\"",
        });

    private static ObjectShape Identity() => new(
        "identity",
        new Key("directory", Directory("/var/lib/sluice/identity"), "Holds current -> versions/NNNN.")
        {
            Default = "\"/var/lib/sluice/identity\"",
        },
        new Key("key", new WordShape("file", "tpm"),
            "What holds a private key that is made from now on: a file of mode 0600, or the board's TPM 2.0, where "
                + "there is one and OpenSSL's provider for it (tpm2-openssl 1.2 or newer). It never falls back to a "
                + "file by itself.") { Default = "\"file\"" },
        new Key("crlWarn", new DurationShape(TimeSpan.FromDays(1), TimeSpan.FromDays(365)),
            "So long before its date a revocation list is warned of.") { Default = "\"14 d\"" },
        new Key("crlGrace", new DurationShape(TimeSpan.Zero, TimeSpan.FromDays(3650)),
            "So long after its date a revocation list still counts. Without it a late list is warned of and counts for "
                + "ever. With it this gateway stops publishing when that time is over, until somebody brings a newer "
                + "list: a CA that is late then stops the data of its plant. Never counted while the clock is not "
                + "set."));

    private static ObjectShape Buffer() => new(
        "buffer",
        new Key("directory", Directory("/var/lib/sluice/buffer"), "Where the stores lie.")
        {
            Default = "\"/var/lib/sluice/buffer\"",
        },
        new Key("sizeMax", new SizeShape(16L << 20, 1L << 40),
            "Never exceeded on disk; acknowledged readings stay for replay until the room is needed.")
        {
            Default = "\"2 GiB\"",
        },
        new Key("commitEvery", new DurationShape(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(60)),
            "The stated loss window at a power cut.") { Default = "\"1 s\"" },
        new Key("flashEndurance", new SizeShape(1L << 30, 1L << 50),
            "What the flash takes before it is worn out (TBW in its data sheet): status and size tell its life by it.")
        {
            Default = "\"30 TB\"",
        });

    private static ObjectShape Publish() => new(
        "publish",
        new Key("format", new WordShape("json")
        {
            NotBuilt = new Dictionary<string, string> { ["sparkplug-b"] = "write \"json\", contract v1." },
        }, "What the messages look like.") { Default = "\"json\"" },
        new Key("acknowledgedBy", new WordShape("broker", "mes"),
            "Whose word lets a reading be forgotten: the broker's that took it, or the MES's that asks to.")
        {
            Default = "\"broker\"",
        },
        new Key("backfillShare", new NumberShape(0, 1, Whole: false, AboveMin: true),
            "Share of the deliveries that backfill may take while live readings wait.") { Default = "0.5" },
        new Key("messageBytesMax", new SizeShape(1L << 10, 1L << 20),
            "Largest MQTT payload, before it is compressed. The broker's own limit counts too.")
        {
            Default = "\"64 KiB\"",
        },
        new Key("rateMax", new RateShape(16L << 10, 1L << 30), "Payload bytes a second on the wire, over all messages.")
        {
            Default = "\"2 MiB/s\"",
        },
        new Key("compress", new WordShape("none", "gzip"),
            "Compression of messages of readings of 1 KiB and more. The receiver must know content-encoding.")
        {
            Default = "\"none\"",
        });

    private static Dictionary<string, ObjectShape> Sources() => new(StringComparer.Ordinal)
    {
        ["modbus-tcp"] = new ObjectShape(
            "a modbus-tcp source",
            new Key("kind", new WordShape("modbus-tcp"), "Modbus over TCP.") { Required = true },
            new Key("address", Address, "IP address of the device.") { Required = true },
            new Key("port", new NumberShape(1, 65535), "TCP port of the device.") { Default = "502" },
            ModbusShapes.UnitId(new NumberShape(0, 255)),
            ModbusShapes.Profile(),
            Every(),
            ModbusShapes.Timeout(),
            new Key("window", new NumberShape(1, 16), "Requests outstanding at once; panels: 1.") { Default = "1" },
            Signals(),
            ModbusShapes.Guards(),
            new Key("quirks", ModbusShapes.TcpQuirks(), "For devices that need it.") { Default = "{}" }),
        ["modbus-rtu"] = ModbusShapes.Serial(Every(), Signals()),
        ["modbus-rtu-over-tcp"] = ModbusShapes.BehindConverter(Address, Every(), Signals()),
        ["gpio"] = new ObjectShape(
            "a gpio source",
            new Key("kind", new WordShape("gpio"), "Lines of a GPIO chip. They are read and never driven.")
            {
                Required = true,
            },
            new Key("chip", Chip,
                "The chip's device, or label: and its label (gpiodetect lists both). A device's number may change at "
                    + "a boot, its label does not.") { Required = true },
            Every("\"250 ms\""),
            Signals()),
        ["sensors"] = new ObjectShape(
            "a sensors source",
            new Key("kind", new WordShape("sensors"), "Sensors that the kernel drives: hwmon, IIO, thermal zones.")
            {
                Required = true,
            },
            Every("\"10 s\""),
            Signals()),
        ["simulated"] = new ObjectShape(
            "a simulated source",
            new Key("kind", new WordShape("simulated"), "Signals made up by the agent, to try all "
                + "else.") { Required = true },
            Every(),
            Signals()),
    };

    private static Key Every(string otherwise = "\"1 s\"") => new(
        "every", new DurationShape(TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1)),
        "How often a signal is read where the signal list says nothing.") { Default = otherwise };

    private static Key Signals() => new(
        "signals", new TextShape("the signal list", "hmi1.csv", null, NameText.RefuseFile),
        "The signal list, a CSV file beside gateway.json.") { Required = true };

    private static TextShape Directory(string example) => new(
        "an absolute path", example, NameText.DirectoryPattern, NameText.RefuseDirectory);

    private static TextShape Text(string what, string example) => new(what, example, null, _ => null);
}
