using CsCheck;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal;

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
