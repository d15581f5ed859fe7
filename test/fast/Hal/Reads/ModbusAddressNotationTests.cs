using Sluice.Hal.Modbus;
using Xunit;

namespace Sluice.Fast.Hal.Reads;

public sealed class ModbusAddressNotationTests
{
    [Theory]
    [InlineData("holding:0", "holding:0")]
    [InlineData("holding:65535", "holding:65535")]
    [InlineData("input:30", "input:30")]
    [InlineData("coil:7", "coil:7")]
    [InlineData("discrete:5", "discrete:5")]
    [InlineData("holding:100.3", "holding:100.3")]
    [InlineData("40001", "holding:0")]
    [InlineData("400001", "holding:0")]
    [InlineData("465536", "holding:65535")]
    [InlineData("30010", "input:9")]
    [InlineData("00001", "coil:0")]
    [InlineData("10001", "discrete:0")]
    [InlineData("40101.15", "holding:100.15")]
    [InlineData(" holding:4 ", "holding:4")]
    [InlineData("LW-100", "holding:100")]
    [InlineData("LW-100.3", "holding:100.3")]
    [InlineData("LB-12", "coil:12")]
    [InlineData("LB-12799", "coil:12799")]
    [InlineData("RW-0", "holding:9999")]
    [InlineData("RW-55535", "holding:65534")]
    public void An_address_is_read_as_the_place_that_goes_on_the_wire(string text, string place)
    {
        Assert.True(ModbusAddressNotation.TryParse(text, true, out var address, out var problem), problem);
        Assert.Equal(place, ModbusAddressNotation.Write(address));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("holding", "no Modbus address")]
    [InlineData("holding:", "0 to 65535")]
    [InlineData("holding:65536", "0 to 65535")]
    [InlineData("holding:-1", "0 to 65535")]
    [InlineData("Holding:1", "write holding, input, coil or discrete")]
    [InlineData("holding:1.16", "0 to 15")]
    [InlineData("holding:1.", "0 to 15")]
    [InlineData("coil:1.2", "leave out '.2'")]
    [InlineData("LB-1.2", "leave out '.2'")]
    [InlineData("40000", "counts from 1")]
    [InlineData("465537", "counts from 1")]
    [InlineData("50001", "begins with 5")]
    [InlineData("4001", "no Modbus address")]
    [InlineData("4000001", "no Modbus address")]
    [InlineData("LW-9999", "LW-0 to LW-9998")]
    [InlineData("RW-55536", "RW-0 to RW-55535")]
    [InlineData("RBI-3", "LW-N, LB-N or RW-N")]
    [InlineData("LW-x", "LW-0 to LW-9998")]
    [InlineData("holding:99999999999", "0 to 65535")]
    public void What_is_no_address_is_refused_with_what_to_write(string text, string sentence)
    {
        Assert.False(ModbusAddressNotation.TryParse(text, true, out _, out var problem));
        Assert.Contains(sentence, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_panels_own_words_need_the_profile_of_the_panel()
    {
        Assert.False(ModbusAddressNotation.TryParse("LW-100", false, out _, out var problem));
        Assert.Contains("\"profile\": \"weintek\"", problem, StringComparison.Ordinal);
    }
}
