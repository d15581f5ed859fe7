namespace Sluice.Agent.Configuration.Schema;

/// <summary>The keys of the sources that speak Modbus.</summary>
internal static class ModbusShapes
{
    /// <summary>
    /// Below, a frame would outlast what the serial line waits for its port to take one; above, no UART is met.
    /// </summary>
    private static readonly NumberShape Baud = new(1_200, 921_600);

    /// <summary>Units that can answer: 0 is for everybody, above 247 is reserved (Serial Line V1.02, 2.2).</summary>
    public static NumberShape RtuUnits { get; } = new(1, 247);

    public static ObjectShape Serial(Key every, Key signals) => new(
        "a modbus-rtu source",
        new Key("kind", new WordShape("modbus-rtu"), "Modbus RTU on a serial port of this gateway.")
        {
            Required = true,
        },
        new Key("port", new TextShape(
            "the serial port", "/dev/serial/by-path/platform-usb-0:1.2:1.0-port0", NameText.DirectoryPattern,
            NameText.RefuseSerialPort),
            "Device file; a name under /dev/serial/by-path survives unplugging. One source for each port.")
        {
            Required = true,
        },
        new Key("baud", Baud, "Bits a second, as the devices are set.") { Default = "19200" },
        new Key("parity", new WordShape("even", "odd", "none"), "As the devices are set.") { Default = "\"even\"" },
        new Key("stopBits", new NumberShape(1, 2),
            "As the devices are set. Without parity the standard asks for 2, and many devices use 1.")
        {
            Default = "1",
        },
        new Key("rs485", new TrueFalseShape(),
            "true: the kernel switches the port's transmitter on for each frame. Not for adapters that do it "
            + "themselves.") { Default = "false" },
        UnitId(RtuUnits),
        Profile(),
        every,
        RtuTimeout(),
        new Key("turnaround", new DurationShape(TimeSpan.Zero, TimeSpan.FromSeconds(5)),
            "What a device is taken to need from the end of a request to the beginning of its answer, when `check` "
            + "works out whether the cycle can be kept.") { Default = "\"5 ms\"" },
        signals,
        Guards(),
        new Key("quirks", RtuQuirks("5 s"), "For devices that need it.") { Default = "{}" });

    public static ObjectShape BehindConverter(TextShape address, Key every, Key signals) => new(
        "a modbus-rtu-over-tcp source",
        new Key("kind", new WordShape("modbus-rtu-over-tcp"),
            "Modbus RTU behind a converter that hands bytes through. If it translates, it speaks modbus-tcp.")
        {
            Required = true,
        },
        new Key("address", address, "IP address of the converter.") { Required = true },
        new Key("port", new NumberShape(1, 65535), "TCP port of the converter's serial line; one source for each.")
        {
            Required = true,
        },
        UnitId(RtuUnits),
        Profile(),
        every,
        RtuTimeout(),
        signals,
        Guards(),
        new Key("quirks", RtuQuirks("0 ms"), "For devices that need it.") { Default = "{}" });

    public static Key UnitId(NumberShape units) =>
        new("unitId", units, "Modbus unit id where the signal list names none.") { Default = "1" };

    public static Key Profile() => new(
        "profile", new WordShape("none", "weintek"),
        "weintek: LW, LB and RW addresses, word order CDAB and registersMax 64 unless stated.")
    {
        Default = "\"none\"",
    };

    public static Key Timeout() => Timeout("From the request to the last byte of its answer; also the bound of a "
        + "connect.");

    public static Key Guards() => new(
        "guards",
        new ListShape(Guard(), 0, 8),
        "What must hold before any signal of the source is Good: a device answers perfectly while its PLC is dead.")
    {
        Default = "[]",
    };

    public static ObjectShape TcpQuirks() => new(
        "quirks",
        OneRequestPerSignal(),
        new Key("pauseBetweenRequests", Pause(), "From the end of one request to the next.")
        {
            Default = "\"0 ms\"",
        },
        new Key("pauseAfterConnect", Pause(), "For devices that drop what comes right after a connect.")
        {
            Default = "\"0 ms\"",
        },
        RegistersMax(),
        GapRegistersMax(),
        Identify());

    private static ObjectShape RtuQuirks(string listenFirst) => new(
        "quirks",
        OneRequestPerSignal(),
        new Key("listenFirst", new DurationShape(TimeSpan.Zero, TimeSpan.FromMinutes(1)),
            "How long to listen before the first byte: where another client is heard, nothing is ever sent.")
        {
            Default = $"\"{listenFirst}\"",
        },
        RegistersMax(),
        GapRegistersMax(),
        Identify());

    private static ObjectShape Guard() => new(
        "a guard",
        new Key("signal", new TextShape(
            "a signal of this source's list", "heartbeat", NameText.SignalPattern, NameText.RefuseSignal),
            "The guarding signal, as its list names it.") { Required = true },
        new Key("changesWithin", new DurationShape(TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1)),
            "It must change within this: a heartbeat. Until it does, all of the source is Uncertain, Stale."),
        new Key("equals", new NumberShape(-1e15, 1e15, Whole: false),
            "It must have this value: a version of the layout. Until it does, all is Uncertain, LayoutChanged."));

    private static Key RtuTimeout() => Timeout("From the request to the last byte of its answer.");

    private static Key Timeout(string sentence) => new(
        "timeout", new DurationShape(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(30)), sentence)
    {
        Default = "\"500 ms\"",
    };

    private static DurationShape Pause() => new(TimeSpan.Zero, TimeSpan.FromSeconds(10));

    private static Key OneRequestPerSignal() => new(
        "oneRequestPerSignal", new TrueFalseShape(), "For devices whose block reads differ from single ones.")
    {
        Default = "false",
    };

    private static Key Identify() => new(
        "identify", new TrueFalseShape(),
        "Each unit is asked once who it is (function 43/14); false for devices that stumble over it.")
    {
        Default = "true",
    };

    private static Key RegistersMax() => new(
        "registersMax", new NumberShape(1, 125), "Most registers in one request: 125, with profile weintek 64.");

    private static Key GapRegistersMax() => new(
        "gapRegistersMax", new NumberShape(0, 124),
        "Most registers between two signals that are read along, unasked, where that was measured to take less time "
        + "than another request; of bits, 16 times as many. 0: none ever.")
    {
        Default = "124",
    };
}
