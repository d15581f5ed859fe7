using CsCheck;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Journal;
using Sluice.Fast.Buffering.Contract;
using Xunit;

namespace Sluice.Fast.Buffering.Ledger;

/// <summary>However many drops there are, and however long nobody hears of them: the ledger forgets none.</summary>
public sealed class DropFoldingTests
{
    private const int Positions = 120;
    private const int Few = 6;
    private const int Reasons = 4;

    // Where a range begins, how long it is, and why it went; what was dropped already is not dropped again.
    private static readonly Gen<(int From, int Count, int Reason)[]> Drops = Gen.Select(
        Gen.Int[1, Positions], Gen.Int[1, 6], Gen.Int[0, Reasons - 1]).Array[0, 40];

    [Fact]
    public void Every_position_that_was_dropped_stays_in_a_record_of_its_reason_and_the_counts_are_exact() =>
        Drops.Sample(drops =>
        {
            var (records, plain) = Run(drops, Few);
            foreach (var (position, reason) in plain)
            {
                Assert.Contains(records, record => record.Reason == reason && record.Range.Contains(position));
            }

            foreach (var record in records)
            {
                Assert.Equal(plain.Count(each => each.Value == record.Reason && record.Range.Contains(each.Key)),
                    record.Count);
            }

            Assert.Equal(plain.Count, records.Sum(record => record.Count));
        });

    [Fact]
    public void There_are_never_more_records_than_the_bound_or_than_reasons() => Drops.Sample(drops =>
        Assert.InRange(Run(drops, Few).Records.Count, 0, Few));

    [Fact]
    public void Below_the_bound_a_record_is_a_range_that_is_gone_as_a_whole() => Drops.Sample(drops =>
    {
        var (records, plain) = Run(drops, int.MaxValue);
        Assert.All(records, record => Assert.True(record.IsWhole));
        var runs = plain.Keys.Order().Count(position =>
            !plain.TryGetValue(position - 1, out var before) || before != plain[position]);
        Assert.Equal(runs, records.Count);
    });

    [Fact]
    public void What_changed_last_stands_last() => Drops.Where(drops => drops.Length > 0).Sample(drops =>
    {
        var records = new List<DropRecord>();
        var plain = new Dictionary<long, DropReason>();
        foreach (var drop in drops)
        {
            if (Add(records, plain, drop) is { } added)
            {
                DropFolding.Fold(records, Few);
                Assert.Equal(added.Reason, records[^1].Reason);
                Assert.True(records[^1].Range.Contains(added.Range.From));
            }
        }
    });

    [Fact]
    public void Overflow_that_other_drops_interrupt_stays_one_record()
    {
        var ledger = new StoreLedger();
        for (var i = 0; i < 500; i++)
        {
            ledger.Drop(new PositionRange((i * 100) + 1, (i + 1) * 100), DropReason.Overflow);
            ledger.Drop(new PositionRange(1_000_000 + (i * 1000), 1_000_000 + (i * 1000) + 9), DropReason.Torn);
        }

        Assert.Equal(501, ledger.Drops.Count);
        Assert.Contains(new DropRecord(new PositionRange(1, 50_000), 50_000, DropReason.Overflow), ledger.Drops);
        Assert.All(ledger.Drops, drop => Assert.True(drop.IsWhole));
    }

    /// <summary>
    /// The broker is away for weeks, and each night the power of a panel is cut in the middle of a commit: past a
    /// thousand the oldest drops left the ledger before anybody had heard of them.
    /// </summary>
    [Fact]
    [Trait("suite", "world")]
    public void Drops_past_a_thousand_left_the_ledger_before_any_ledger_had_named_them()
    {
        var ledger = new StoreLedger();
        const int times = 3 * StoreLedger.DropsMax;
        for (var i = 0; i < times; i++)
        {
            ledger.Drop(new PositionRange(1 + (i * 2000L), 1000 + (i * 2000L)), DropReason.Torn);
        }

        Assert.Equal(StoreLedger.DropsMax, ledger.Drops.Count);
        Assert.Equal(1000L * times, ledger.Drops.Sum(drop => drop.Count));
        Assert.Equal(ledger.DroppedCount, ledger.Drops.Sum(drop => drop.Count));
        for (var i = 0; i < times; i++)
        {
            Assert.Contains(ledger.Drops, drop => drop.Range.From <= 1 + (i * 2000L)
                && drop.Range.To >= 1000 + (i * 2000L));
        }
    }

    [Fact]
    public void A_hole_that_is_named_twice_counts_once_in_its_record()
    {
        var ledger = new StoreLedger();
        ledger.Drop(new PositionRange(1, 10), DropReason.Corrupt);
        ledger.Drop(new PositionRange(5, 20), DropReason.Corrupt);

        Assert.Equal(new DropRecord(new PositionRange(1, 20), 20, DropReason.Corrupt), Assert.Single(ledger.Drops));
    }

    [Fact]
    public void A_folded_drop_is_written_down_and_read_back_with_its_count() => Drops.Sample(drops =>
    {
        var (records, _) = Run(drops, Few);
        var record = new DropsRecord(NumberedReadings.Store, 77, records);
        var body = new ByteWriter();
        FrameContent.WriteDrops(body, record);

        var read = Assert.Single(FrameContent.Read(body.Written).Drops);

        Assert.Equal((record.Store, record.Total), (read.Store, read.Total));
        Assert.Equal(records, read.Drops);
    });

    private static (List<DropRecord> Records, Dictionary<long, DropReason> Plain) Run(
        (int From, int Count, int Reason)[] drops, int recordsMax)
    {
        var records = new List<DropRecord>();
        var plain = new Dictionary<long, DropReason>();
        foreach (var drop in drops)
        {
            Add(records, plain, drop);
            DropFolding.Fold(records, recordsMax);
        }

        return (records, plain);
    }

    /// <summary>Null where a part of it is gone already.</summary>
    private static DropRecord? Add(
        List<DropRecord> records, Dictionary<long, DropReason> plain, (int From, int Count, int Reason) drop)
    {
        var range = new PositionRange(drop.From, drop.From + drop.Count - 1);
        for (var position = range.From; position <= range.To; position++)
        {
            if (plain.ContainsKey(position))
            {
                return null;
            }
        }

        for (var position = range.From; position <= range.To; position++)
        {
            plain.Add(position, (DropReason)drop.Reason);
        }

        var added = new DropRecord(range, range.Count, (DropReason)drop.Reason);
        DropFolding.Add(records, added);
        return added;
    }
}
