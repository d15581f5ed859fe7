using System.Text;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Blocks;
using Sluice.Agent.Buffering.Disk.Journal;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Time;
using Sluice.Fast.Buffering.Contract;
using Sluice.Hal;
using Sluice.Plant.Disk;
using Xunit;

namespace Sluice.Fast.Buffering.Disk;

/// <summary>FORMAT.md shows bytes; here they are read, and written again.</summary>
public sealed class FormatTests
{
    private static readonly StoreId Store = StoreId.Parse("0199c6f100007000800000000000002a");

    private static readonly ReadingClock Clock = new(
        Guid.ParseExact("61f7ee1de42f4eb6815dff4c9b098423", "N"), true,
        ReadingClock.Milliseconds(NumberedReadings.Noon.AddDays(-1)));

    private static readonly StoredReading[] Readings =
    [
        Read(120001, "hmi1/oil/temperature", SignalValue.FromDouble(71.25), Quality.Good, 3),
        Read(120002, "drives/motor1/current", SignalValue.None, Quality.Bad(QualityReason.Timeout), 4),
        Read(120003, "hmi1/oil/temperature", SignalValue.FromDouble(71.5), Quality.Good, 1003),
    ];

    [Fact]
    public void The_block_of_the_format_document_is_what_the_encoder_writes_and_the_decoder_reads()
    {
        var bytes = Worked("block");

        Assert.Equal(Readings, new BlockDecoder().Decode(bytes));
        var written = new ByteWriter();
        new BlockEncoder().Encode(Readings, written);
        Assert.Equal(Convert.ToHexStringLower(bytes), Convert.ToHexStringLower(written.Written));
    }

    [Fact]
    public void A_block_of_version_1_is_still_read_and_its_times_are_taken_as_they_are()
    {
        var bytes = Convert.FromHexString(
            "01c1a907030214686d69312f6f696c2f74656d7065726174757265156472697665732f6d6f746f72312f63757272656e74"
            + "8586e8ebd4a2891dd6de0102580102020185ce0f64");

        Assert.Equal(
            Readings.Select(reading => reading with { Clock = ReadingClock.Unknown }),
            new BlockDecoder().Decode(bytes));
    }

    /// <summary>The worked page of version 1 of this document, as the first page of a journal.</summary>
    [Fact]
    public void A_frame_of_version_1_is_still_read()
    {
        var page = new byte[JournalPage.Bytes];
        Convert.FromHexString(
            "fe8e6ffa5f63df43534c4a310300000007000000000000000199c6f100007000800000000000002a0000010067000000"
            + "d8baf1f45ea330c1024601c1a907030214686d69312f6f696c2f74656d7065726174757265156472697665732f6d6f746f"
            + "72312f63757272656e748586e8ebd4a2891dd6de0102580102020185ce0f64031d0199c6f100007000800000000000002a"
            + "d8a107c1a90701cca507f40300").CopyTo(page, 0);

        var content = FrameContent.Read(Assert.Single(JournalScan.Of(page).Frames).Body);

        Assert.True(content.HasBlock);
        Assert.Equal((119000L, 120001L), (content.Lives[0].First, content.Lives[0].Next));
        Assert.Empty(content.Clocks);
        Assert.Null(content.Book);
    }

