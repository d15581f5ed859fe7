using CsCheck;
using Sluice.Hal.Modbus;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Lines;

public sealed class RtuFramerTests
{
    /// <summary>
    /// Vectors from outside, in the order of the wire, low byte first: pymodbus's framer tests give E2 DB for the
    /// first; the others are the worked examples of the Modbus over Serial Line guide (V1.02, 6.2.2: 02 07 gives 41 12)
    /// and of a common manual (01 04 02 FF FF: B8 80).
    /// </summary>
    [Theory]
    [InlineData("1234234534564567", "E2DB")]
    [InlineData("0207", "4112")]
    [InlineData("010402FFFF", "B880")]
    public void The_checksum_is_the_one_that_others_compute(string bytes, string checksum)
    {
        var crc = RtuFramer.Checksum(Convert.FromHexString(bytes));
        Assert.Equal(checksum, $"{(byte)crc:X2}{crc >> 8:X2}");
    }

    [Theory]
    [InlineData(9600, 4.01)]
    [InlineData(19200, 2.005)]
    [InlineData(115200, 1.75)]
    public void The_silence_between_frames_follows_the_baud_rate(int baud, double milliseconds) =>
        Assert.Equal(milliseconds, RtuFramer.Silence(baud).TotalMilliseconds, 0.01);

    [Fact]
    public void Whatever_stands_on_the_line_an_answer_is_found_only_with_its_checksum() =>
        Gen.Select(Gen.Byte[1, 247], Gen.Int[1, 20], Gen.Byte.Array[0, 12], Gen.Byte.Array[40], Gen.Int[0, 400])
            .Sample((unit, count, noise, data, flip) =>
            {
                var request = new ReadRequest(unit, ModbusTable.HoldingRegister, 5, count);
                byte[] frame = [unit, 3, (byte)(count * 2), .. data[..(count * 2)]];
                var crc = RtuFramer.Checksum(frame);
                byte[] whole = [.. frame, (byte)crc, (byte)(crc >> 8)];
                Assert.True(RtuFramer.TryFindAnswer([.. noise, .. whole], request, out var pdu));
                Assert.Equal(whole[1..^2], ((byte[])[.. noise, .. whole])[pdu]);

                var bit = flip % (whole.Length * 8);
                whole[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(RtuFramer.TryFindAnswer(whole, request, out _), $"bit {bit} was flipped");
            });

    /// <summary>
    /// The last byte of an answer is lost and something else follows. It is taken for the answer only where the first
    /// stray byte is the one that was lost, and then the values are the device's own.
    /// </summary>
    [Fact]
    public void A_frame_that_lost_its_last_byte_gives_the_devices_own_values_or_none()
    {
        var request = new ReadRequest(7, ModbusTable.HoldingRegister, 5, 2);
        byte[] frame = [7, 3, 4, 0x12, 0x67, 0x00, 0x2A];
        var crc = RtuFramer.Checksum(frame);
        byte[] cut = [.. frame, (byte)crc];
        var taken = 0;
        for (var stray = 0; stray < 1 << 16; stray++)
        {
            for (var length = 1; length <= 3; length++)
            {
                byte[] heard = [.. cut, .. ((byte[])[(byte)stray, (byte)(stray >> 8), 0])[..length]];
                if (RtuFramer.TryFindAnswer(heard, request, out var pdu))
                {
                    Assert.Equal(frame[1..], heard[pdu]);
                    Assert.Equal(crc >> 8, stray & 0xFF);
                    taken++;
                }
            }
        }

        Assert.Equal(256 * 3, taken);
    }

    [Fact]
    public async Task An_answer_behind_noise_counts_only_if_the_line_falls_silent_after_it()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var device = new ScriptedSerialDevice();
        await using var client = new ModbusRtuClient(
            new SerialByteLine(new SerialPortOptions { Path = device.Path, Baud = 115_200 }),
            new ModbusRtuOptions { Timeout = TimeSpan.FromMilliseconds(150), ListenFirst = TimeSpan.Zero },
            TimeProvider.System);
        byte[] frame = [7, 3, 2, 0x12, 0x67];
        var crc = RtuFramer.Checksum(frame);
        byte[] right = [.. frame, (byte)crc, (byte)(crc >> 8)];
        Assert.Equal(ModbusStatus.Answered, await AskAsync([.. right, 0]));
        Assert.Equal(ModbusStatus.Answered, await AskAsync([0xFF, 7, .. right]));
        Assert.Equal(ModbusStatus.BadAnswer, await AskAsync([0xFF, 7, .. right, 0]));

        // That one is still owed: the next is asked for another length, and its answer cannot be mistaken.
        Assert.Equal(ModbusStatus.Timeout, await AskAsync(right));
        Assert.Equal(ModbusStatus.Answered, await AskAsync(right));

        async Task<ModbusStatus> AskAsync(byte[] answer)
        {
            var registers = new ushort[1];
            var asking = client.ReadRegistersAsync(7, ModbusTable.HoldingRegister, 5, registers, stop);
            await device.AskAsync(stop);
            await device.SendAsync(answer, stop);
            var result = await asking;
            Assert.Equal(result.Status == ModbusStatus.Answered ? 0x1267 : 0, registers[0]);
            return result.Status;
        }
    }

    [Fact]
    public void Another_clients_request_is_told_from_our_own_and_from_noise()
    {
        var own = new byte[RtuFramer.RequestBytesMax];
        RtuFramer.WriteRequest(own, new ReadRequest(1, ModbusTable.HoldingRegister, 100, 2));
        var foreign = new byte[RtuFramer.RequestBytesMax];
        RtuFramer.WriteRequest(foreign, new ReadRequest(5, ModbusTable.InputRegister, 0, 2));
        Assert.False(RtuFramer.HearsForeignRequest(own, own));
        Assert.False(RtuFramer.HearsForeignRequest([0xFF, 0x01, 0x03, 0x00, 0x64, 0x00, 0x02, 0x11, 0x22], own));
        Assert.True(RtuFramer.HearsForeignRequest([0xFF, .. foreign], own));
        Assert.True(RtuFramer.HearsForeignRequest([.. own, .. foreign], own));
    }
}
