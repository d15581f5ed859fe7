using System.Globalization;

namespace Sluice.Hal.Sensors;

/// <summary>A sensor that was found: where its number stands and what it means.</summary>
public sealed record FoundSensor(SensorAddress Address, string Label, string File, SensorUnit Unit);

/// <summary>
/// The kernel's sensors under a /sys, or under a recorded one. Walks the trees and reads small files; keeps nothing.
/// </summary>
public sealed class SensorTree(string root)
{
    /// <summary>More chips and channels than any board has: a bound on every walk.</summary>
    private const int EntriesMax = 512;

    private static readonly string[] RawEndings = ["_raw", "_input"];

    /// <summary>Everything that can be read, in the kernel's order.</summary>
    public IReadOnlyList<FoundSensor> List() =>
    [
        .. Chips("class/hwmon", "hwmon", "name").SelectMany(Hwmon),
        .. Chips("bus/iio/devices", "iio:device", "name").SelectMany(Iio),
        .. Chips("class/thermal", "thermal_zone", "type").SelectMany(Thermal),
    ];

    /// <summary>Where a sensor stands now, or null.</summary>
    public FoundSensor? Find(SensorAddress address) => List().FirstOrDefault(each => each.Address == address);

    /// <summary>A small file's text; null where it cannot be read.</summary>
    public static string? ReadText(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A chip that does not answer gives EIO, a converter that is busy EAGAIN: the value is not there now.
            return null;
        }
    }

    private static IEnumerable<FoundSensor> Hwmon(Chip chip) =>
        from file in Names(chip.Folder)
        where file.EndsWith("_input", StringComparison.Ordinal)
        let channel = file[..^"_input".Length]
        select new FoundSensor(
            chip.Address(SensorClass.Hwmon, channel),
            ReadText(Path.Combine(chip.Folder, channel + "_label")) ?? "",
            Path.Combine(chip.Folder, file),
            SensorUnit.OfHwmon(channel));

    private static IEnumerable<FoundSensor> Iio(Chip chip) =>
        from file in Names(chip.Folder)
        where file.StartsWith("in_", StringComparison.Ordinal)
        let ending = RawEndings.FirstOrDefault(each => file.EndsWith(each, StringComparison.Ordinal))
        where ending is not null
        let channel = file[..^ending.Length]
        select new FoundSensor(
            chip.Address(SensorClass.Iio, channel),
            ReadText(Path.Combine(chip.Folder, channel + "_label")) ?? "",
            Path.Combine(chip.Folder, file),
            ending == "_raw"
                ? SensorUnit.OfIio(channel, Shared(chip, channel, "scale", 1), Shared(chip, channel, "offset", 0))
                : SensorUnit.OfIio(channel, 1, 0));

    private static IEnumerable<FoundSensor> Thermal(Chip chip) =>
        File.Exists(Path.Combine(chip.Folder, "temp"))
            ? [new FoundSensor(
                chip.Address(SensorClass.Thermal, "temp"), "", Path.Combine(chip.Folder, "temp"), SensorUnit.OfThermal)]
            : [];

    /// <summary>A number of a channel, or the one that all channels of its quantity share: in_voltage_scale.</summary>
    private static double Shared(Chip chip, string channel, string what, double otherwise)
    {
        var quantity = channel.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
        foreach (var name in (string[])[channel, quantity, quantity.Split('-')[0].TrimEnd("0123456789".ToCharArray())])
        {
            if (TryNumber(ReadText(Path.Combine(chip.Folder, $"{name}_{what}")), out var number))
            {
                return number;
            }
        }

        return otherwise;
    }

    public static bool TryNumber(string? text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    private List<Chip> Chips(string tree, string prefix, string nameFile)
    {
        var folder = Path.Combine(root, tree);
        var chips = new List<Chip>();
        if (!Directory.Exists(folder))
        {
            return chips;
        }

        var entries = Directory.EnumerateFileSystemEntries(folder).Take(EntriesMax)
            .Where(path => Path.GetFileName(path).StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(path => NumberOf(Path.GetFileName(path), prefix));
        foreach (var entry in entries)
        {
            if (ReadText(Path.Combine(entry, nameFile)) is { Length: > 0 } name)
            {
                chips.Add(new Chip(name, chips.Count(chip => chip.Name == name), entry));
            }
        }

        return chips;
    }

    private static int NumberOf(string name, string prefix) =>
        int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : int.MaxValue;

    private static IEnumerable<string> Names(string folder) =>
        Directory.EnumerateFiles(folder).Take(EntriesMax).Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal);

    private sealed record Chip(string Name, int Index, string Folder)
    {
        public SensorAddress Address(SensorClass kind, string channel) => new(kind, Name, channel, Index);
    }
}
