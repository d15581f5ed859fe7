using Sluice.Agent.Buffering.Stamps;

namespace Sluice.Agent.Buffering.Disk.Journal;

/// <summary>What opens a generation of a journal.</summary>
/// <param name="First">The position of the first block to come: what an older generation has from here on never
/// counts.</param>
/// <param name="Pages">How long the file is.</param>
/// <param name="Identity">Which file it is: a copy that was put back is another one.</param>
internal sealed record JournalStart(long First, int Pages, long Identity);

/// <summary>What is known of one store: what it holds, what was acknowledged, where readings are missing.</summary>
internal sealed record LifeRecord(
    StoreId Store, long First, long Next, IReadOnlyList<PositionRange> Acknowledged,
        IReadOnlyList<PositionRange> Holes);

/// <summary>What was dropped from one store.</summary>
internal sealed record DropsRecord(StoreId Store, long Total, IReadOnlyList<DropRecord> Drops);

/// <summary>The body of a frame: sections, each a kind, a length and its bytes (FORMAT.md, Frame).</summary>
internal sealed class FrameContent
{
    private const byte FormatVersion = 2;

    /// <summary>In a drop's reason: its count follows, because it is less than its range is long.</summary>
    private const byte Folded = 0x80;

    /// <summary>Without clocks and book; read as it is, and written on in this version.</summary>
    private const byte FormatVersionOne = 1;

    private enum Section : byte
    {
        Start = 1,
        Block = 2,
        Life = 3,
        Drops = 4,
        End = 5,
        Clock = 6,
        Book = 7,
        Written = 8,
    }

    public JournalStart? Start { get; private set; }

    /// <summary>Offset and length of the block in the body; length 0 where there is none.</summary>
    public Range Block { get; private set; } = ..0;

    public bool HasBlock => !Block.Equals(..0);

    public List<LifeRecord> Lives { get; } = [];

    public List<DropsRecord> Drops { get; } = [];

    public List<(StoreId Store, ClockRecord Record)> Clocks { get; } = [];

    public BookRecord? Book { get; private set; }

    /// <summary>When the frame was written, by the clock of the file system; null in a frame of version 1.</summary>
    public DateTime? WrittenUtc { get; private set; }

    /// <summary>
    /// This generation goes on in the other file. Where there is no such file, positions may have been given that we
    /// do not know.
    /// </summary>
    public bool IsEnd { get; private set; }

    /// <summary>Throws <see cref="DamagedException"/> where the body is not one that this version writes.</summary>
    public static FrameContent Read(ReadOnlySpan<byte> body)
    {
        var content = new FrameContent();
        var at = 0;
        while (at < body.Length)
        {
            var reader = new ByteReader(body[at..]);
            var kind = (Section)reader.Byte();
            var length = reader.Bounded(body.Length);
            var bytes = reader.Take(length);
            at += reader.At;
            content.ReadSection(kind, bytes, (at - length)..at);
        }

        return content;
    }

    public static void WriteStart(ByteWriter into, JournalStart start)
    {
        var from = Begin(into, Section.Start);
        into.Byte(FormatVersion);
        into.Varint((ulong)start.First);
        into.Varint((ulong)start.Pages);
        into.Zigzag(start.Identity);
        into.PrefixLength(from);
    }

    public static void WriteBlock(ByteWriter into, ByteWriter block)
    {
        var from = Begin(into, Section.Block);
        into.Append(block.Written);
        into.PrefixLength(from);
    }

    public static void WriteEnd(ByteWriter into) => into.PrefixLength(Begin(into, Section.End));

    public static void WriteLife(ByteWriter into, LifeRecord life)
    {
        var from = Begin(into, Section.Life);
        into.Guid(life.Store.Value);
        into.Varint((ulong)life.First);
        into.Varint((ulong)life.Next);
        WriteRanges(into, life.Acknowledged);
        WriteRanges(into, life.Holes);
        into.PrefixLength(from);
    }

    public static void WriteClock(ByteWriter into, StoreId store, ClockRecord record)
    {
        var from = Begin(into, Section.Clock);
        ClockContent.Write(into, store, record);
        into.PrefixLength(from);
    }

    public static void WriteBook(ByteWriter into, BookRecord record)
    {
        var from = Begin(into, Section.Book);
        ClockContent.Write(into, record);
        into.PrefixLength(from);
    }

