using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Field.Judges;

/// <summary>npm's modbus-serial: its server read by our client, and its client reading our simulated devices.</summary>
public sealed class Judged_by_modbus_serial
{
    [Fact]
    public async Task Its_server_is_read_right_through_a_window_of_16()
    {
        var port = FieldDirectory.FreePort();
        await using var server = await ModbusSerial.ServeAsync(port);
        var many = Enumerable.Range(10, 300).Select(address => At($"h{address}", $"holding:{address}", "uint16"));
        await using var source = new ModbusSource(
            "judge",
            [
                At("count", "holding:0", "uint32"), At("warm", "holding:2", "float32"),
                At("below", "holding:4", "int16"), At("level", "input:7", "uint16"), At("on", "coil:9", "bool"),
                At("off", "coil:10", "bool"), At("open", "discrete:25", "bool"),
                At("refused", "holding:500", "uint16"), .. many,
            ],
            new ModbusTcpOptions
            {
                Address = IPAddress.Loopback,
                Port = port,
                Window = 16,
                RegistersMax = 20,
                Timeout = TimeSpan.FromSeconds(5),
            },
            TimeProvider.System);
        for (var turn = 0; turn < 5; turn++)
        {
            var readings = await JudgedSignals.ReadAsync(source);
            Assert.Equal(Quality.Bad(QualityReason.DeviceException), readings["refused"].Quality);
            Assert.Equal(
                "123456 71.25 -2 1007 true false true",
                string.Join(' ', new[] { "count", "warm", "below", "level", "on", "off", "open" }
                    .Select(name => readings[name].Value.ToString())));
            for (var address = 10; address < 310; address++)
            {
                var reading = readings[$"h{address.ToString(CultureInfo.InvariantCulture)}"];
                Assert.Equal((Quality.Good, (ulong)address * 3), (reading.Quality, reading.Value.AsUnsigned));
            }
        }

        Assert.Equal(0, JudgedSignals.Counter(source, "strayAnswers"));
        Assert.Equal(1, JudgedSignals.Counter(source, "connects"));
    }

    [Fact]
    public async Task Its_client_reads_our_simulated_device()
    {
        await using var device = new ModbusTcpServer(IPAddress.Loopback, 0);
        Fill(device.Map);
        await ReadsAsync("tcp", device.Port);
    }

    [Fact]
    public async Task Its_client_reads_our_simulated_serial_device_behind_a_converter()
    {
        await using var device = new SimulatedRtuDevice();
        Fill(device.Map);
        var port = FieldDirectory.FreePort();
        await using var converter = ChildProcess.Start("/usr/bin/socat",
        [
            string.Create(CultureInfo.InvariantCulture, $"tcp-listen:{port},bind=127.0.0.1,reuseaddr,fork"),
            $"file:{device.Path},raw,echo=0",
        ]);
        await Eventually.HoldsAsync(
            () => Listens(port), TimeSpan.FromSeconds(10),
            () => $"socat does not listen. It said:\n{converter.Tail()}");
        await ReadsAsync("rtu", port);
    }

    private static async Task ReadsAsync(string wire, int port)
    {
        using var said = JsonDocument.Parse(await ModbusSerial.ReadAsync(wire, port, from: 30, count: 99));
        for (var index = 0; index < 99; index++)
        {
            var address = 30 + index;
            Assert.Equal(Register(address), said.RootElement.GetProperty("holding")[index].GetInt32());
            Assert.Equal(address, said.RootElement.GetProperty("input")[index].GetInt32());
            Assert.Equal(address * address % 7 > 2, said.RootElement.GetProperty("coils")[index].GetBoolean());
            Assert.Equal(address % 4 == 1, said.RootElement.GetProperty("discrete")[index].GetBoolean());
        }

        using var refused = JsonDocument.Parse(await ModbusSerial.ReadAsync(wire, port, from: 195, count: 20));
        Assert.Contains(
            "Illegal data address", refused.RootElement.GetProperty("holding")[0].GetString(),
            StringComparison.OrdinalIgnoreCase);
    }

    private static void Fill(ModbusMap map)
    {
        for (var address = 0; address < 200; address++)
        {
            map.SetRegister(ModbusTable.HoldingRegister, address, (ushort)Register(address));
            map.SetRegister(ModbusTable.InputRegister, address, (ushort)address);
            map.SetBit(ModbusTable.Coil, address, address * address % 7 > 2);
            map.SetBit(ModbusTable.DiscreteInput, address, address % 4 == 1);
        }

        map.Forbid(ModbusTable.HoldingRegister, 200, 65535);
    }

    private static int Register(int address) => 0xFFFF - (address * 523 % 0xFFFF);

    /// <summary>From the kernel's own list: a connection to try it would be a client that the device sees.</summary>
    private static bool Listens(int port) =>
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(each => each.Port == port);

    private static ModbusSignal At(string name, string address, string type) => JudgedSignals.At(name, address, type);
}
