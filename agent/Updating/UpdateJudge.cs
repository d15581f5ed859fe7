using Sluice.Agent.Updating.Files;
using Sluice.Agent.Updating.Slots;
using Sluice.Agent.Updating.Trial;

namespace Sluice.Agent.Updating;

/// <summary>Whether a signed update is for this machine, now. A core: every reason against it, not only the first.
/// </summary>
internal static class UpdateJudge
{
    public static IReadOnlyList<string> Problems(
        UpdateFile file, RunningImage running, long rootBytes, UpdateRecord? latest, bool again)
    {
        var update = file.Manifest;
        List<string> problems = [];
        if (update.Image != running.Image)
        {
            problems.Add($"It is for the image {update.Image}, and {running.Image} runs here.");
        }

        if (update.Board != running.Board)
        {
            problems.Add($"It is for boards of the kind {update.Board}, and this one is {running.Board}.");
        }

        if (update.Architecture != running.Architecture)
        {
            problems.Add($"It is for {update.Architecture}, and this machine is {running.Architecture}.");
        }

        if (SoftwareVersion.TryParse(update.Version, out var version) && version.CompareTo(running.Version) <= 0)
        {
            problems.Add(version.CompareTo(running.Version) == 0
                ? $"It is version {version}, which runs already."
                : $"It is version {version}, and the newer {running.Version} runs: versions only go up, so that nobody "
                    + "can bring back a mended hole.");
        }

        if (update.Part(UpdateManifest.Root).Bytes > rootBytes)
        {
            problems.Add($"Its system takes {update.Part(UpdateManifest.Root).Bytes >> 20} MiB, and the partition has "
                + $"{rootBytes >> 20}: this gateway has to be flashed.");
        }

        if (latest is { State: UpdateRecord.FellBack } && latest.Digest == file.Digest && !again)
        {
            problems.Add($"It was tried on {latest.At:yyyy-MM-dd} and did not hold: {latest.Said}");
        }

        return problems;
    }
}
