using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Light;
using Xunit;

namespace Sluice.Fast.Hal.Gpio;

public sealed class GpioLineTests
{
    [Theory]
    [InlineData("gpio:0", 0, "")]
    [InlineData("gpio:17", 17, "")]
    [InlineData("gpio:1023", 1023, "")]
    [InlineData("gpio:DI1", -1, "DI1")]
    [InlineData("gpio:1A", -1, "1A")]
    [InlineData("gpio:X7.pin-3", -1, "X7.pin-3")]
    public void A_line_is_named_by_number_or_by_name(string text, int number, string name)
    {
        Assert.True(GpioLine.TryParse(text, out var line, out _));
        Assert.Equal(new GpioLine(number, name), line);
        Assert.Equal(text, line.ToString());
    }

    [Theory]
    [InlineData("", "write gpio:")]
    [InlineData("17", "write gpio:")]
    [InlineData("gpio:", "write gpio:")]
    [InlineData("GPIO:17", "write gpio:")]
    [InlineData("gpio:1024", "no chip has lines above 1023")]
    [InlineData("gpio:99999999999", "no chip has lines above 1023")]
    [InlineData("gpio:DI 1", "without blanks")]
    [InlineData("gpio:a-name-of-more-than-thirty-one-c", "up to 31")]
    public void What_is_no_line_is_said_in_words(string text, string sentence)
    {
        Assert.False(GpioLine.TryParse(text, out _, out var problem));
        Assert.Contains(sentence, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LightMessage.Off, 0, false)]
    [InlineData(LightMessage.Publishing, 0, true)]
    [InlineData(LightMessage.Publishing, 123_456, true)]
    [InlineData(LightMessage.Storing, 0, true)]
    [InlineData(LightMessage.Storing, 999, true)]
    [InlineData(LightMessage.Storing, 1000, false)]
    [InlineData(LightMessage.Storing, 2000, true)]
    [InlineData(LightMessage.NeedsPerson, 124, true)]
    [InlineData(LightMessage.NeedsPerson, 125, false)]
    [InlineData(LightMessage.NeedsPerson, 250, true)]
    public void The_light_says_how_it_stands(LightMessage message, int milliseconds, bool on) =>
        Assert.Equal(on, LightPattern.IsOn(message, TimeSpan.FromMilliseconds(milliseconds)));

    [Theory]
    [InlineData(LightMessage.Storing)]
    [InlineData(LightMessage.NeedsPerson)]
    public void A_light_that_is_looked_after_at_each_change_misses_none(LightMessage message)
    {
        var stood = TimeSpan.Zero;
        for (var change = 0; change < 20; change++)
        {
            Assert.Equal(change % 2 == 0, LightPattern.IsOn(message, stood));
            stood += LightPattern.UntilChange(message, stood);
        }

        Assert.Equal(TimeSpan.MaxValue, LightPattern.UntilChange(LightMessage.Publishing, stood));
    }
}
