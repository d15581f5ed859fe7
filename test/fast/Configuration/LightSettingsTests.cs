using Sluice.Agent.Configuration;
using Sluice.Hal.Gpio;
using Xunit;

namespace Sluice.Fast.Configuration;

public sealed class LightSettingsTests
{
    [Fact]
    public void Without_the_key_there_is_no_light() =>
        Assert.Null(MemoryFolder.Load(MemoryFolder.Gateway, MemoryFolder.List).Configuration!.Light);

    [Theory]
    [InlineData("LED1", -1, "LED1")]
    [InlineData("gpio:LED1", -1, "LED1")]
    [InlineData("17", 17, "")]
    [InlineData("gpio:17", 17, "")]
    public void A_line_is_named_as_in_a_signal_list_with_or_without_its_prefix(string text, int number, string name)
    {
        var loaded = MemoryFolder.Load(With($$"""{ "chip": "label:leds", "line": "{{text}}" }"""), MemoryFolder.List);

        Assert.Empty(loaded.Problems);
        Assert.Equal(new LightSettings("label:leds", new GpioLine(number, name)), loaded.Configuration!.Light);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gpio:")]
    [InlineData("1024")]
    [InlineData("a line with blanks")]
    public void A_line_that_no_chip_has_is_refused(string text)
    {
        var loaded = MemoryFolder.Load(With($$"""{ "chip": "label:leds", "line": "{{text}}" }"""), MemoryFolder.List);

        Assert.Equal("light.line", Assert.Single(loaded.Problems).Path);
        Assert.Null(loaded.Configuration);
    }

    private static string With(string light) =>
        MemoryFolder.Gateway.Replace("\"sources\"", $"\"light\": {light}, \"sources\"", StringComparison.Ordinal);
}
