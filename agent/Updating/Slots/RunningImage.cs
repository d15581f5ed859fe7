using Sluice.Agent.Updating.Files;

namespace Sluice.Agent.Updating.Slots;

/// <summary>The image that runs, as far as an update has to know it.</summary>
/// <param name="Image">IMAGE_ID of os-release(5).</param>
/// <param name="Board">VARIANT_ID.</param>
/// <param name="Architecture">As Debian calls it.</param>
/// <param name="Version">IMAGE_VERSION.</param>
/// <param name="Slot">Where it was started from.</param>
internal sealed record RunningImage(
    string Image, string Board, string Architecture, SoftwareVersion Version, Slot Slot)
{
    private const string SlotOption = "sluice.slot=";

    /// <summary>What runs, by what the system's own files say; null where it is no image with two slots.</summary>
    public static RunningImage? Read(string osRelease, string commandLine, string architecture)
    {
        var facts = osRelease.Split('\n')
            .Select(line => line.Split('=', 2))
            .Where(pair => pair.Length == 2)
            .GroupBy(pair => pair[0], pair => pair[1].Trim('"', '\'', '\r'))
            .ToDictionary(group => group.Key, group => group.Last());
        var slot = commandLine.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .LastOrDefault(word => word.StartsWith(SlotOption, StringComparison.Ordinal))?[SlotOption.Length..];
        return Slot.Read(slot) is { } where && facts.GetValueOrDefault("IMAGE_ID") is { } image
            && SoftwareVersion.TryParse(facts.GetValueOrDefault("IMAGE_VERSION"), out var version)
                ? new RunningImage(image, facts.GetValueOrDefault("VARIANT_ID", ""), architecture, version, where)
                : null;
    }
}
