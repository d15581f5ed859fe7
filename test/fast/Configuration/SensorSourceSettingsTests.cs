using Sluice.Agent.Configuration;
using Xunit;

namespace Sluice.Fast.Configuration;

public sealed class SensorSourceSettingsTests
{
    [Fact]
    public void A_list_of_sensors_becomes_what_the_source_takes_with_the_kernels_units()
    {
        var gateway = MemoryFolder.Gateway.Replace(
            "\"modbus-tcp\", \"address\": \"10.10.1.30\"", "\"sensors\"", StringComparison.Ordinal);
        var loaded = MemoryFolder.Load(gateway, string.Join('\n',
            "signal,address,type,unit,scale,every",
            "cabinet,hwmon:lm75/temp1,float64,,,",
            "supply,iio:ads1015#1/in_voltage0,float64,,,1 s",
            "level,iio:ads1015/in_voltage1,float64,mm,12.5,",
            "cpu,thermal:cpu-thermal,float64,,,") + "\n");

        Assert.Empty(loaded.Problems);
        var settings = Assert.IsType<SensorSettings>(Assert.Single(loaded.Configuration!.Sources));
        Assert.Equal(
            [
                ("hwmon:lm75/temp1", "degC", 1, 10), ("iio:ads1015#1/in_voltage0", "V", 1, 1),
                ("iio:ads1015/in_voltage1", "mm", 12.5, 10), ("thermal:cpu-thermal", "degC", 1, 10),
            ],
            settings.Sensors.Zip(settings.Signals, (sensor, signal) => (
                sensor.Address.ToString(), sensor.Signal.EngineeringUnit, sensor.Scale, signal.Every.TotalSeconds)));
    }
}
