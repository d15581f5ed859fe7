using Sluice.Hal;
using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Reads;

/// <summary>
/// Vectors from outside: the bytes and values of Telegraf's Modbus plugin (plugins/inputs/modbus,
/// configuration_register_test.go, TestRegisterHoldingRegisters), which were made with another language's arithmetic;
/// its value of the uint64 in other orders went through a
/// float there and is given here whole (2^64 - 1387387292028). Floats also from IEEE 754's own definition (1.0 = 3F80
/// 0000, -2 = C000 0000, infinity = 7F80 0000).
/// </summary>
public sealed class RegisterDecodingTests
{
    [Theory]
    [InlineData("int16", ByteOrder.ABCD, "ABCD", "-21555")]
    [InlineData("int16", ByteOrder.BADC, "ABCD", "-12885")]
    [InlineData("int16", ByteOrder.CDAB, "ABCD", "-21555")]
    [InlineData("int16", ByteOrder.DCBA, "ABCD", "-12885")]
    [InlineData("uint16", ByteOrder.ABCD, "ABCD", "43981")]
    [InlineData("uint16", ByteOrder.BADC, "ABCD", "52651")]
    [InlineData("uint16", ByteOrder.CDAB, "ABCD", "43981")]
    [InlineData("uint16", ByteOrder.DCBA, "ABCD", "52651")]
    [InlineData("int32", ByteOrder.ABCD, "AABBCCDD", "-1430532899")]
    [InlineData("int32", ByteOrder.DCBA, "AABBCCDD", "-573785174")]
    [InlineData("int32", ByteOrder.BADC, "AABBCCDD", "-1146430004")]
    [InlineData("int32", ByteOrder.CDAB, "AABBCCDD", "-857888069")]
    [InlineData("uint32", ByteOrder.ABCD, "AABBCCDD", "2864434397")]
    [InlineData("uint32", ByteOrder.DCBA, "AABBCCDD", "3721182122")]
    [InlineData("uint32", ByteOrder.BADC, "AABBCCDD", "3148537292")]
    [InlineData("uint32", ByteOrder.CDAB, "AABBCCDD", "3437079227")]
    [InlineData("int64", ByteOrder.ABCD, "000001000000ABCD", "1099511671757")]
    [InlineData("int64", ByteOrder.DCBA, "84F645F9BCFEFFFF", "-1387387292028")]
    [InlineData("int64", ByteOrder.BADC, "FFFFBCFE45F984F6", "-1387387292028")]
    [InlineData("int64", ByteOrder.CDAB, "F684F945FEBCFFFF", "-1387387292028")]
    [InlineData("uint64", ByteOrder.ABCD, "000001000000ABCD", "1099511671757")]
    [InlineData("uint64", ByteOrder.DCBA, "84F645F9BCFEFFFF", "18446742686322259588")]
    [InlineData("uint64", ByteOrder.BADC, "FFFFBCFE45F984F6", "18446742686322259588")]
    [InlineData("uint64", ByteOrder.CDAB, "F684F945FEBCFFFF", "18446742686322259588")]
    [InlineData("float32", ByteOrder.ABCD, "AABBCCDD", "-3.3360025E-13")]
    [InlineData("float32", ByteOrder.DCBA, "DDCCBBAA", "-3.3360025E-13")]
    [InlineData("float32", ByteOrder.BADC, "BBAADDCC", "-3.3360025E-13")]
    [InlineData("float32", ByteOrder.CDAB, "CCDDAABB", "-3.3360025E-13")]
    [InlineData("float32", ByteOrder.ABCD, "3F800000", "1")]
    [InlineData("float32", ByteOrder.CDAB, "00003F80", "1")]
    [InlineData("float32", ByteOrder.ABCD, "C0000000", "-2")]
    [InlineData("float64", ByteOrder.ABCD, "BF9C6A40C3478F55", "-0.02774907295123737")]
    [InlineData("float64", ByteOrder.DCBA, "558F47C3406A9CBF", "-0.02774907295123737")]
    [InlineData("float64", ByteOrder.BADC, "9CBF406A47C3558F", "-0.02774907295123737")]
    [InlineData("float64", ByteOrder.CDAB, "8F55C3476A40BF9C", "-0.02774907295123737")]
    [InlineData("string:14", ByteOrder.ABCD, "4D6F6462757320537472696E6700", "Modbus String")]
    [InlineData("string:14", ByteOrder.BADC, "6F4D62647375532072746E690067", "Modbus String")]
    [InlineData("string:14", ByteOrder.CDAB, "4D6F6462757320537472696E6700", "Modbus String")]
    [InlineData("string:14", ByteOrder.DCBA, "6F4D62647375532072746E690067", "Modbus String")]
    [InlineData("bcd16", ByteOrder.ABCD, "1234", "1234")]
    [InlineData("bcd16", ByteOrder.BADC, "3412", "1234")]
    [InlineData("bcd32", ByteOrder.ABCD, "12345678", "12345678")]
    [InlineData("bcd32", ByteOrder.CDAB, "56781234", "12345678")]
    [InlineData("bcd32", ByteOrder.BADC, "34127856", "12345678")]
    [InlineData("bcd32", ByteOrder.DCBA, "78563412", "12345678")]
    [InlineData("bool", ByteOrder.ABCD, "0001", "true")]
    [InlineData("bool", ByteOrder.BADC, "0100", "true")]
    [InlineData("bool", ByteOrder.ABCD, "0000", "false")]
    public void Every_type_in_every_order_reads_what_others_read(
        string type, ByteOrder order, string bytes, string value)
    {
        var decoded = Decode(Signals.Modbus("x", "holding:0", type, order), bytes);
        Assert.True(decoded.Quality.IsGood);
        Assert.Equal(value, decoded.Value.ToString());
    }

