using System.Globalization;

namespace Sluice.Hal.Sensors;

/// <summary>Which of the kernel's trees a sensor stands in.</summary>
public enum SensorClass : byte
{
    /// <summary>
    /// /sys/class/hwmon: temperatures, voltages, fans of a board (Documentation/hwmon/sysfs-interface).
    /// </summary>
    Hwmon,

    /// <summary>/sys/bus/iio/devices: converters and sensors (Documentation/ABI/testing/sysfs-bus-iio).</summary>
    Iio,

    /// <summary>/sys/class/thermal: the zones of the processor (Documentation/driver-api/thermal).</summary>
    Thermal,
}

/// <summary>
/// One value that the kernel offers, by names that last: the chip's name and the file, never a number that the next
/// boot may give to another.
/// </summary>
/// <param name="Class">The tree.</param>
/// <param name="Chip">The chip's or zone's own name: <c>lm75</c>, <c>cpu-thermal</c>.</param>
/// <param name="Channel">
/// The file without its ending: <c>temp1</c>, <c>in_voltage0</c>; <c>temp</c> for a thermal zone.
/// </param>
/// <param name="Index">Which one of the chips of this name, in the kernel's order, from 0.</param>
public readonly record struct SensorAddress(SensorClass Class, string Chip, string Channel, int Index = 0)
{
    /// <summary>Reads <c>hwmon:lm75/temp1</c>, <c>iio:ads1015#1/in_voltage0</c>, <c>thermal:cpu-thermal</c>.</summary>
    public static bool TryParse(string text, out SensorAddress address, out string problem)
    {
        address = default;
        problem = "is not the address of a sensor; write one such as hwmon:lm75/temp1, iio:ads1015/in_voltage0 or "
            + "thermal:cpu-thermal, with #1 after the name for the second chip of that name";
        var colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (colon < 0 || !TryClass(text![..colon], out var kind))
        {
            return false;
        }

        var rest = text[(colon + 1)..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var channel = kind == SensorClass.Thermal ? "temp" : slash < 0 ? "" : rest[(slash + 1)..];
        var chip = slash < 0 ? rest : rest[..slash];
        var index = 0;
        var hash = chip.IndexOf('#', StringComparison.Ordinal);
        if ((kind == SensorClass.Thermal && slash >= 0)
            || (hash >= 0 && !int.TryParse(
                chip.AsSpan(hash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out index)))
        {
            return false;
        }

        chip = hash < 0 ? chip : chip[..hash];
        if (!IsName(chip) || !IsName(channel))
        {
            return false;
        }

        address = new SensorAddress(kind, chip, channel, index);
        problem = "";
        return true;
    }

    /// <summary>Its engineering unit, as far as the name of the channel tells it.</summary>
    public string Unit => Class switch
    {
        SensorClass.Hwmon => SensorUnit.OfHwmon(Channel).Unit,
        SensorClass.Iio => SensorUnit.OfIio(Channel, 1, 0).Unit,
        _ => SensorUnit.OfThermal.Unit,
    };

    public override string ToString()
    {
        var number = Index == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"#{Index}");
        return Class switch
        {
            SensorClass.Hwmon => $"hwmon:{Chip}{number}/{Channel}",
            SensorClass.Iio => $"iio:{Chip}{number}/{Channel}",
            _ => $"thermal:{Chip}{number}",
        };
    }

    private static bool TryClass(string word, out SensorClass kind)
    {
        SensorClass? known = word switch
        {
            "hwmon" => SensorClass.Hwmon,
            "iio" => SensorClass.Iio,
            "thermal" => SensorClass.Thermal,
            _ => null,
        };
        kind = known ?? default;
        return known is not null;
    }

    /// <summary>What may become a part of a path: no way out of the tree.</summary>
    private static bool IsName(string text) =>
        text.Length is > 0 and <= 64 && text != "." && text != ".."
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.');
}

/// <summary>What a file of the kernel means: its number times this, in this unit.</summary>
/// <param name="Factor">From the kernel's unit to ours.</param>
/// <param name="Offset">Added to the raw number first (IIO).</param>
/// <param name="Unit">Engineering unit; empty where the kernel says none.</param>
public readonly record struct SensorUnit(double Factor, double Offset, string Unit)
{
    /// <summary>
    /// Units of hwmon by the first letters of a channel (Documentation/hwmon/sysfs-interface.rst): milli-degrees,
    /// millivolts, milliamperes, microwatts, microjoules, milli-percent; fans in revolutions a minute.
    /// </summary>
    public static SensorUnit OfHwmon(string channel) => Letters(channel) switch
    {
        "temp" => new SensorUnit(1e-3, 0, "degC"),
        "in" => new SensorUnit(1e-3, 0, "V"),
        "curr" => new SensorUnit(1e-3, 0, "A"),
        "power" => new SensorUnit(1e-6, 0, "W"),
        "energy" => new SensorUnit(1e-6, 0, "J"),
        "humidity" => new SensorUnit(1e-3, 0, "%"),
        "fan" => new SensorUnit(1, 0, "1/min"),
        _ => new SensorUnit(1, 0, ""),
    };

    /// <summary>
    /// Units of IIO after (raw + offset) * scale (Documentation/ABI/testing/sysfs-bus-iio): millivolts, milliamperes,
    /// milli-degrees, kilopascal, milli-percent; lux and metres per second squared as they are.
    /// </summary>
    public static SensorUnit OfIio(string channel, double scale, double offset) => Quantity(channel) switch
    {
        "voltage" => new SensorUnit(scale * 1e-3, offset, "V"),
        "current" => new SensorUnit(scale * 1e-3, offset, "A"),
        "temp" => new SensorUnit(scale * 1e-3, offset, "degC"),
        "humidityrelative" => new SensorUnit(scale * 1e-3, offset, "%"),
        "power" => new SensorUnit(scale * 1e-3, offset, "W"),
        "pressure" => new SensorUnit(scale, offset, "kPa"),
        "illuminance" => new SensorUnit(scale, offset, "lx"),
        "accel" => new SensorUnit(scale, offset, "m/s2"),
        "resistance" => new SensorUnit(scale, offset, "Ohm"),
        _ => new SensorUnit(scale, offset, ""),
    };

    /// <summary>A thermal zone: milli-degrees.</summary>
    public static SensorUnit OfThermal => new(1e-3, 0, "degC");

    private static string Letters(string channel) =>
        new([.. channel.TakeWhile(char.IsAsciiLetter)]);

    /// <summary>The second word of <c>in_voltage0</c>, <c>in_accel_x</c>, <c>in_voltage0-voltage1</c>.</summary>
    private static string Quantity(string channel)
    {
        var words = channel.Split('_');
        return words.Length < 2 ? "" : Letters(words[1]);
    }
}
