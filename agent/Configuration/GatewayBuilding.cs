using Sluice.Hal.Modbus;

namespace Sluice.Agent.Configuration;

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
            KeepAlive = draft.Broker.KeepAlive!.Value,
            TlsMin = draft.Broker.TlsMin == "1.2" ? TlsVersionMin.Tls12 : TlsVersionMin.Tls13,
        },
        Identity = new IdentitySettings { Directory = draft.Identity!.Directory! },
        Buffer = new BufferSettings
        {
            Directory = draft.Buffer!.Directory!,
            SizeBytesMax = draft.Buffer.SizeMax!.Value,
            CommitEvery = draft.Buffer.CommitEvery!.Value,
        },
        Publish = new PublishSettings
        {
            BackfillShare = draft.Publish!.BackfillShare!.Value,
            MessageBytesMax = (int)draft.Publish.MessageBytesMax!.Value,
            RateBytesPerSecondMax = draft.Publish.RateMax!.Value,
        },
        TimeServers = draft.Time!.Servers!,
        Sources = sources,
        Hash = "",
    };

    public static SourceSettings BuildSource(string name, SourceDraft source, SignalListBinding binding) =>
        source.Kind switch
        {
            "modbus-tcp" => new ModbusTcpSettings
            {
                Name = name,
                Signals = binding.Signals,
                Addresses = binding.Modbus,
                Options = Options(source),
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

    /// <summary>
    /// A source with a refused key has no options worth making, and is never used: its problems stop the build.
    /// </summary>
    public static ModbusTcpOptions Options(SourceDraft source) => new()
    {
        Address = source.Address ?? System.Net.IPAddress.None,
        Port = source.Port ?? default,
        Timeout = source.Timeout ?? default,
        Window = source.Window ?? default,
        RegistersMax = source.Quirks?.RegistersMax ?? (source.Profile == "weintek" ? PanelRegistersMax : RegistersMax),
        OneRequestPerSignal = source.Quirks?.OneRequestPerSignal ?? default,
        PauseBetweenRequests = source.Quirks?.PauseBetweenRequests ?? default,
    };
}