    public static void WriteWritten(ByteWriter into, DateTime utc)
    {
        var from = Begin(into, Section.Written);
        into.Varint((ulong)Time.ReadingClock.Milliseconds(utc));
        into.PrefixLength(from);
    }

    public static void WriteDrops(ByteWriter into, DropsRecord drops)
    {
        var from = Begin(into, Section.Drops);
        into.Guid(drops.Store.Value);
        into.Varint((ulong)drops.Total);
        into.Varint((ulong)drops.Drops.Count);
        foreach (var drop in drops.Drops)
        {
            into.Varint((ulong)drop.Range.From);
            into.Varint((ulong)drop.Range.Count);
            into.Byte((byte)((byte)drop.Reason | (drop.IsWhole ? 0 : Folded)));
            if (!drop.IsWhole)
            {
                into.Varint((ulong)drop.Count);
            }
        }

        into.PrefixLength(from);
    }

    /// <summary>
    /// Written in place, its length put before it at the end: a commit of one reading makes no garbage.
    /// </summary>
    private static int Begin(ByteWriter into, Section kind)
    {
        into.Byte((byte)kind);
        return into.Length;
    }

    /// <summary>Each range as its distance from the one before, and its length.</summary>
    internal static void WriteRanges(ByteWriter into, IReadOnlyList<PositionRange> ranges)
    {
        into.Varint((ulong)ranges.Count);
        var before = 0L;
        foreach (var range in ranges)
        {
            into.Varint((ulong)(range.From - before));
            into.Varint((ulong)range.Count);
            before = range.To;
        }
    }

    internal static List<PositionRange> ReadRanges(ref ByteReader reader)
    {
        var count = reader.Bounded(StoreLedger.AcknowledgedRangesMax);
        var ranges = new List<PositionRange>(count);
        var before = 0L;
        for (var i = 0; i < count; i++)
        {
            var from = before + reader.Position();
            ranges.Add(Checked(from, reader.Position()));
            before = ranges[^1].To;
        }

        return ranges;
    }

    internal static PositionRange Checked(long from, long count) => from >= 1 && count >= 1 && from + count > from
        ? new PositionRange(from, from + count - 1)
        : throw new DamagedException("A range is impossible.");

    private void ReadSection(Section kind, ReadOnlySpan<byte> bytes, Range where)
    {
        var reader = new ByteReader(bytes);
        switch (kind)
        {
            case Section.Start:
                if (reader.Byte() is not (FormatVersion or FormatVersionOne))
                {
                    throw new DamagedException("The journal's version is unknown.");
                }

                Start = new JournalStart(reader.Position(), reader.Bounded(int.MaxValue), reader.Zigzag());
                break;
            case Section.Block:
                Block = where;
                break;
            case Section.Life:
                Lives.Add(new LifeRecord(
                    new StoreId(reader.Guid()), reader.Position(), reader.Position(), ReadRanges(ref reader),
                    ReadRanges(ref reader)));
                break;
            case Section.Drops:
                Drops.Add(ReadDrops(ref reader));
                break;
            case Section.End:
                IsEnd = true;
                break;
            case Section.Clock:
                Clocks.Add((new StoreId(reader.Guid()), ClockContent.ReadRecord(ref reader)));
                break;
            case Section.Written:
                WrittenUtc = ClockContent.ReadTime(ref reader);
                break;
            case Section.Book:
                Book = ClockContent.ReadBook(ref reader);
                break;
            default:
                throw new DamagedException("A section's kind is unknown.");
        }
    }

    private static DropsRecord ReadDrops(ref ByteReader reader)
    {
        var store = new StoreId(reader.Guid());
        var total = reader.Position();
        var drops = new DropRecord[reader.Bounded(StoreLedger.DropsMax)];
        for (var i = 0; i < drops.Length; i++)
        {
            var range = Checked(reader.Position(), reader.Position());
            var reason = reader.Byte();
            var count = (reason & Folded) == 0 ? range.Count : reader.Position();
            if ((reason & ~Folded) > (byte)DropReason.Torn || count < 1 || count > range.Count)
            {
                throw new DamagedException("A drop is impossible.");
            }

            drops[i] = new DropRecord(range, count, (DropReason)(reason & ~Folded));
        }

        return new DropsRecord(store, total, drops);
    }
}
