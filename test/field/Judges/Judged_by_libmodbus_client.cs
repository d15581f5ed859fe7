using System.Net;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Field.Judges;

/// <summary>
/// Our simulated devices under the client that libmodbus tests its own server with, all of its cases: what our tests
/// take for a device passes for one with people who never saw it.
/// </summary>
public sealed class Judged_by_libmodbus_client : IDisposable
{
    private const string PassedAll = "ALL TESTS PASS WITH SUCCESS.";
    private const string SerialPortOfTheSource = "\"/dev/ttyUSB1\"";

    // Its times between two bytes are shorter than a busy machine's turns: stretched, and the device's with them.
    private static readonly (string Was, string Becomes)[] Stretched =
    [
        ("modbus_set_byte_timeout(ctx, 0, 7000)", "modbus_set_byte_timeout(ctx, 0, 400000)"),
        ("usleep(11 * 5000)", "usleep(11 * 80000)"),
    ];

    private readonly FieldDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task The_simulated_tcp_device_passes_every_case()
    {
        await using var device = new ModbusTcpServer(IPAddress.Loopback, 0) { Judged = new WritableDevice() };
        await PassesAsync("tcp", (LibmodbusExample.PortOfTheSource, LibmodbusExample.Port(device.Port)));
    }

    [Fact]
    public async Task The_simulated_serial_device_passes_every_case()
    {
        await using var device = new SimulatedRtuDevice(new WritableDevice());
        await PassesAsync("rtu", (SerialPortOfTheSource, $"\"{device.Path}\""));
    }

    private async Task PassesAsync(string wire, (string Was, string Becomes) change)
    {
        var program = await LibmodbusExample.CompileAsync(directory, "unit-test-client", [change, .. Stretched]);
        var (code, said) = await ChildProcess.RunAsync("/usr/bin/stdbuf", "-oL", program, wire);
        Assert.True(code == 0, said);
        Assert.Contains(PassedAll, said, StringComparison.Ordinal);
    }
}