    [Theory]
    [InlineData("int16", ByteOrder.ABCD, "FFD6", 0.1, 0, -4.2)]
    [InlineData("uint16", ByteOrder.BADC, "D8FF", 0.1, 0, 6549.6)]
    [InlineData("int32", ByteOrder.ABCD, "FFFFFFD6", 0.1, 0, -4.2)]
    [InlineData("uint32", ByteOrder.DCBA, "D8FFFFFF", 0.001, 0, 4294967.256)]
    [InlineData("int64", ByteOrder.ABCD, "FFFFFFFFFFFFFFD6", 0.000001, 0, -0.000042)]
    [InlineData("uint64", ByteOrder.DCBA, "8899AABBCCDDEEFF", 0.000000001, 0, 18441921395.520346504)]
    [InlineData("int32", ByteOrder.ABCD, "0000ABCD", 10, 0, 439810)]
    [InlineData("float64", ByteOrder.ABCD, "BF9C6A40C3478F55", 0.1, 0, -0.002774907295123737)]
    [InlineData("uint16", ByteOrder.ABCD, "0003", 0.1, 0, 0.3)]
    [InlineData("uint16", ByteOrder.ABCD, "0F0F", 0.1, -273.15, 112.35)]
    [InlineData("bcd16", ByteOrder.ABCD, "0042", 0.01, 0, 0.42)]
    public void Scale_and_offset_give_the_number_that_a_person_would_write(
        string type, ByteOrder order, string bytes, double scale, double offset, double value)
    {
        var decoded = Decode(Signals.Modbus("x", "holding:0", type, order, scale, offset), bytes);
        Assert.True(decoded.Quality.IsGood);
        Assert.Equal(ValueKind.Double, decoded.Value.Kind);
        Assert.Equal(value, decoded.Value.AsDouble);
    }

    [Theory]
    [InlineData("float32", "7FC00000")] // NaN
    [InlineData("float32", "7F800000")] // infinity
    [InlineData("float32", "FF800000")]
    [InlineData("float64", "7FF8000000000000")]
    [InlineData("float64", "FFF0000000000000")]
    [InlineData("bcd16", "12A4")]
    [InlineData("bcd32", "F0000000")]
    [InlineData("bool", "0002")]
    [InlineData("bool", "FFFF")]
    [InlineData("string:4", "C3284142")] // no UTF-8
    public void What_cannot_be_expressed_is_bad_and_has_no_value(string type, string bytes)
    {
        var decoded = Decode(Signals.Modbus("x", "holding:0", type), bytes);
        Assert.Equal(Quality.Bad(QualityReason.OutOfRange), decoded.Quality);
        Assert.Equal(ValueKind.None, decoded.Value.Kind);
    }

    [Fact]
    public void A_value_that_scaling_drives_past_all_numbers_is_bad()
    {
        var decoded = Decode(Signals.Modbus("x", "holding:0", "float64", scale: 1e300), "7FE0000000000000");
        Assert.Equal(Quality.Bad(QualityReason.OutOfRange), decoded.Quality);
    }

    [Theory]
    [InlineData(3, true)] // 180D: the vectors of Telegraf's BIT type
    [InlineData(14, false)]
    [InlineData(0, true)]
    [InlineData(12, true)]
    [InlineData(15, false)]
    public void A_bit_of_a_register_counts_from_the_least_significant(int bit, bool value)
    {
        var decoded = Decode(Signals.Modbus("x", $"holding:5.{bit}", "bool"), "180D");
        Assert.Equal(SignalValue.From(value), decoded.Value);
    }

    [Fact]
    public void A_text_ends_at_its_first_nul_and_loses_the_blanks_at_its_end()
    {
        Assert.Equal("", Decode(Signals.Modbus("x", "holding:0", "string:2"), "0000").Value.AsText);
        Assert.Equal("AB", Decode(Signals.Modbus("x", "holding:0", "string:6"), "414220202020").Value.AsText);
        Assert.Equal("A", Decode(Signals.Modbus("x", "holding:0", "string:4"), "41004243").Value.AsText);
        Assert.Equal("ABC", Decode(Signals.Modbus("x", "holding:0", "string:3"), "41424344").Value.AsText);
    }

    private static DecodedValue Decode(ModbusSignal signal, string bytes)
    {
        var raw = Convert.FromHexString(bytes);
        var registers = new ushort[raw.Length / 2];
        for (var index = 0; index < registers.Length; index++)
        {
            registers[index] = (ushort)((raw[index * 2] << 8) | raw[(index * 2) + 1]);
        }

        return RegisterDecoding.FromRegisters(signal, registers);
    }
}
