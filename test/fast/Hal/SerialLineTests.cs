using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal;

public sealed class SerialLineTests
{
    [Theory]
    [InlineData("/dev/serial/by-path/no-such-adapter", "is not there")]
    [InlineData("/dev/null", "is no serial port")]
    public async Task A_port_that_cannot_be_used_is_disconnected_and_says_why(string path, string sentence)
    {
        await using var source = Source(new SerialPortOptions { Path = path });
        Assert.Equal(Quality.Bad(QualityReason.Disconnected), (await Signals.ReadAsync(source))["a"].Quality);
        Assert.Contains(sentence, source.Health.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_without_rs485_direction_control_is_refused_rather_than_driven_wrongly()
    {
        await using var device = new ScriptedSerialDevice();
        await using var source = Source(new SerialPortOptions { Path = device.Path, Rs485 = true });
        Assert.Equal(Quality.Bad(QualityReason.Disconnected), (await Signals.ReadAsync(source))["a"].Quality);
        Assert.Contains("RS-485", source.Health.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_adapter_that_is_pulled_out_is_disconnected_and_nothing_hangs()
    {
        await using var device = new ScriptedSerialDevice();
        await using var source = Source(new SerialPortOptions { Path = device.Path });
        await Signals.ReadAsync(source);
        await device.DisposeAsync();
        var readings = await Signals.ReadUntilAsync(
            source, each => each["a"].Quality == Quality.Bad(QualityReason.Disconnected));
        Assert.Equal(ValueKind.None, readings["a"].Value.Kind);
        Assert.Contains(device.Path, source.Health.Sentence, StringComparison.Ordinal);
    }

    private static ModbusSource Source(SerialPortOptions port)
    {
        var options = new ModbusRtuOptions { Timeout = TimeSpan.FromMilliseconds(60), ListenFirst = TimeSpan.Zero };
        return new ModbusSource(
            "plc", [Signals.Modbus("a", "holding:0", "uint16")],
            new ModbusRtuClient(new SerialByteLine(port), options, TimeProvider.System), new ReadPlanOptions(), 1,
            TimeProvider.System);
    }
}
