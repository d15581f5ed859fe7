using System.Net;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Hal.Simulation;
using Sluice.Plant.Modbus;

namespace Sluice.Fast.Hal;

/// <summary>The contract over Modbus TCP: what the device behind it is like is up to those who derive.</summary>
public abstract class ModbusTcpContract : SourceContract
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(40);

    protected override bool IsWell => false;

    protected SourceUnderTest Over(int port, int window, params IAsyncDisposable[] behind)
    {
        var source = new ModbusSource(
            "plc",
            [
                Signals.Modbus("a", "holding:0", "int16"), Signals.Modbus("b", "input:4", "float32"),
                Signals.Modbus("c", "coil:3", "bool"), Signals.Modbus("d", "discrete:9", "bool"),
                Signals.Modbus("e", "holding:400", "string:8"), Signals.Modbus("f", "holding:500", "uint64"),
                Signals.Modbus("g", "holding:900", "bcd16", scale: 0.1), Signals.Modbus("h", "holding:5.7", "bool"),
            ],
            new ModbusTcpOptions
            {
                Address = IPAddress.Loopback,
                Port = port,

                // A device that is well answers sooner or later; how soon is up to this machine's other work.
                Timeout = IsWell ? Timeout * 25 : Timeout,
                Window = window,
                ReconnectFirst = TimeSpan.FromMilliseconds(5),
                ReconnectMax = TimeSpan.FromMilliseconds(20),
            },
            TimeProvider.System);

        // A connect and two deadlines at the most, and room for a machine that is busy with other tests.
        return new SourceUnderTest(source, (Timeout * 3) + TimeSpan.FromSeconds(1), behind);
    }
}

public sealed class ModbusTcpWellContractTests : ModbusTcpContract
{
    protected override bool IsWell => true;

    protected override SourceUnderTest Make()
    {
        var server = new ModbusTcpServer(IPAddress.Loopback, 0);
        return Over(server.Port, 1, server);
    }
}

public sealed class ModbusTcpWindowContractTests : ModbusTcpContract
{
    protected override bool IsWell => true;

    protected override SourceUnderTest Make()
    {
        var server = new ModbusTcpServer(IPAddress.Loopback, 0);
        return Over(server.Port, 8, server);
    }
}

public sealed class ModbusTcpSilentContractTests : ModbusTcpContract
{
    protected override SourceUnderTest Make()
    {
        var server = new ModbusTcpServer(IPAddress.Loopback, 0) { Silent = true };
        return Over(server.Port, 1, server);
    }
}

public sealed class ModbusTcpRefusedContractTests : ModbusTcpContract
{
    protected override SourceUnderTest Make()
    {
        var server = new ModbusTcpServer(IPAddress.Loopback, 0);
        server.StopListening();
        return Over(server.Port, 1, server);
    }
}

public sealed class ModbusTcpGarbageContractTests : ModbusTcpContract
{
    protected override SourceUnderTest Make()
    {
        var server = new EvilModbusServer(request => [.. request, 0xFF, 0x13, 0x37]);
        return Over(server.Port, 4, server);
    }
}

public sealed class ModbusTcpClosingContractTests : ModbusTcpContract
{
    protected override SourceUnderTest Make()
    {
        var server = new EvilModbusServer(_ => []);
        return Over(server.Port, 1, server);
    }
}

public sealed class SimulatedContractTests : SourceContract
{
    protected override bool IsWell => true;

    protected override SourceUnderTest Make()
    {
        (string Type, SimulatedShape Shape)[] made =
        [
            ("uint32", SimulatedShape.Counter), ("float32", SimulatedShape.Sine), ("float64", SimulatedShape.Ramp),
            ("bool", SimulatedShape.Toggle), ("float64", SimulatedShape.Walk), ("int16", SimulatedShape.Sine),
            ("string:12", SimulatedShape.Counter),
        ];
        var signals = made.Select((each, index) => new SimulatedSignal
        {
            Signal = Signals.Modbus($"s{index}", "holding:0.0", each.Type).Signal,
            Shape = each.Shape,
        });
        return new SourceUnderTest(
            new SimulatedSource("demo", [.. signals], TimeProvider.System), TimeSpan.FromSeconds(1));
    }
}
