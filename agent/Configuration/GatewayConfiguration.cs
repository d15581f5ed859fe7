using System.Net;
using Sluice.Agent.Configuration.Brought;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Revocation;

namespace Sluice.Agent.Configuration;

/// <summary>
/// A configuration that was read, checked and found right: everything else in the agent works from this and never looks
/// at the file again. What each setting means, its unit, default and range stand at its property.
/// </summary>
public sealed record GatewayConfiguration
{
    public required GatewayName Gateway { get; init; }

    public required BrokerSettings Broker { get; init; }

    public required IdentitySettings Identity { get; init; }

    public required BufferSettings Buffer { get; init; }

    public PublishSettings Publish { get; init; } = new();

    public required IReadOnlyList<SourceSettings> Sources { get; init; }

    /// <summary>The status light; null where the cabinet has none.</summary>
    public LightSettings? Light { get; init; }

    /// <summary>
    /// NTP servers in the DMZ: a flow of the host's time service, declared here so that it can be fenced.
    /// </summary>
    public IReadOnlyList<IPAddress> TimeServers { get; init; } = [];

    /// <summary>The host keeps its clock right without telling the kernel: readings never wait for it.</summary>
    public bool IsClockTrusted { get; init; }

    /// <summary>No start unless every wall of the jail stands.</summary>
    public bool IsJailRequired { get; init; }

    /// <summary>
    /// SHA-256 over the file and its signal lists, lower-case hex: what the birth and the posture announce.
    /// </summary>
    public required string Hash { get; init; }

    /// <summary>What a bundle had brought when this was read.</summary>
    public BroughtMark Brought { get; init; } = BroughtMark.None;
}

/// <summary>Who this gateway is. Both parts are 1 to 32 of <c>A-Za-z0-9_-</c>.</summary>
/// <param name="Site">The plant.</param>
/// <param name="Id">The gateway: certificate CN, MQTT client id and topic level in one.</param>
public sealed record GatewayName(string Site, string Id)
{
    /// <summary>Behind the client id of the session that tries the next certificate: no id may end so.</summary>
    public const string NextSession = "-next";
}

/// <summary>The one line that is ever driven.</summary>
/// <param name="Chip">The device, such as /dev/gpiochip0, or <c>label:</c> and what the board calls the chip.</param>
/// <param name="Line">Its line there, which no source of the configuration watches.</param>
public sealed record LightSettings(string Chip, Sluice.Hal.Gpio.GpioLine Line);

public enum TlsVersionMin
{
    Tls12,
    Tls13,
}

/// <summary>The one broker.</summary>
public sealed record BrokerSettings
{
    /// <summary>The name that must stand in the broker's certificate. Never looked up.</summary>
    public required string Host { get; init; }

    /// <summary>Tried in order; every one lies inside <see cref="Network"/>.</summary>
    public required IReadOnlyList<IPAddress> Addresses { get; init; }

    public int Port { get; init; } = 8883;

    /// <summary>
    /// The DMZ. An address outside it is refused when the configuration is read and again when a socket is made.
    /// </summary>
    public required IPNetwork Network { get; init; }

    /// <summary>
    /// The card that leads to the DMZ: nothing goes to the broker by another one. Null: the one that has an address
    /// inside <see cref="Network"/>, where there is one.
    /// </summary>
    public string? Interface { get; init; }

    /// <summary>5 s to 10 min, default 15 s. A silent link is found within twice this.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(15);

    public TlsVersionMin TlsMin { get; init; } = TlsVersionMin.Tls13;
}

/// <summary>Where the gateway's key, chain and trust anchors lie.</summary>
public sealed record IdentitySettings
{
    public required string Directory { get; init; }

    /// <summary>New keys are made in the board's TPM, and not in a file.</summary>
    public bool IsKeyInTpm { get; init; }

    /// <summary>Revocation lists that get old: warned of 14 days before, and counted for ever.</summary>
    public RevocationPolicy Revocation { get; init; } = RevocationPolicy.WarnsOnly;
}

public sealed record BufferSettings
{
    public required string Directory { get; init; }

    /// <summary>Bytes on disk that are never exceeded. 16 MiB at least, default 2 GiB.</summary>
    public long SizeBytesMax { get; init; } = 2L << 30;

    /// <summary>The stated loss window at a power cut. 50 ms to 60 s, default 1 s.</summary>
    public TimeSpan CommitEvery { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Bytes that the flash under the directory takes before it is worn out (TBW). Only for the forecast.
    /// Default 30 TB.
    /// </summary>
    public long FlashEnduranceBytes { get; init; } = 30_000_000_000_000;
}

public sealed record PublishSettings
{
    /// <summary>Whose word lets a reading be forgotten.</summary>
    public AcknowledgedBy AcknowledgedBy { get; init; } = AcknowledgedBy.Broker;

    /// <summary>
    /// Share of the deliveries that backfill may take while live readings wait, above 0 and at most 1. 0.5.
    /// </summary>
    public double BackfillShare { get; init; } = 0.5;

