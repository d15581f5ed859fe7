using Sluice.Hal;
using Sluice.Hal.Sensors;
using Xunit;

namespace Sluice.Fast.Hal.Sensors;

public sealed class SensorSourceTests
{
    [Theory]
    [InlineData("hwmon:lm75/temp1", -12.5, "degC")]
    [InlineData("hwmon:lm75#1/temp1", 31, "degC")]
    [InlineData("hwmon:cpu_thermal/temp1", 48.312, "degC")]
    [InlineData("hwmon:ina226/in1", 24.013, "V")]
    [InlineData("hwmon:ina226/curr1", 1.25, "A")]
    [InlineData("hwmon:ina226/power1", 30.01625, "W")]
    [InlineData("hwmon:pwmfan/fan1", 2940, "1/min")]
    [InlineData("iio:ads1015/in_voltage0", 3.072, "V")]
    [InlineData("iio:ads1015/in_voltage2", 0.2, "V")]
    [InlineData("iio:sht31/in_temp", 24.423825, "degC")]
    [InlineData("iio:sht31/in_humidityrelative", 45.2, "%")]
    [InlineData("thermal:soc-thermal", 51, "degC")]
    public async Task The_kernels_units_become_ours(string address, double value, string unit)
    {
        using var board = RecordedTree.OfABoard();
        await using var source = Over(board, address);
        Assert.Equal($"{SignalValue.FromDouble(value)} Good", await Read(source));
        var found = new SensorTree(board.Path).List().Single(each => each.Address.ToString() == address);
        Assert.Equal(unit, found.Unit.Unit);
    }

    [Fact]
    public void Everything_is_listed_in_the_order_of_the_kernel_and_no_limit_is_taken_for_a_value()
    {
        using var board = RecordedTree.OfABoard();
        var listed = new SensorTree(board.Path).List();
        Assert.Equal(
            [
                "hwmon:cpu_thermal/temp1", "hwmon:lm75/temp1", "hwmon:ina226/curr1", "hwmon:ina226/in1",
                "hwmon:ina226/power1", "hwmon:pwmfan/fan1", "hwmon:lm75#1/temp1", "iio:ads1015/in_voltage0",
                "iio:ads1015/in_voltage2", "iio:sht31/in_humidityrelative", "iio:sht31/in_temp", "thermal:soc-thermal",
            ],
            listed.Select(each => each.Address.ToString()));
        Assert.Equal("24 V supply", listed.Single(each => each.Address.Channel == "in1").Label);
    }

    [Fact]
    public async Task A_sensor_that_comes_later_is_found_and_one_that_moved_to_another_number_too()
    {
        using var board = RecordedTree.OfABoard();
        await using var source = Over(board, "hwmon:tmp102/temp1");
        Assert.Equal(" Bad/Disconnected", await Read(source));
        Assert.Contains("There is no sensor hwmon:tmp102/temp1", source.Health.Sentence, StringComparison.Ordinal);
        board.With("class/hwmon/hwmon4/name", "tmp102").With("class/hwmon/hwmon4/temp1_input", "20500");
        Assert.Equal("20.5 Good", await Read(source));
        Assert.Equal("", source.Health.Sentence);
        board.Remove("class/hwmon/hwmon4");
        Assert.Equal(" Bad/Disconnected", await Read(source));
        board.With("class/hwmon/hwmon7/name", "tmp102").With("class/hwmon/hwmon7/temp1_input", "21000");
        Assert.Equal("21 Good", await Read(source));
    }

    [Theory]
    [InlineData("")]
    [InlineData("N/A")]
    [InlineData("1e999")]
    public async Task A_file_without_a_number_is_never_a_value(string content)
    {
        using var board = RecordedTree.OfABoard().With("class/hwmon/hwmon1/temp1_input", content);
        await using var source = Over(board, "hwmon:lm75/temp1");
        Assert.Equal(" Bad/DeviceException", await Read(source));
    }

    [Theory]
    [InlineData("")]
    [InlineData("lm75/temp1")]
    [InlineData("hwmon:lm75")]
    [InlineData("hwmon:/temp1")]
    [InlineData("hwmon:../../etc/passwd")]
    [InlineData("hwmon:lm75/..")]
    [InlineData("hwmon:lm75#x/temp1")]
    [InlineData("thermal:soc/temp")]
    [InlineData("w1:28/temp")]
    public void What_is_no_address_is_said_in_words(string text)
    {
        Assert.False(SensorAddress.TryParse(text, out _, out var problem));
        Assert.Contains("write one such as hwmon:lm75/temp1", problem, StringComparison.Ordinal);
    }

    internal static SensorSource Over(RecordedTree board, params string[] addresses) => new(
        "board",
        [.. addresses.Select(address => new SensorSignal
        {
            Signal = new Signal
            {
                Name = "board/" + address, Source = "board", Type = new SignalType(SignalKind.Float64),
            },
            Address = SensorAddress.TryParse(address, out var parsed, out var problem)
                ? parsed
                : throw new ArgumentException(problem),
        })],
        board.Path, TimeProvider.System);

    private static async Task<string> Read(SensorSource source)
    {
        var batch = new ReadingBatch();
        await source.ReadAsync(new[] { 0 }, batch, TestContext.Current.CancellationToken);
        return $"{batch.Readings[0].Value} {batch.Readings[0].Quality}";
    }
}

public sealed class SensorWellContractTests : SourceContract
{
    protected override bool IsWell => true;

    protected override SourceUnderTest Make()
    {
        var board = RecordedTree.OfABoard();
        return new SourceUnderTest(
            SensorSourceTests.Over(board, "hwmon:lm75/temp1", "iio:sht31/in_temp", "thermal:soc-thermal"),
            TimeSpan.FromSeconds(2), board);
    }
}

public sealed class SensorMissingContractTests : SourceContract
{
    protected override bool IsWell => false;

    protected override SourceUnderTest Make()
    {
        var board = new RecordedTree();
        return new SourceUnderTest(
            SensorSourceTests.Over(board, "hwmon:lm75/temp1", "thermal:soc-thermal"), TimeSpan.FromSeconds(2), board);
    }
}
