using Sluice.Agent.Buffering.Disk.Blocks;
using Sluice.Agent.Buffering.Disk.Journal;
using Sluice.Agent.Buffering.Disk.Segments;

namespace Sluice.Agent.Buffering.Disk;

/// <summary>What reading a journal's frames uses again and again; one for each thread that reads.</summary>
internal sealed class FrameMemory
{
    public ByteWriter Pages { get; } = new();

    public ByteWriter Body { get; } = new();

    public BlockDecoder Decoder { get; } = new();
}

/// <summary>
/// Reads held readings back, from wherever they lie. Every byte is proved by a hash before it is believed. What is
/// damaged is set aside and named in the ledger, and reading goes on behind it.
/// </summary>
internal sealed class DiskReader(DiskContents contents, DiskWriter writer)
{
    private readonly FrameMemory memory = new();

    // Two, because the live end and the backlog are read in turn, each in pieces of a block.
    private readonly Decoded[] decoded = [new(), new()];
    private int oldest;

    /// <summary>The readings of a block in a journal, into an array that is used again. Returns how many.</summary>
    public static int Read(HeldBlock held, FrameMemory memory, ref StoredReading[] into)
    {
        held.Journal.ReadPages(held.Page, held.Pages, memory.Pages);
        if (!JournalPage.TryJoin(memory.Pages.Written, memory.Body))
        {
            throw new DamagedException("A frame is not as it was written.");
        }

        var body = memory.Body.Written;
        var count = memory.Decoder.Decode(body[FrameContent.Read(body).Block], ref into);
        return into[0].Position == held.Range.From && into[count - 1].Position == held.Range.To
            ? count
            : throw new DamagedException("A frame has other positions than it should.");
    }

    public void Peek(DiskLife life, long from, int readingsMax, StoredBatch into)
    {
        var left = readingsMax;
        var position = Math.Max(from, life.First);
        while (left > 0)
        {
            var index = life.IndexOf(position);
            if (index >= life.Held.Count)
            {
                return;
            }

            var held = life.Held[index];
            try
            {
                var (found, behind) = Find(life, held, position);
                var readings = found.Readings;
                for (var i = (int)Math.Max(0, position - found.Range.From); i < readings.Length && left > 0; i++)
                {
                    into.Add(life.Clock.Effective(readings[i]));
                    left--;
                }

                position = behind;
            }
            catch (DamagedException)
            {
                SetAside(life, held);
            }
        }
    }

    /// <summary>The block with a position or the next one, and where to go on behind it.</summary>
    private (Decoded Block, long Behind) Find(DiskLife life, Held held, long position)
    {
        if (held is HeldBlock block)
        {
            return (Known(life.Store, block.Range) ?? Decode(life.Store, block.Range, block, []), block.Range.To + 1);
        }

        foreach (var candidate in contents.Shelf.Load(((HeldSegment)held).Name))
        {
            if (candidate.Range.To >= position)
            {
                return (Known(life.Store, candidate.Range)
                    ?? Decode(life.Store, candidate.Range, null, candidate.Bytes), candidate.Range.To + 1);
            }
        }

        return (Decoded.Nothing, held.Range.To + 1);
    }

    private Decoded? Known(StoreId store, PositionRange range)
    {
        foreach (var known in decoded)
        {
            if (known.Range == range && known.Store == store && known.Count > 0)
            {
                oldest = known == decoded[0] ? 1 : 0;
                return known;
            }
        }

        return null;
    }

    private Decoded Decode(StoreId store, PositionRange range, HeldBlock? block, byte[] bytes)
    {
        var into = decoded[oldest];
        into.Count = 0;
        into.Count = block is null
            ? memory.Decoder.Decode(bytes, ref into.All)
            : Read(block, memory, ref into.All);
        into.Store = store;
        into.Range = range;
        oldest = 1 - oldest;
        return into;
    }

    private void SetAside(DiskLife life, Held held)
    {
        if (held is HeldBlock block)
        {
            life.Replace(block, null);
            life.Lose(block.Range, DropReason.Corrupt);
            if (contents.Fault is null)
            {
                writer.SetAside(block.Journal, block.Page, block.Journal.ReadPages(block.Page, block.Pages));
            }

            return;
        }

        var segment = (HeldSegment)held;
        var (blocks, _) = SegmentFormat.Salvage(contents.Shelf.ReadFile(segment.Name), segment.Range);
        var saved = new PositionRanges(int.MaxValue);
        blocks.ForEach(b => saved.Add(b.Range));
        foreach (var lost in saved.MissingIn(segment.Range with { From = Math.Max(segment.Range.From, life.First) }))
        {
            life.Lose(lost, DropReason.Corrupt);
        }

        try
        {
            Replace(life, segment, blocks);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The disk takes nothing now; what was saved is served from memory, and saved again after the next start.
            contents.Shelf.Keep(segment.Name, blocks);
        }
    }

    private void Replace(DiskLife life, HeldSegment damaged, List<SealedBlock> blocks)
    {
        if (contents.Fault is not null)
        {
            throw new IOException(contents.Fault.Sentence);
        }

        var bytes = blocks.Count > 0
            ? SegmentFormat.Build(life.Store, damaged.Name.Generation, blocks, new MemoryStream())
            : default;
        writer.MakeRoom(bytes.Count);
        if (!life.Held.Contains(damaged))
        {
            // It was the oldest, and went to make room for its own rest.
            return;
        }

        life.Replace(
            damaged,
            blocks.Count > 0 ? contents.Shelf.Write(life.Store, damaged.Name.Generation, blocks, bytes) : null);
        contents.Shelf.SetAside(damaged);
    }

    /// <summary>A block's readings, in an array that the next block uses again.</summary>
    private sealed class Decoded
    {
        public static readonly Decoded Nothing = new();

        public StoredReading[] All = [];

        public StoreId Store { get; set; }

        public PositionRange Range { get; set; }

        public int Count { get; set; }

        public ReadOnlySpan<StoredReading> Readings => All.AsSpan(0, Count);
    }
}