    /// <summary>
    /// Largest MQTT payload we send, before it is compressed, 1 KiB to 1 MiB, default 64 KiB. The broker's own limit
    /// counts too, and counts what goes on the wire.
    /// </summary>
    public int MessageBytesMax { get; init; } = 64 << 10;

    /// <summary>Messages of readings of 1 KiB and more go compressed with gzip. Default false.</summary>
    public bool Compresses { get; init; }

    /// <summary>Payload bytes a second over all messages, default 2 MiB/s.</summary>
    public long RateBytesPerSecondMax { get; init; } = 2L << 20;
}

public enum AcknowledgedBy
{
    /// <summary>The broker's PUBACK: its queue is then all that keeps a reading for an MES that is away.</summary>
    Broker,

    /// <summary>The MES itself, by the ask <c>acknowledge</c>.</summary>
    Mes,
}

/// <summary>When a reading of a signal is reported, out of all that are taken.</summary>
/// <param name="Always">Every reading is reported.</param>
/// <param name="Deadband">Otherwise: reported when the value moved by more than this since the last report.</param>
/// <param name="AtLeastEvery">An unchanged value is repeated after this, so that silence is never ambiguous. 60
/// s.</param>
public sealed record ReportRule(bool Always, double Deadband, TimeSpan AtLeastEvery);

/// <summary>A signal, how often it is read and when it is reported.</summary>
public sealed record SampledSignal(Signal Signal, TimeSpan Every, ReportRule Report);

/// <summary>
/// One source. <see cref="Signals"/> stands in the order of the signal list, and so does whatever a kind adds.
/// </summary>
public abstract record SourceSettings
{
    public required string Name { get; init; }

    public required IReadOnlyList<SampledSignal> Signals { get; init; }

    /// <summary>Longest that the source does one thing, in silence: a request, a look at a chip.</summary>
    public virtual TimeSpan StepMax => TimeSpan.FromSeconds(5);
}

/// <summary>A source that speaks Modbus, over whatever.</summary>
public abstract record ModbusSettings : SourceSettings
{
    /// <summary>What must hold before any signal of the source is Good; empty = nothing is demanded.</summary>
    public IReadOnlyList<SignalGuard> Guards { get; init; } = [];

    /// <summary>Where each signal of <see cref="SourceSettings.Signals"/> lies, at the same index.</summary>
    public required IReadOnlyList<ModbusSignal> Addresses { get; init; }

    /// <summary>How requests are planned.</summary>
    public abstract ReadPlanOptions PlanOptions { get; }

    /// <summary>Requests that read all signals once, as long as the device takes every block.</summary>
    public int RequestsPerCycle()
    {
        var plan = new ReadPlan(Addresses, PlanOptions);
        plan.Plan([.. Enumerable.Range(0, Addresses.Count)]);
        return plan.Blocks.Count;
    }
}

public sealed record ModbusTcpSettings : ModbusSettings
{
    public required ModbusTcpOptions Options { get; init; }

    public override ReadPlanOptions PlanOptions => ModbusSource.PlanOf(Options);

    /// <summary>Connecting, a request and a pause.</summary>
    public override TimeSpan StepMax =>
        (Options.Timeout * 2) + Options.PauseAfterConnect + Options.PauseBetweenRequests;
}

/// <summary>Units on one RTU bus: on a serial port of the gateway, or behind a converter's TCP port.</summary>
public sealed record ModbusRtuSettings : ModbusSettings
{
    /// <summary>The serial port; null where the bus is behind a converter.</summary>
    public SerialPortOptions? Port { get; init; }

    /// <summary>The converter; null where the bus is on a serial port.</summary>
    public IPEndPoint? Converter { get; init; }

    public required ModbusRtuOptions Options { get; init; }

    public override ReadPlanOptions PlanOptions => ModbusSource.PlanOf(Options, Port);

    /// <summary>Listening first, opening, and a request.</summary>
    public override TimeSpan StepMax => (Options.Timeout * 2) + Options.ListenFirst;
}

public sealed record GpioSettings : SourceSettings
{
    /// <summary>The device, such as /dev/gpiochip0, or <c>label:</c> and what the board calls the chip.</summary>
    public required string Chip { get; init; }

    /// <summary>The line of each signal of <see cref="SourceSettings.Signals"/>, at the same index.</summary>
    public required IReadOnlyList<Sluice.Hal.Gpio.GpioSignal> Lines { get; init; }
}

/// <summary>Sensors that the kernel drives.</summary>
public sealed record SensorSettings : SourceSettings
{
    /// <summary>The sensor of each signal of <see cref="SourceSettings.Signals"/>, at the same index.</summary>
    public required IReadOnlyList<Sluice.Hal.Sensors.SensorSignal> Sensors { get; init; }
}

/// <summary>Signals made up by the agent itself, to try everything else without hardware.</summary>
public sealed record SimulatedSettings : SourceSettings
{
    /// <summary>The shape of each signal of <see cref="SourceSettings.Signals"/>, at the same index.</summary>
    public required IReadOnlyList<Sluice.Hal.Simulation.SimulatedSignal> Shapes { get; init; }
}
