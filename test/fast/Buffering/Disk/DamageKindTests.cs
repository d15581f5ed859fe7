using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Journal;
using Sluice.Fast.Buffering.Contract;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering.Disk;

/// <summary>
/// Each kind of damage to each kind of file, one by one: the store opens, sets aside what is left of the damaged part,
/// names what is gone and serves everything else (<see cref="DamageTests.Check"/>).
/// </summary>
public sealed class DamageKindTests
{
    private const int PageBytes = 4096;

    public static TheoryData<string, string, bool> Kinds => new()
    {
        { "flipped bit", "journal", true },
        { "flipped bit", "segment", true },
        { "torn tail", "journal", true },
        { "torn tail", "segment", true },
        // What was cut off a journal is not there to be set aside.
        { "truncated", "journal", false },
        { "truncated", "segment", true },
        { "missing", "journal", false },
        { "missing", "segment", false },
        { "garbage", "journal", true },
        { "garbage", "segment", true },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Damage_is_set_aside_and_named_and_everything_else_is_served(string kind, string where, bool leaves)
    {
        var disk = DamageTests.Whole.Resume(record: false);
        var name = where == "journal" ? NewestJournal(disk) : disk.Files.Keys.Order().First(IsSegment);
        Damage(disk, name, kind);

        DamageTests.Check(disk, DamageTests.Readings, $"{kind} in {name}");

        using var store = DiskStore.Open(disk.Open, SomeStores.Options(firstId: 3)).Store!;
        var isNamed = store.View.Drops.Any(drop => drop.Reason is DropReason.Corrupt or DropReason.Torn)
            || store.Store != SomeStores.Id(1);
        Assert.True(isNamed, "Nobody says that something is gone.");
        Assert.Equal(
            leaves, disk.Files.Keys.Any(file => file.StartsWith("quarantine/", StringComparison.Ordinal)));
    }

    private static bool IsSegment(string name) => name.EndsWith(".segment", StringComparison.Ordinal);

    private static string NewestJournal(SimulatedDisk disk) => disk.Files.Keys
        .Where(name => name.StartsWith("journal", StringComparison.Ordinal))
        .MaxBy(name => JournalScan.Of(disk.Files[name].Content).Generation)!;

    private static void Damage(SimulatedDisk disk, string name, string kind)
    {
        var file = disk.Files[name];
        var end = IsSegment(name) ? file.LengthBytes : JournalScan.Of(file.Content).Tail * (long)PageBytes;
        switch (kind)
        {
            case "flipped bit":
                var bit = new byte[1];
                file.Read(end / 2, bit);
                bit[0] ^= 4;
                file.Write(end / 2, bit);
                break;
            case "torn tail":
                // The first sector of the last page arrived, and no other.
                file.Write(end - PageBytes + 512, new byte[PageBytes - 512]);
                break;
            case "truncated":
                file.SetLength(end / 2);
                break;
            case "missing":
                disk.Remove(name);
                break;
            case "garbage":
                var garbage = new byte[5 * PageBytes];
                new Random(1).NextBytes(garbage);
                file.Write(end / 3 / PageBytes * PageBytes, garbage);
                break;
        }
    }
}
