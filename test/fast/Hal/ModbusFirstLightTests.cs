using System.Net;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal;

public sealed class ModbusFirstLightTests
{
    [Fact]
    public async Task A_value_written_into_the_plants_map_is_read_over_tcp()
    {
        await using var server = new ModbusTcpServer(IPAddress.Loopback, 0);
        server.Map.SetFloat(ModbusTable.HoldingRegister, 100, 71.25f, ByteOrder.CDAB);
        server.Map.SetBit(ModbusTable.Coil, 12, true);
        ModbusSignal[] signals =
        [
            Make("oil", SignalKind.Float32, new ModbusAddress(ModbusTable.HoldingRegister, 100), ByteOrder.CDAB),
            Make("door", SignalKind.Bool, new ModbusAddress(ModbusTable.Coil, 12), ByteOrder.ABCD),
        ];
        await using var source = new ModbusSource(
            "hmi1", signals, new ModbusTcpOptions { Address = IPAddress.Loopback, Port = server.Port },
            TimeProvider.System);
        var batch = new ReadingBatch();
        await source.ReadAsync(new[] { 0, 1 }, batch, TestContext.Current.CancellationToken);
        Assert.Equal(2, batch.Count);
        var byName = batch.Readings.ToArray().ToDictionary(each => each.Signal.Name);
        Assert.Equal(SignalValue.FromSingle(71.25f), byName["hmi1/oil"].Value);
        Assert.True(byName["hmi1/oil"].Quality.IsGood);
        Assert.Equal(SignalValue.From(true), byName["hmi1/door"].Value);
    }

    private static ModbusSignal Make(string name, SignalKind kind, ModbusAddress address, ByteOrder order) => new()
    {
        Signal = new Signal { Name = "hmi1/" + name, Source = "hmi1", Type = new SignalType(kind) },
        UnitId = 1,
        Address = address,
        Order = order,
    };
}
