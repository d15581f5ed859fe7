namespace Sluice.Hal.Gpio.CharacterDevice;

/// <summary>One line of a chip, as the kernel describes it.</summary>
/// <param name="Number">From 0.</param>
/// <param name="Name">As the board names it; empty where it does not.</param>
/// <param name="UsedBy">Who has it; empty where it is free, or the user gave no name.</param>
/// <param name="IsUsed">Somebody has it: a program, or a driver of the kernel.</param>
/// <param name="IsInput">It is not driven now.</param>
public sealed record FoundLine(int Number, string Name, string UsedBy, bool IsUsed, bool IsInput);

/// <summary>One chip of this machine.</summary>
/// <param name="Path">Its device, such as /dev/gpiochip0.</param>
/// <param name="Label">What the board calls it; the name that survives a boot.</param>
/// <param name="Lines">In order of number; empty where it could not be asked.</param>
/// <param name="Problem">Why it could not be asked; empty where it could.</param>
public sealed record FoundChip(string Path, string Label, IReadOnlyList<FoundLine> Lines, string Problem);

/// <summary>
/// The GPIO chips of this machine. Asks for information only (GPIO_GET_CHIPINFO, GPIO_V2_GET_LINEINFO of linux/gpio.h):
/// no line is requested, so none changes its direction, and nobody who has one notices.
/// </summary>
public static class GpioListing
{
    /// <summary>More than any board has: a bound.</summary>
    private const int ChipsMax = 64;

    /// <param name="devices">The folder of the device files: /dev.</param>
    public static IReadOnlyList<FoundChip> List(string devices) => Directory.Exists(devices)
        ? [.. Directory.EnumerateFiles(devices, "gpiochip*")
            .OrderBy(path => path.Length).ThenBy(path => path, StringComparer.Ordinal)
            .Take(ChipsMax)
            .Select(Look)]
        : [];

    private static FoundChip Look(string path)
    {
        try
        {
            using var chip = Chip.Open(path);
            return new FoundChip(path, chip.Label, [.. Enumerable.Range(0, chip.LineCount).Select(number =>
            {
                var info = chip.InfoOf(number);
                return new FoundLine(
                    number, info.Name.Text, info.Consumer.Text, (info.Flags & LineFlags.Used) != 0,
                    (info.Flags & LineFlags.Input) != 0);
            })], "");
        }
        catch (IOException world)
        {
            return new FoundChip(path, "", [], world.Message);
        }
    }
}
