using Sluice.Agent.Updating.Files;
using Sluice.Agent.Updating.Slots;
using Sluice.Agent.Updating.Trial;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Updating;

/// <summary>
/// Writes an update to the slot that does not run, and marks it to be tried once.
/// <para>Invariants, at whatever instant the power fails:</para>
/// <list type="bullet">
/// <item>The slot that runs, and its boot entry, are never touched.</item>
/// <item>There is a boot entry for the other slot only while it holds, whole and read back, what the entry starts.
/// </item>
/// <item>A file that is not right changes nothing: all of it is read once before the first byte is written.</item>
/// </list>
/// </summary>
internal sealed class ApplyUpdate(
    IUpdatePlace place, RunningImage running, Action<UpdateRecord> keep, Action<string> tell)
{
    public const string Verb = "apply";

    private const string NothingChanged = "Nothing was changed: the gateway runs as before.";

    public VerbReport Run(
        UpdateFile file, UpdateRecord? latest, HealthBefore before, DateTime utc, bool again,
        CancellationToken cancellationToken)
    {
        var slot = running.Slot.Other;
        if (Refusal(file, latest, again) is { } refused)
        {
            return refused;
        }

        tell($"Reading {file.Manifest.PartsBytes >> 20} MiB, to see that it is whole.");
        if (file.Manifest.Parts.FirstOrDefault(part => !file.Read(part, _ => { }, cancellationToken)) is { } damaged)
        {
            return VerbReport.Failed(Verb, ExitCode.Unclear, $"It is damaged: {damaged.Name} is not what was signed.",
                NothingChanged, "copy it once more, or take another stick.");
        }

        var record = new UpdateRecord
        {
            Version = file.Manifest.Version, From = running.Version.ToString(), Slot = slot.Letter,
            Digest = file.Digest, At = utc, Before = before, State = UpdateRecord.Begun,
        };
        keep(record);
        foreach (var old in EntriesOf(slot))
        {
            place.RemoveEntry(old);
        }

        foreach (var part in file.Manifest.Parts)
        {
            tell($"Writing {part.Name}, {part.Bytes >> 20} MiB, to slot {slot}.");
            if (Write(file, part, slot, cancellationToken) is { } failed)
            {
                keep(record with { State = UpdateRecord.Unfinished, Said = failed.Sentence });
                return failed;
            }
        }

        keep(record with { State = UpdateRecord.Written });
        var entry = BootEntry.ToTry(slot).FileName;
        place.WriteEntry(entry + ".new", BootEntry.Text(slot, file.Manifest.Version, file.Manifest.Options));
        place.RenameEntry(entry + ".new", entry);
        return new VerbReport
        {
            Verb = Verb,
            ExitCode = ExitCode.Fine,
            Sentence = $"Version {file.Manifest.Version} is in slot {slot}, and is tried at the next start.",
            Notes =
            [
                Expected(before),
                $"Where it does not hold, {running.Version} comes back by itself.",
            ],
        };
    }

    private VerbReport? Refusal(UpdateFile file, UpdateRecord? latest, bool again)
    {
        if (TrialStates.Of(latest, running.Slot, place.Entries()) == TrialState.OnTrial)
        {
            return VerbReport.Failed(Verb, ExitCode.Unclear,
                $"Version {running.Version}, which runs, is on trial itself: {latest!.Said}", NothingChanged,
                "wait until it is kept or fell back: the other slot holds the only version that is known to be good.");
        }

        var problems = UpdateJudge.Problems(file, running, place.RootBytes(running.Slot.Other), latest, again);
        return problems.Count == 0 ? null
            : VerbReport.Failed(Verb, ExitCode.Unclear, string.Join(" ", problems), NothingChanged,
                latest?.Digest == file.Digest && problems.Count == 1
                    ? "bring a newer one; or, where the cause is mended, the same with --again."
                    : "bring the update that is made for this gateway.");
    }

    private VerbReport? Write(UpdateFile file, UpdatePart part, Slot slot, CancellationToken cancellationToken)
    {
        bool isRight;
        using (var writer = place.Write(slot, part))
        {
            isRight = file.Read(part, writer.Append, cancellationToken);
            writer.Finish();
        }

        return !isRight
            ? VerbReport.Failed(Verb, ExitCode.Unclear, $"{part.Name} changed while it was read.",
                "The slot that does not run is empty now; the gateway runs as before.",
                "leave the stick in until it is done.")
            : place.Digest(slot, part, cancellationToken) != part.Sha256
                ? VerbReport.Failed(Verb, ExitCode.Storage, $"{part.Name} does not read back as it was written.",
                    "The medium fails. The slot that does not run is empty now; the gateway runs as before, as yet.",
                    "replace the card or the board.")
                : null;
    }

    private List<string> EntriesOf(Slot slot) =>
        [.. place.Entries().Where(name => BootEntry.Read(Whole(name))?.Slot == slot)];

    /// <summary>An entry that was not renamed to its name any more is swept as well.</summary>
    private static string Whole(string name) => name.EndsWith(".new", StringComparison.Ordinal) ? name[..^4] : name;

    private static string Expected(HealthBefore before) => !before.Agent
        ? "It is kept when the system comes up: no agent answered before it either."
        : $"It is kept when {string.Join(", ", before.Sources.Append("the broker"))} "
            + (before.Sources.Count == 0 ? "takes readings" : "do as they do now")
            + (before.Broker ? "." : "; the broker is away now, and is waited for.");
}
