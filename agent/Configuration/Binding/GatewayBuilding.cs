using System.Net;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Provisioning.Revocation;

namespace Sluice.Agent.Configuration.Binding;

/// <summary>
/// Makes the configuration out of a draft without errors: everything required is there, or it is our fault.
/// </summary>
internal static class GatewayBuilding
{
    private const int PanelRegistersMax = 64;
    private const int RegistersMax = 125;

    public static GatewayConfiguration Build(GatewayDraft draft, IReadOnlyList<SourceSettings> sources) => new()
    {
        Gateway = new GatewayName(draft.Gateway!.Site!, draft.Gateway.Id!),
        Broker = new BrokerSettings
        {
            Host = draft.Broker!.Host!,
            Addresses = draft.Broker.Addresses!,
            Port = draft.Broker.Port!.Value,
            Network = draft.Broker.Network!.Value,
            Interface = draft.Broker.Interface,
            KeepAlive = draft.Broker.KeepAlive!.Value,
            TlsMin = draft.Broker.TlsMin == "1.2" ? TlsVersionMin.Tls12 : TlsVersionMin.Tls13,
        },
        Identity = new IdentitySettings
        {
            Directory = draft.Identity!.Directory!,
            IsKeyInTpm = draft.Identity.Key == "tpm",
            Revocation = new RevocationPolicy(draft.Identity.CrlWarn!.Value, draft.Identity.CrlGrace),
        },
        Buffer = new BufferSettings
        {
            Directory = draft.Buffer!.Directory!,
            SizeBytesMax = draft.Buffer.SizeMax!.Value,
            CommitEvery = draft.Buffer.CommitEvery!.Value,
            FlashEnduranceBytes = draft.Buffer.FlashEndurance!.Value,
        },
        Publish = new PublishSettings
        {
            AcknowledgedBy = draft.Publish!.AcknowledgedBy == "mes" ? AcknowledgedBy.Mes : AcknowledgedBy.Broker,
            BackfillShare = draft.Publish.BackfillShare!.Value,
            MessageBytesMax = (int)draft.Publish.MessageBytesMax!.Value,
            RateBytesPerSecondMax = draft.Publish.RateMax!.Value,
            Compresses = draft.Publish.Compress == "gzip",
        },
        TimeServers = draft.Time!.Servers!,
        IsClockTrusted = draft.Time.Clock == "trusted",
        IsJailRequired = draft.Jail == "required",
        Light = LightBinding.Build(draft.Light),
        Sources = sources,
        Hash = "",
    };

    public static SourceSettings BuildSource(
        string name, SourceDraft source, SignalListBinding binding, IReadOnlyList<SignalGuard> guards) =>
        source.Kind switch
        {
            "modbus-tcp" => new ModbusTcpSettings
            {
                Name = name,
                Signals = binding.Signals,
                Addresses = binding.Modbus,
                Guards = guards,
                Options = TcpOptions(source),
            },
            "modbus-rtu" or "modbus-rtu-over-tcp" => new ModbusRtuSettings
            {
                Name = name,
                Signals = binding.Signals,
                Addresses = binding.Modbus,
                Guards = guards,
                Port = source.Kind == "modbus-rtu" ? Port(source) : null,
                Converter = source.Kind == "modbus-rtu"
                    ? null
                    : new IPEndPoint(source.Address ?? IPAddress.None, source.Port?.Tcp ?? default),
                Options = RtuOptions(source),
            },
            "gpio" => new GpioSettings
            {
                Name = name,
                Signals = binding.Signals,
                Chip = source.Chip ?? "",
                Lines = binding.Gpio,
            },
            "sensors" => new SensorSettings
            {
                Name = name,
                Signals = binding.Signals,
                Sensors = binding.Sensors,
            },
            _ => new SimulatedSettings { Name = name, Signals = binding.Signals, Shapes = binding.Simulated },
        };

    public static ReadPlanOptions PlanOptions(SourceDraft source) => source.IsRtu()
        ? ModbusSource.PlanOf(RtuOptions(source), source.Kind == "modbus-rtu" ? Port(source) : null)
        : ModbusSource.PlanOf(TcpOptions(source));

    /// <summary>
    /// A source with a refused key has no options worth making, and is never used: its problems stop the build.
    /// </summary>
    private static ModbusTcpOptions TcpOptions(SourceDraft source) => new()
    {
        Address = source.Address ?? IPAddress.None,
        Port = source.Port?.Tcp ?? default,
        Timeout = source.Timeout ?? default,
        Window = source.Window ?? default,
        RegistersMax = MostRegisters(source),
        GapRegistersMax = source.Quirks?.GapRegistersMax ?? default,
        OneRequestPerSignal = source.Quirks?.OneRequestPerSignal ?? default,
        Identify = source.Quirks?.Identify ?? default,
        PauseBetweenRequests = source.Quirks?.PauseBetweenRequests ?? default,
        PauseAfterConnect = source.Quirks?.PauseAfterConnect ?? default,
    };

    private static ModbusRtuOptions RtuOptions(SourceDraft source)
    {
        var options = new ModbusRtuOptions
        {
            Timeout = source.Timeout ?? default,
            ListenFirst = source.Quirks?.ListenFirst ?? default,
            RegistersMax = MostRegisters(source),
            GapRegistersMax = source.Quirks?.GapRegistersMax ?? default,
            OneRequestPerSignal = source.Quirks?.OneRequestPerSignal ?? default,
            Identify = source.Quirks?.Identify ?? default,
        };

        // Behind a converter the line's speed is the converter's business, and so is the silence of its line.
        return source is { Baud: { } baud, Turnaround: { } turnaround }
            ? options with { Silence = RtuFramer.Silence(baud), Turnaround = turnaround }
            : options;
    }

    private static int MostRegisters(SourceDraft source) =>
        source.Quirks?.RegistersMax ?? (source.Profile == "weintek" ? PanelRegistersMax : RegistersMax);

    private static SerialPortOptions Port(SourceDraft source) => new()
    {
        Path = source.Port?.Serial ?? "",
        Baud = source.Baud ?? default,
        Parity = source.Parity switch
        {
            "odd" => SerialParity.Odd,
            "none" => SerialParity.None,
            _ => SerialParity.Even,
        },
        StopBits = source.StopBits ?? default,
        Rs485 = source.Rs485 ?? default,
    };
}
