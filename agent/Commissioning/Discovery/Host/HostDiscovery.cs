using Sluice.Hal.Gpio.CharacterDevice;
using Sluice.Hal.Sensors;

namespace Sluice.Agent.Commissioning.Discovery.Host;

/// <param name="Address">For the signal list.</param>
/// <param name="Label">What the board calls it; empty where it does not.</param>
/// <param name="Value">Now; null where the chip gives none.</param>
/// <param name="Unit">Engineering unit; empty where the kernel says none.</param>
internal sealed record DiscoveredSensor(string Address, string Label, double? Value, string Unit);

/// <param name="Chip">Its device.</param>
/// <param name="Label">What the board calls it.</param>
/// <param name="Problem">Why it could not be asked; empty where it could.</param>
/// <param name="Lines">Its lines.</param>
internal sealed record DiscoveredChip(
    string Chip, string Label, string Problem, IReadOnlyList<DiscoveredLine> Lines);

/// <param name="Address">For the signal list: by name where the chip has one line of it, else by number.</param>
/// <param name="Number">From 0.</param>
/// <param name="Name">As the board names it.</param>
/// <param name="IsUsed">Somebody has it.</param>
/// <param name="UsedBy">Who, as far as the kernel says.</param>
/// <param name="IsInput">Nobody drives it.</param>
internal sealed record DiscoveredLine(
    string Address, int Number, string Name, bool IsUsed, string UsedBy, bool IsInput)
{
    /// <summary>A source may watch it.</summary>
    public bool IsFree => !IsUsed && IsInput;
}

/// <summary>What this machine offers without any wire: reads files and asks for information, and changes nothing.
/// </summary>
internal static class HostDiscovery
{
    public static IReadOnlyList<DiscoveredSensor> Sensors(string sys) =>
        [.. new SensorTree(sys).List().Select(sensor => new DiscoveredSensor(
            sensor.Address.ToString(),
            sensor.Label,
            SensorTree.TryNumber(SensorTree.ReadText(sensor.File), out var raw)
                ? Math.Round((raw + sensor.Unit.Offset) * sensor.Unit.Factor, 9)
                : null,
            sensor.Unit.Unit))];

    public static IReadOnlyList<DiscoveredChip> Chips(string devices) =>
        [.. GpioListing.List(devices).Select(Describe)];

    public static DiscoveredChip Describe(FoundChip chip) => new(
        chip.Path,
        chip.Label,
        chip.Problem,
        [.. chip.Lines.Select(line => new DiscoveredLine(
            $"gpio:{(IsWritable(line, chip) ? line.Name : line.Number)}",
            line.Number,
            line.Name,
            line.IsUsed,
            line.UsedBy,
            line.IsInput))]);

    /// <summary>A name that a list can hold, that is one line's only, and that is not taken for a number.</summary>
    private static bool IsWritable(FoundLine line, FoundChip chip) =>
        line.Name.Length is > 0 and <= 31
        && !line.Name.All(char.IsAsciiDigit)
        && line.Name.All(letter => letter is > ' ' and <= '~' and not (',' or '"' or '#'))
        && chip.Lines.Count(each => each.Name == line.Name) == 1;
}
