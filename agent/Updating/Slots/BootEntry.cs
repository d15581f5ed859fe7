using System.Globalization;

namespace Sluice.Agent.Updating.Slots;

/// <summary>
/// A boot entry of a slot, by its file's name: <c>sluice-b.conf</c> is a good one, <c>sluice-b+1.conf</c> may be tried
/// once, <c>sluice-b+0-1.conf</c> was tried once and not found good (systemd-boot(7), boot counting). The loader counts
/// down before it starts the kernel, so that an image that hangs at once has had its try; and it takes an entry without
/// tries only where there is no other. Of entries that are good it takes the newest version.
/// </summary>
/// <param name="Slot">Whose.</param>
/// <param name="Left">Tries that are left; null where it is good.</param>
/// <param name="Done">Tries that were made.</param>
internal sealed record BootEntry(Slot Slot, int? Left, int Done)
{
    private const string Start = "sluice-";
    private const string Ending = ".conf";

    public bool IsGood => Left is null;

    public string FileName => Left is not { } left ? $"{Start}{Slot}{Ending}"
        : Done == 0 ? $"{Start}{Slot}+{left}{Ending}"
        : $"{Start}{Slot}+{left}-{Done}{Ending}";

    public static BootEntry ToTry(Slot slot) => new(slot, 1, 0);

    public static BootEntry Good(Slot slot) => new(slot, null, 0);

    /// <summary>Null for a file that is no entry of ours.</summary>
    public static BootEntry? Read(string fileName)
    {
        if (!fileName.StartsWith(Start, StringComparison.Ordinal)
            || !fileName.EndsWith(Ending, StringComparison.Ordinal))
        {
            return null;
        }

        var middle = fileName[Start.Length..^Ending.Length].Split('+');
        if (Slot.Read(middle[0]) is not { } slot || middle.Length > 2)
        {
            return null;
        }

        if (middle.Length == 1)
        {
            return Good(slot);
        }

        var counts = middle[1].Split('-').Select(NumberOf).ToArray();
        return counts is [{ } left] ? new(slot, left, 0)
            : counts is [{ } some, { } done] ? new(slot, some, done)
            : null;
    }

    /// <summary>What stands in it (Boot Loader Specification, type 1).</summary>
    public static string Text(Slot slot, string version, string options) =>
        $"title Sluice {version}\nsort-key sluice\nversion {version}\nlinux /sluice/{slot}/vmlinuz\n"
        + $"initrd /sluice/{slot}/initrd\noptions sluice.slot={slot} {options}\n";

    private static int? NumberOf(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
