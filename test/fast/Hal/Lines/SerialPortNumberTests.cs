using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Lines;

/// <summary>
/// A USB adapter is named by where it hangs (/dev/serial/by-path): a link that the system turns to whatever number the
/// adapter gets.
/// </summary>
public sealed class SerialPortNumberTests
{
    [Fact]
    public async Task An_adapter_that_comes_back_under_another_number_is_read_again()
    {
        var folder = Directory.CreateTempSubdirectory("sluice-by-path-");
        var link = Path.Combine(folder.FullName, "pci-usb-0-port0");
        await using var first = Device(4711);
        await using var second = Device(4712);
        Assert.NotEqual(first.Path, second.Path);
        File.CreateSymbolicLink(link, first.Path);
        await using var source = Source(link);
        await Signals.ReadUntilAsync(source, each => each["a"].Quality.IsGood);

        await first.DisposeAsync();
        File.Delete(link);
        var gone = await Signals.ReadUntilAsync(
            source, each => each["a"].Quality == Quality.Bad(QualityReason.Disconnected));
        Assert.Equal(ValueKind.None, gone["a"].Value.Kind);

        File.CreateSymbolicLink(link, second.Path);
        var back = await Signals.ReadUntilAsync(source, each => each["a"].Quality.IsGood);
        Assert.Equal(SignalValue.From(4712UL), back["a"].Value);
        folder.Delete(recursive: true);
    }

    private static SimulatedRtuDevice Device(ushort value)
    {
        var device = new SimulatedRtuDevice();
        device.Map.SetRegister(ModbusTable.HoldingRegister, 0, value);
        return device;
    }

    private static ModbusSource Source(string path) => ModbusSource.OverRtu(
        "plc", [Signals.Modbus("a", "holding:0", "uint16")], new SerialPortOptions { Path = path }, converter: null,
        new ModbusRtuOptions
        {
            Timeout = TimeSpan.FromMilliseconds(60),
            ListenFirst = TimeSpan.Zero,
            ReconnectFirst = TimeSpan.FromMilliseconds(5),
            ReconnectMax = TimeSpan.FromMilliseconds(20),
        },
        TimeProvider.System);
}
