using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Fast.Buffering.Contract;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering.Disk;

/// <summary>
/// Whatever happens to the files: the store opens, serves nothing that was not appended, serves everything whose bytes
/// are whole, names what is gone, and gives no position twice.
/// </summary>
public sealed class DamageTests
{
    internal const int Readings = 3_000;

    internal static readonly SimulatedDisk Whole = Fill();

    public static TheoryData<int> Seeds => [1, 2, 3];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_flipped_bit_costs_one_block_at_most_and_is_named(int seed) => Damage(seed, 8, (random, disk, name) =>
    {
        var file = disk.Files[name];
        var offset = random.NextInt64(file.LengthBytes);
        var bit = new byte[1];
        file.Read(offset, bit);
        bit[0] ^= (byte)(1 << random.Next(8));
        file.Write(offset, bit);
        return 8192;
    });

    [Theory]
    [MemberData(nameof(Seeds))]
    public void A_file_that_was_cut_costs_its_end_at_most(int seed) => Damage(seed, 8, (random, disk, name) =>
    {
        disk.Files[name].SetLength(random.NextInt64(disk.Files[name].LengthBytes));
        return Readings;
    });

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Garbage_over_a_part_of_a_file_is_never_served(int seed) => Damage(seed, 8, (random, disk, name) =>
    {
        var garbage = new byte[random.Next(1, 100_000)];
        random.NextBytes(garbage);
        disk.Files[name].Write(random.NextInt64(disk.Files[name].LengthBytes), garbage);
        return Readings;
    });

    [Fact]
    public void A_missing_file_costs_what_was_in_it()
    {
        foreach (var name in Whole.Files.Keys.ToArray())
        {
            var disk = Whole.Resume(record: false);
            disk.Remove(name);
            Check(disk, Readings, $"without {name}");
        }
    }

