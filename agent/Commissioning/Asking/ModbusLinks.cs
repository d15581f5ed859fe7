using Sluice.Agent.Configuration;
using Sluice.Hal.Modbus;

namespace Sluice.Agent.Commissioning.Asking;

/// <summary>
/// Links for commissioning: the configuration's own, but for what would be impolite. One connection, one request at a
/// time, and a silent unit does not cost the connection.
/// </summary>
internal static class ModbusLinks
{
    /// <summary>How long a connection is tried for.</summary>
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(4);

    public static (PoliteReader Reader, IModbusClient Client) Open(ModbusSettings settings, TimeProvider clock) =>
        Polite(Client(settings, clock), ListenOf(settings), new PoliteOptions().Pause, clock);

    public static (PoliteReader Reader, IModbusClient Client) Polite(
        IModbusClient client, TimeSpan listen, TimeSpan pause, TimeProvider clock) =>
        (new PoliteReader(
            client, new PoliteOptions { Pause = pause, Patience = listen + ConnectPatience }, clock), client);

    public static IModbusClient Client(ModbusSettings settings, TimeProvider clock) => settings switch
    {
        ModbusTcpSettings tcp => new ModbusTcpClient(tcp.Options with { Window = 1 }, clock),
        ModbusRtuSettings rtu => OverRtu(rtu.Port, rtu.Converter, rtu.Options, clock),
        _ => throw new InvalidOperationException($"no link is known for {settings.GetType().Name}"),
    };

    public static IModbusClient OverRtu(
        SerialPortOptions? port, System.Net.IPEndPoint? converter, ModbusRtuOptions options, TimeProvider clock)
    {
        IByteLine line = (port, converter) switch
        {
            ({ } serial, null) => new SerialByteLine(serial),
            (null, { } tcp) => new TcpByteLine(tcp.Address, tcp.Port, options.Timeout, clock),
            _ => throw new ArgumentException("an RTU bus hangs on a serial port or on a converter, on one of them"),
        };
        return new ModbusRtuClient(line, options, clock);
    }

    public static TimeSpan ListenOf(ModbusSettings settings) =>
        settings is ModbusRtuSettings rtu ? rtu.Options.ListenFirst : TimeSpan.Zero;
}
