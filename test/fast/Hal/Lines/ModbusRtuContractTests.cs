using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;

namespace Sluice.Fast.Hal.Lines;

/// <summary>The contract over Modbus RTU on a serial line: the far end is a pseudo terminal.</summary>
public abstract class ModbusRtuContract : SourceContract
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(40);

    protected override bool IsWell => false;

    protected static SourceUnderTest Over(string path, params IAsyncDisposable[] behind)
    {
        ModbusSignal[] signals =
        [
            Signals.Modbus("a", "holding:0", "int16"), Signals.Modbus("b", "input:4", "float32"),
            Signals.Modbus("c", "coil:3", "bool"), Signals.Modbus("d", "holding:400", "string:8"),
        ];
        var options = new ModbusRtuOptions
        {
            Timeout = Timeout,
            ListenFirst = TimeSpan.Zero,
            ReconnectFirst = TimeSpan.FromMilliseconds(5),
            ReconnectMax = TimeSpan.FromMilliseconds(20),
        };
        var source = ModbusSource.OverRtu(
            "drives", signals, new SerialPortOptions { Path = path }, converter: null, options, TimeProvider.System);

        // Two deadlines for each request, and room for a machine that is busy with other tests.
        return new SourceUnderTest(source, (Timeout * 2 * signals.Length) + TimeSpan.FromSeconds(1), behind);
    }
}

public sealed class ModbusRtuWellContractTests : ModbusRtuContract
{
    protected override bool IsWell => true;

    protected override SourceUnderTest Make()
    {
        var device = new SimulatedRtuDevice();
        return Over(device.Path, device);
    }
}

public sealed class ModbusRtuSilentContractTests : ModbusRtuContract
{
    protected override SourceUnderTest Make()
    {
        var device = new SimulatedRtuDevice { Silent = true };
        return Over(device.Path, device);
    }
}

public sealed class ModbusRtuUnpluggedContractTests : ModbusRtuContract
{
    protected override SourceUnderTest Make() => Over("/dev/serial/by-path/nothing-is-plugged-in");
}
