using Sluice.Agent.Configuration;
using Sluice.Agent.Health;

namespace Sluice.Agent.Doctor.Checks;

/// <summary>Whether what is read is kept.</summary>
internal static class StorageChecks
{
    private const string Group = "Buffer and disk";
    private const double FullAbove = 0.8;
    private const double LifeYearsLooked = 3;

    private static readonly TimeSpan WindowLooked = TimeSpan.FromSeconds(10);

    public static IReadOnlyList<Check> All { get; } =
    [
        new("buffer-writable", Group, "Can readings be kept?", Writable),
        new("buffer-room", Group, "Is there room?", Room),
        new("loss-window", Group, "What would a power cut cost?", Window),
        new("backlog", Group, "Does anything wait?", Backlog),
        new("readings-lost", Group, "Was anything lost?", Lost),
        new("disk-health", Group, "Is the disk sound?", Disk),
        new("flash-life", Group, "How long does the flash last?", Flash),
    ];

    private static IEnumerable<Answer> Writable(CheckupFacts facts)
    {
        yield return facts switch
        {
            { Running.Buffer: { Fault.Length: > 0 } buffer } => Answer.Bad(buffer.Fault,
                "see to the disk: sluice-agent status; readings wait in memory until then."),
            { Running.Buffer.Storage: not "disk" } => Answer.Bad(
                "Readings are in memory only: a stop or a power cut loses what waits.",
                "see why: sluice-agent status."),
            { Running: not null } => Answer.Ok("the agent writes to the disk"),
            { Buffer: null } => Answer.Unknown("Nobody knows without a configuration.",
                "correct the configuration first."),
            { Buffer: { Problem.Length: > 0 } buffer } => Answer.Bad($"{buffer.Folder} {buffer.Problem}",
                "chown -R sluice: it; or have the card replaced where it turned read-only."),
            _ => Answer.Ok(facts.Buffer.Folder),
        };
    }

    private static IEnumerable<Answer> Room(CheckupFacts facts)
    {
        var wanted = facts.Configuration?.Buffer.SizeBytesMax ?? 0;
        yield return facts.Buffer switch
        {
            null => Answer.Unknown("Nobody knows without a configuration.", "correct the configuration first."),
            { FreeBytes: null } => Answer.Unknown($"Nobody says how much room {facts.Buffer.Folder} has.",
                "df -h shows it."),
            { FreeBytes: { } free, UsedBytes: var used } when free + used < wanted => Answer.Look(
                $"{UnitText.FormatRounded(free)} are free, and buffer.sizeMax is {UnitText.FormatSize(wanted)}: the "
                + "disk would be full before the buffer is.",
                $"write a buffer.sizeMax of at most {UnitText.FormatRounded(free + used)}; sluice-agent size --outage "
                + "72h says what an outage needs."),
            { FreeBytes: { } free } => Answer.Ok(
                $"{UnitText.FormatRounded(free)} free for buffer.sizeMax {UnitText.FormatSize(wanted)}"),
        };
    }

    private static IEnumerable<Answer> Window(CheckupFacts facts)
    {
        yield return facts.Configuration?.Buffer.CommitEvery switch
        {
            null => Answer.Unknown("Nobody knows without a configuration.", "correct the configuration first."),
            { } window when window > WindowLooked => Answer.Look(
                $"What was read in the last {UnitText.Format(window)} (buffer.commitEvery).",
                "write a shorter buffer.commitEvery, unless the flash has to be spared."),
            { } window => Answer.Ok(
                $"what was read in the last {UnitText.Format(window)} (buffer.commitEvery), and nothing else"),
        };
    }

    private static IEnumerable<Answer> Backlog(CheckupFacts facts)
    {
        yield return facts.Running switch
        {
            null => Answer.None("No agent told of its buffer."),
            var report when StatusVerdicts.Fill(report.Buffer) > FullAbove => Answer.Bad(
                $"{report.Buffer.Waiting} readings wait, and the buffer is nearly full: the oldest will be dropped.",
                "see to the broker first; sluice-agent size --outage 72h says what size an outage needs."),
            { Uplink.State: not "connected", Buffer.Waiting: > 0 and var waiting } => Answer.Look(
                $"{waiting} readings wait for the broker; they are kept.", "see the checks of the broker."),
            { Buffer.Waiting: var waiting } => Answer.Ok($"{waiting} readings wait for their PUBACK"),
        };
    }

    private static IEnumerable<Answer> Lost(CheckupFacts facts)
    {
        var dropped = facts.Running?.Buffer.Stores.Sum(store => store.Dropped);
        yield return dropped switch
        {
            null => Answer.None("No agent told of its buffer."),
            > 0 => Answer.Look($"{dropped} readings were dropped; the ledger names each and why.",
                "see that the outage was longer than the buffer is large: sluice-agent size --outage 72h."),
            _ => Answer.Ok("nothing"),
        };
    }

    private static IEnumerable<Answer> Disk(CheckupFacts facts)
    {
        yield return facts.Disk switch
        {
            null => Answer.Unknown("The disk under the buffer was not found.", "findmnt shows what is mounted."),
            { IsReadOnly: true } disk => Answer.Bad(
                $"{disk.Device} at {disk.MountPoint} is read-only: the kernel does that to a disk that fails, and "
                + "worn flash turns so by itself.", "dmesg says why; replace the card, and bring the old one along: "
                + "what it holds can still be read."),
            { Errors: > 0 and var errors } disk => Answer.Bad(
                $"{disk.FileSystem} has counted {errors} faults on {disk.Device}.",
                "replace the card, or check it offline (fsck); dmesg says what happened."),
            { SpareState: 3 } or { LifeTenthsUsed: >= 10 } => Answer.Bad(
                $"{facts.Disk.Device} is worn out by its own word.", "replace it now."),
            { SpareState: 2 } or { LifeTenthsUsed: >= 8 } => Answer.Look(
                $"{facts.Disk.Device} is worn, by its own word: {facts.Disk.LifeTenthsUsed * 10} % of its life are "
                + "used.", "plan its replacement."),
            var disk => Answer.Ok($"{disk.FileSystem} on {disk.Device}, writable"
                + (disk.Errors is not null ? ", no faults counted" : "")
                + (disk.LifeTenthsUsed is { } tenths ? $", at most {tenths * 10} % of its life used" : "")),
        };
    }

    private static IEnumerable<Answer> Flash(CheckupFacts facts)
    {
        yield return facts.Running?.Buffer.Flash switch
        {
            null => Answer.None("No agent told what it writes."),
            { LifeYears: { } years and < LifeYearsLooked } => Answer.Look(
                $"At this rate buffer.flashEndurance lasts {Sizing.SizingText.Years(years)}.",
                "write a longer buffer.commitEvery, report less (deadband, every), or use a card that takes more."),
            { LifeYears: { } years } => Answer.Ok($"{Sizing.SizingText.Years(years)} at this rate"),
            _ => Answer.Ok("not known before the agent has run for a minute"),
        };
    }
}
