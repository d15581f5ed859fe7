using System.Net;
using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Units;

/// <summary>Who is asked who it is, and when.</summary>
public sealed class UnitIdentitiesTests
{
    private static readonly DeviceIdentification Drive = new("Example Drives", "XD-7", "V2.11", "", "", "");
    private static readonly TimeSpan Plenty = TimeSpan.FromMinutes(1);

    private readonly UnitIdentities identities = new("drives");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void A_unit_is_asked_once_it_has_answered_a_read_and_again_when_it_was_gone()
    {
        Assert.Null(identities.Next);
        identities.Answered(7);
        Assert.Equal((byte)7, identities.Next);
        identities.Observe(7, ModbusResult.Answered, Drive);
        identities.Answered(7);
        Assert.Null(identities.Next);
        Assert.Equal([new SourceDevice("drives", 7, "Example Drives", "XD-7", "V2.11", "", "")], identities.Devices);

        identities.Gone(7);
        Assert.Null(identities.Next);
        identities.Answered(7);
        Assert.Equal((byte)7, identities.Next);
        var before = identities.Devices;
        identities.Observe(7, ModbusResult.Answered, Drive);
        Assert.Same(before, identities.Devices);
        identities.Gone(7);
        identities.Answered(7);
        identities.Observe(7, ModbusResult.Answered, Drive with { Revision = "V3.0" });
        Assert.Equal("V3.0", Assert.Single(identities.Devices).Revision);
    }

    /// <summary>How often a unit is asked at most that ends every question like this.</summary>
    [Theory]
    [InlineData(ModbusStatus.DeviceException, 1, 1)]
    [InlineData(ModbusStatus.DeviceException, 3, 1)]
    [InlineData(ModbusStatus.BadAnswer, 0, 1)]
    [InlineData(ModbusStatus.Timeout, 0, 2)]
    [InlineData(ModbusStatus.Disconnected, 0, 2)]
    [InlineData(ModbusStatus.DeviceException, 6, 2)]
    public void A_unit_that_does_not_know_the_question_is_left_in_peace(ModbusStatus status, byte code, int times)
    {
        var asked = 0;
        for (var life = 0; life < 10; life++)
        {
            identities.Answered(7);
            if (identities.Next is { } unit)
            {
                asked++;
                identities.Observe(unit, new ModbusResult(status, code), null);
            }

            identities.Gone(7);
        }

        Assert.Equal(times, asked);
        Assert.Empty(identities.Devices);
    }

    [Fact]
    public async Task A_source_asks_in_the_time_between_its_turns_and_never_in_a_turn()
    {
        await using var device = new ModbusTcpServer(IPAddress.Loopback, 0);
        device.Responder.Identification = ["Example Drives", "XD-7", "V2.11"];
        await using var source = Source(device, identify: true);

        await source.UseSpareTimeAsync(Plenty, Stop);
        Assert.Equal(0, device.Responder.Requests);
        await Signals.ReadAsync(source);
        await source.UseSpareTimeAsync(TimeSpan.FromMilliseconds(10), Stop);
        Assert.DoesNotContain((byte)43, device.Responder.RequestsByFunction.Keys);
        Assert.Empty(source.Health.Devices);

        await source.UseSpareTimeAsync(Plenty, Stop);
        await source.UseSpareTimeAsync(Plenty, Stop);
        Assert.Equal(1, device.Responder.RequestsByFunction[43]);
        Assert.Equal(new SourceDevice("plc", 1, "Example Drives", "XD-7", "V2.11", "", ""), source.Health.Devices[0]);
    }

    [Fact]
    public async Task A_source_that_is_told_not_to_ask_does_not()
    {
        await using var device = new ModbusTcpServer(IPAddress.Loopback, 0);
        await using var source = Source(device, identify: false);
        await Signals.ReadAsync(source);
        await source.UseSpareTimeAsync(Plenty, Stop);
        Assert.DoesNotContain((byte)43, device.Responder.RequestsByFunction.Keys);
    }

    private static ModbusSource Source(ModbusTcpServer device, bool identify) => new(
        "plc", [Signals.Modbus("word", "holding:1", "uint16")],
        new ModbusTcpOptions
        {
            Address = IPAddress.Loopback, Port = device.Port, Timeout = TimeSpan.FromSeconds(2), Identify = identify,
        },
        TimeProvider.System);
}
