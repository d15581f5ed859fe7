using System.Globalization;

namespace Sluice.Agent.Configuration.Binding;

/// <summary>What a device is called in a sentence.</summary>
internal static class DeviceName
{
    public static string Of(SourceSettings settings) => settings switch
    {
        ModbusTcpSettings tcp => string.Create(
            CultureInfo.InvariantCulture, $"{tcp.Options.Address}:{tcp.Options.Port}"),
        ModbusRtuSettings { Port: { } port } => port.Path,
        ModbusRtuSettings { Converter: { } converter } => converter.ToString(),
        GpioSettings gpio => gpio.Chip,
        _ => settings.Name,
    };
}
