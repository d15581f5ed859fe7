using System.Text;
using Sluice.Agent.Buffering;
using Sluice.Hal;
using Xunit;

namespace Sluice.Fast.Buffering;

/// <summary>FORMAT.md shows bytes; here they are read, and written again.</summary>
public sealed class FormatTests
{
    private static readonly StoreId Store = StoreId.Parse("0199c6f100007000800000000000002a");

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
        new(position, signal, value, quality, NumberedReadings.Noon.AddMilliseconds(milliseconds));

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