    [Fact]
    public void A_directory_of_version_1_is_opened_read_and_written_on()
    {
        // A start of version 1 (version, first position 1, 128 pages, file 1), and its first block behind it.
        var journal = new byte[JournalPage.Bytes * 128];
        byte[] start = [1, 5, 1, 1, 0x80, 1, 2];
        JournalPage.Write(Store, 1, 0, start, journal);
        var block = Convert.FromHexString(
            "0101030214686d69312f6f696c2f74656d7065726174757265156472697665732f6d6f746f72312f63757272656e74"
            + "8586e8ebd4a2891dd6de0102580102020185ce0f64");
        JournalPage.Write(Store, 1, 1, (byte[])[2, (byte)block.Length, .. block], journal.AsSpan(JournalPage.Bytes));
        var disk = new SimulatedDisk();
        disk.Put("journal-0", new DiskFile(1)).Write(0, journal);
        disk.Put("journal-1", new DiskFile(2));

        using (var store = DiskStore.Open(disk.Open, SomeStores.Options(firstId: 5)).Store!)
        {
            Assert.Equal((Store, 4L), (store.Store, store.Next));
            store.Append(NumberedReadings.Some(4, 2));
            Assert.Null(store.Commit());
        }

        using var again = DiskStore.Open(disk.Open, SomeStores.Options(firstId: 5)).Store!;
        var batch = new StoredBatch();
        Assert.Null(again.Peek(1, 10, batch));
        Assert.Equal(Store, again.Store);
        Assert.Equal(
            Readings
                .Select(known => known with { Clock = ReadingClock.Unknown, Position = known.Position - 120000 })
                .Concat([NumberedReadings.Stored(4), NumberedReadings.Stored(5)]),
            batch.Readings);
    }

    [Fact]
    public void The_page_of_the_format_document_is_what_the_journal_writes_and_recovery_reads()
    {
        var head = Worked("page");
        var page = new byte[JournalPage.Bytes];
        head.CopyTo(page, 0);

        var frame = Assert.Single(JournalScan.Of(page).Frames);
        Assert.Equal((Store, 7ul, 3u), (frame.Store, frame.Generation, frame.Sequence));
        var content = FrameContent.Read(frame.Body);
        Assert.Equal(Readings, new BlockDecoder().Decode(frame.Body.AsSpan(content.Block)));
        var life = Assert.Single(content.Lives);
        Assert.Equal((119000L, 120001L), (life.First, life.Next));
        Assert.Equal([new PositionRange(119500, 119999)], life.Acknowledged);

        var written = new byte[JournalPage.Bytes];
        JournalPage.Write(Store, 7, 3, Body(), written);
        Assert.Equal(Convert.ToHexStringLower(page), Convert.ToHexStringLower(written));
    }

    [Fact]
    public void The_segment_name_of_the_format_document_reads_as_it_says()
    {
        var name = Text("name");

        Assert.True(SegmentName.TryParse(name, out var parsed));
        Assert.Equal(new SegmentName(7, Store, new PositionRange(119000, 120003), 0x0123456789abcdef), parsed);
        Assert.Equal(name, parsed!.ToString());
    }

    private static byte[] Body()
    {
        var block = new ByteWriter();
        new BlockEncoder().Encode(Readings, block);
        var body = new ByteWriter();
        FrameContent.WriteBlock(body, block);
        FrameContent.WriteLife(body, new LifeRecord(Store, 119000, 120001, [new PositionRange(119500, 119999)], []));
        return body.Written.ToArray();
    }

    private static StoredReading Read(
        long position, string signal, SignalValue value, Quality quality, int milliseconds) =>
        new(position, signal, value, quality, NumberedReadings.Noon.AddMilliseconds(milliseconds)) { Clock = Clock };

    private static byte[] Worked(string what) =>
        Convert.FromHexString(Text(what).Replace("\n", "", StringComparison.Ordinal));

    /// <summary>A fenced part of FORMAT.md, each line up to a gap of two spaces: what follows is for people.</summary>
    private static string Text(string what)
    {
        var document = File.ReadAllText(Path.Combine(Root(), "agent", "Buffering", "FORMAT.md"));
        var start = document.IndexOf("```" + what + "\n", StringComparison.Ordinal);
        Assert.True(start >= 0, "FORMAT.md has no part ```" + what);
        start += what.Length + 4;
        var lines = document[start..document.IndexOf("```", start, StringComparison.Ordinal)].TrimEnd().Split('\n');
        var joined = new StringBuilder();
        foreach (var line in lines)
        {
            var gap = line.IndexOf("  ", StringComparison.Ordinal);
            joined.Append((gap < 0 ? line : line[..gap]).Replace(" ", "", StringComparison.Ordinal)).Append('\n');
        }

        return joined.ToString().TrimEnd('\n');
    }

    private static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "agent.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("Not inside the repository.");
        }

        return directory.FullName;
    }
}
