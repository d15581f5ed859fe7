using Sluice.Hal;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Lines;

/// <summary>Another client on the same RS-485 bus: two clients collide, and can stop the machine.</summary>
public sealed class ListenBeforeTalkTests
{
    private const int Ours = 0;

    private static readonly ReadRequest Foreign = new(9, ModbusTable.HoldingRegister, 0, 2);

    private static readonly TimeSpan ListenFirst = TimeSpan.FromMilliseconds(400);

    [Fact]
    public async Task Where_another_client_is_heard_before_the_first_request_nothing_is_ever_sent_and_it_is_said()
    {
        await using var bus = new SerialBus(1, _ => true);
        await using var source = Source(bus);
        await ReadUntilAsync(source, bus, () => source.Health.State == "refused");
        Assert.Contains("another Modbus client was heard", source.Health.Sentence, StringComparison.Ordinal);
        Assert.Contains("nothing was sent", source.Health.Sentence, StringComparison.Ordinal);

        // Nor when the other has gone: somebody has to decide whose bus it is.
        for (var turn = 0; turn < 5; turn++)
        {
            Assert.Equal(
                Quality.Bad(QualityReason.Disconnected), (await Signals.ReadAsync(source))["a"].Quality);
        }

        Assert.Equal(0, bus.RequestsOf(Ours));
        Assert.Equal(0, Signals.Counter(source, "requests"));
        Assert.True(Signals.Counter(source, "foreignRequests") >= 1);
    }

    [Fact]
    public async Task Another_client_that_comes_later_is_given_way_to_and_counted_and_reading_goes_on_when_it_has_gone()
    {
        await using var bus = new SerialBus(1, _ => true);
        await using var source = Source(bus);
        await Signals.ReadUntilAsync(source, each => each["a"].Quality.IsGood);

        await ReadUntilAsync(source, bus, () => source.Health.State == "paused");
        Assert.True(Signals.Counter(source, "foreignRequests") >= 1);
        var sent = bus.RequestsOf(Ours);
        for (var turn = 0; turn < 4; turn++)
        {
            await bus.SpeakAsync(Foreign);
            Assert.False((await Signals.ReadAsync(source))["a"].Quality.IsGood);
        }

        Assert.Equal(sent, bus.RequestsOf(Ours));
        Assert.Contains("nothing is sent until it is silent", source.Health.Sentence, StringComparison.Ordinal);
        await Signals.ReadUntilAsync(source, each => each["a"].Quality.IsGood);
        Assert.Equal("connected", source.Health.State);
    }

    /// <summary>
    /// The answer to the last request before a restart may be the first thing that is heard after it. One of 17 to 24
    /// bits is as long as a request, and would keep the source silent for ever.
    /// </summary>
    [Fact]
    public void An_answer_that_looks_like_a_request_is_taken_for_one_only_if_it_is_answered()
    {
        var request = Framed([7, 2, 3, 0x10, 0x22, 0x01]);
        Assert.False(RtuFramer.HearsForeignRequest(request, []));
        Assert.True(RtuFramer.HearsForeignRequest([.. request, 7], []));
        Assert.True(RtuFramer.HearsForeignRequest(Framed([7, 2, 4, 0x10, 0x22, 0x01]), []));
        Assert.True(RtuFramer.HearsForeignRequest(Framed([7, 0x2B, 0x0E, 1, 0]), []));
    }

    private static byte[] Framed(byte[] frame)
    {
        var checksum = RtuFramer.Checksum(frame);
        return [.. frame, (byte)checksum, (byte)(checksum >> 8)];
    }

    /// <summary>Both go on reading until the condition holds.</summary>
    private static async Task ReadUntilAsync(ModbusSource source, SerialBus bus, Func<bool> holds)
    {
        for (var turn = 0; !holds(); turn++)
        {
            Assert.InRange(turn, 0, 200);
            var reading = Signals.ReadAsync(source);
            await bus.SpeakAsync(Foreign);
            await reading;
        }
    }

    private static ModbusSource Source(SerialBus bus) => new(
        "plc", [Signals.Modbus("a", "holding:0", "uint16")], Client(bus), new ModbusSourceOptions(),
        TimeProvider.System);

    private static ModbusRtuClient Client(SerialBus bus) => new(
        new SerialByteLine(new SerialPortOptions { Path = bus.Path(Ours), Baud = 115_200 }),
        new ModbusRtuOptions { Timeout = TimeSpan.FromMilliseconds(200), ListenFirst = ListenFirst },
        TimeProvider.System);
}