    [Fact]
    public void A_ninth_store_id_costs_the_oldest_readings_but_never_without_a_drop_record()
    {
        var disk = new SimulatedDisk(record: false);
        for (var id = 1; id <= 9; id++)
        {
            using var filled = DiskStore.Open(disk.Open, SomeStores.Options(firstId: id)).Store!;
            for (var number = 1; number <= 1_200; number += 300)
            {
                filled.Append(NumberedReadings.SomeHeavy(number, 300));
                Assert.Null(filled.Commit());
                while (filled.SealStep is { } step)
                {
                    step.Run();
                    filled.Proceed();
                }
            }

            filled.Dispose();
            disk.Remove("journal-0");
            disk.Remove("journal-1");
        }

        using var store = DiskStore.Open(disk.Open, SomeStores.Options(firstId: 10)).Store!;

        Assert.Equal(9, store.Older.Count);
        var oldest = store.Older[0].View;
        Assert.Equal(SomeStores.Id(1), oldest.Store);
        Assert.Equal(0, oldest.Waiting);
        Assert.True(oldest.DroppedCount > 0);
        Assert.Equal(DropReason.Overflow, oldest.Drops[^1].Reason);
        Assert.All(store.Older.Skip(1), older => Assert.True(older.View.Waiting > 0));
        var gone = SomeStores.Id(1).ToString();
        Assert.DoesNotContain(disk.Files.Keys, name => name.Contains(gone, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_journals_the_segments_are_served_under_their_old_store_id_and_a_new_one_begins()
    {
        var disk = Whole.Resume(record: false);
        disk.Remove("journal-0");
        disk.Remove("journal-1");

        using var store = DiskStore.Open(disk.Open, SomeStores.Options(firstId: 2)).Store!;

        Assert.Equal(SomeStores.Id(2), store.Store);
        Assert.Equal(1, store.Next);
        Assert.Equal(SomeStores.Id(1), Assert.Single(store.Older).Store);
        Assert.Equal(store.Older[0].View.Waiting, Count(store.Older[0]));
    }

    [Fact]
    public void An_older_state_put_back_in_place_never_gives_a_position_again()
    {
        var disk = new SimulatedDisk(record: false);
        SimulatedDisk backup;
        using (var store = DiskStore.Open(disk.Open, SomeStores.Options()).Store!)
        {
            store.Append(NumberedReadings.Some(1, 100));
            Assert.Null(store.Commit());
            backup = disk.CopyOfEverything();
            disk.NowUtc += TimeSpan.FromDays(1);
            store.Append(NumberedReadings.Some(101, 100));
            Assert.Null(store.Commit());
        }

        disk.NowUtc += TimeSpan.FromMinutes(1);
        disk.RestoreInPlace(backup);

        using var restored = DiskStore.Open(disk.Open, SomeStores.Options(firstId: 2)).Store!;

        Assert.Equal(SomeStores.Id(2), restored.Store);
        Assert.Equal((SomeStores.Id(1), 101L), (restored.Older[0].Store, restored.Older[0].Durable));
        Assert.Equal(100, Count(restored.Older[0]));
    }

    [Fact]
    public void Files_of_others_in_the_directory_are_set_aside()
    {
        var disk = Whole.Resume(record: false);
        disk.Put("notes.txt", new DiskFile(5000));

        using var store = DiskStore.Open(disk.Open, SomeStores.Options(firstId: 2)).Store!;

        Assert.Equal(SomeStores.Id(1), store.Store);
        Assert.Contains("quarantine/notes.txt", disk.Files.Keys);
        Assert.Equal(Readings, Count(store));
    }

    [Fact]
    public void A_damaged_segment_is_set_aside_and_what_is_whole_in_it_is_written_again()
    {
        var disk = Whole.Resume(record: false);
        var name = disk.Files.Keys.Where(file => file.EndsWith(".segment", StringComparison.Ordinal)).Order().First();
        disk.Files[name].Write(disk.Files[name].LengthBytes / 2, new byte[64]);

        using (var store = DiskStore.Open(disk.Open, SomeStores.Options(firstId: 2)).Store!)
        {
            var count = Count(store);
            Assert.InRange(count, Readings / 2, Readings - 1);
            var drop = Assert.Single(store.View.Drops);
            Assert.Equal(DropReason.Corrupt, drop.Reason);
            Assert.Equal(Readings - count, drop.Count);
            Assert.Equal(count, store.View.Waiting);
            Assert.Null(store.Commit());
        }

        Assert.Contains("quarantine/" + name, disk.Files.Keys);
        using var again = DiskStore.Open(disk.Open, SomeStores.Options(firstId: 2)).Store!;
        Assert.Single(again.View.Drops);
        Assert.Equal(again.View.Waiting, Count(again));
    }

    private static SimulatedDisk Fill()
    {
        var disk = new SimulatedDisk(record: false);
        using var store = DiskStore.Open(disk.Open, SomeStores.Options()).Store!;
        for (var number = 1L; number <= Readings; number += 100)
        {
            store.Append(NumberedReadings.SomeHeavy(number, 100));
            Assert.Null(store.Commit());
        }

        Assert.True(disk.Files.Count > 4, "The store is too small to have segments.");
        return disk;
    }

    private static void Damage(int seed, int times, Func<Random, SimulatedDisk, string, int> damage)
    {
        var random = new Random(seed);
        for (var i = 0; i < times; i++)
        {
            var disk = Whole.Resume(record: false);
            var name = disk.Files.Keys.Order().ElementAt(random.Next(disk.Files.Count));
            var lostMax = damage(random, disk, name);
            Check(disk, lostMax, $"seed {seed}, round {i}, {name}");
        }
    }

    internal static void Check(SimulatedDisk disk, int lostMax, string how)
    {
        var opening = DiskStore.Open(disk.Open, SomeStores.Options(firstId: 2));
        Assert.True(opening.Store is not null, $"{how}: {opening.Fault?.Sentence}");
        using var store = opening.Store;
        var found = 0;
        foreach (var life in store.Older.Append(store))
        {
            var batch = new StoredBatch();
            Assert.Null(life.Peek(1, int.MaxValue, batch));
            var named = new PositionRanges(int.MaxValue);
            life.View.Drops.ToList().ForEach(drop => named.Add(drop.Range));
            var expected = life.First;
            foreach (var reading in batch.Readings)
            {
                Assert.True(reading == NumberedReadings.HeavyStored(reading.Position), $"{how}: {reading} is wrong");
                Assert.True(
                    expected == reading.Position
                        || named.ContainsAll(new PositionRange(expected, reading.Position - 1)),
                    $"{how}: {expected} to {reading.Position - 1} is missing without a word");
                expected = reading.Position + 1;
            }

            Assert.True(
                expected == life.Durable || named.ContainsAll(new PositionRange(expected, life.Durable - 1)),
                $"{how}: the end from {expected} is missing without a word");
            Assert.Equal(batch.Count, life.View.Waiting);
            found += batch.Count;
        }

        Assert.True(Readings - found <= lostMax, $"{how}: {Readings - found} readings were lost");
        Assert.True(store.Store != SomeStores.Id(1) || store.Next > Readings, $"{how}: positions are given twice");
        var next = store.Next;
        store.Append([NumberedReadings.Heavy(next)]);
        Assert.Null(store.Commit());
    }

    private static int Count(IReadingBuffer store)
    {
        var batch = new StoredBatch();
        Assert.Null(store.Peek(1, int.MaxValue, batch));
        return batch.Count;
    }
}
