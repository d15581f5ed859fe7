namespace Sluice.Fast.Hal.Sensors;

/// <summary>A /sys as a board has it, on disk: paths and contents.</summary>
internal sealed class RecordedTree : IDisposable, IAsyncDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("sluice-sys-");

    /// <summary>
    /// What an i.MX8 board with an LM75, a fan, a power monitor, an ADS1015 and an SHT31 shows (recorded, shortened).
    /// </summary>
    public static RecordedTree OfABoard() => new RecordedTree()
        .With("class/hwmon/hwmon0/name", "cpu_thermal").With("class/hwmon/hwmon0/temp1_input", "48312")
        .With("class/hwmon/hwmon1/name", "lm75").With("class/hwmon/hwmon1/temp1_input", "-12500")
        .With("class/hwmon/hwmon1/temp1_max", "80000")
        .With("class/hwmon/hwmon2/name", "ina226").With("class/hwmon/hwmon2/in1_input", "24013")
        .With("class/hwmon/hwmon2/curr1_input", "1250").With("class/hwmon/hwmon2/power1_input", "30016250")
        .With("class/hwmon/hwmon2/in1_label", "24 V supply")
        .With("class/hwmon/hwmon3/name", "pwmfan").With("class/hwmon/hwmon3/fan1_input", "2940")
        .With("class/hwmon/hwmon10/name", "lm75").With("class/hwmon/hwmon10/temp1_input", "31000")
        .With("bus/iio/devices/iio:device0/name", "ads1015")
        .With("bus/iio/devices/iio:device0/in_voltage0_raw", "1024")
        .With("bus/iio/devices/iio:device0/in_voltage0_scale", "3.000000000")
        .With("bus/iio/devices/iio:device0/in_voltage2_raw", "100")
        .With("bus/iio/devices/iio:device0/in_voltage_scale", "2")
        .With("bus/iio/devices/iio:device1/name", "sht31")
        .With("bus/iio/devices/iio:device1/in_temp_raw", "26000")
        .With("bus/iio/devices/iio:device1/in_temp_scale", "2.670")
        .With("bus/iio/devices/iio:device1/in_temp_offset", "-16852.5")
        .With("bus/iio/devices/iio:device1/in_humidityrelative_input", "45200")
        .With("class/thermal/thermal_zone0/type", "soc-thermal").With("class/thermal/thermal_zone0/temp", "51000")
        .With("class/thermal/cooling_device0/type", "Processor");

    public string Path => root.FullName;

    public RecordedTree With(string file, string content)
    {
        var path = System.IO.Path.Combine(Path, file);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content + "\n");
        return this;
    }

    public void Remove(string folder) => Directory.Delete(System.IO.Path.Combine(Path, folder), recursive: true);

    public void Dispose() => root.Delete(recursive: true);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
