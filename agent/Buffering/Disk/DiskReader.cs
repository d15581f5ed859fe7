namespace Sluice.Agent.Buffering;

/// <summary>
/// Reads held readings back, from wherever they lie. Every byte is proved by a hash before it is believed. What is
/// damaged is set aside and named in the ledger, and reading goes on behind it.
/// </summary>
internal sealed class DiskReader(DiskContents contents, DiskWriter writer)
{
    // The live end and the backlog are read in turn, each in pieces of a block.
    private const int DecodedMax = 2;

    private readonly BlockDecoder decoder = new();
    private readonly LinkedList<(StoreId Store, PositionRange Range, StoredReading[] Readings)> decoded = [];

    public static StoredReading[] Read(HeldBlock held, BlockDecoder decoder)
    {
        var body = JournalPage.Join(held.Journal.ReadPages(held.Page, held.Pages))
            ?? throw new DamagedException("A frame is not as it was written.");
        var content = FrameContent.Read(body);
        var readings = decoder.Decode(body.AsSpan(content.Block));
        return readings[0].Position == held.Range.From && readings[^1].Position == held.Range.To
            ? readings
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
                var (readings, behind) = Find(life, held, position);
                for (var i = 0; i < readings.Length && left > 0; i++)
                {
                    if (readings[i].Position >= position)
                    {
                        into.Add(life.Clock.Effective(readings[i]));
                        left--;
                    }
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
    private (StoredReading[] Readings, long Behind) Find(DiskLife life, Held held, long position)
    {
        if (held is HeldBlock block)
        {
            return (Decoded(life.Store, block.Range) ?? Keep(life.Store, Read(block, decoder)), block.Range.To + 1);
        }

        foreach (var candidate in contents.Shelf.Load(((HeldSegment)held).Name))
        {
            if (candidate.Range.To >= position)
            {
                return (Decoded(life.Store, candidate.Range) ?? Keep(life.Store, decoder.Decode(candidate.Bytes)),
                    candidate.Range.To + 1);
            }
        }

        return ([], held.Range.To + 1);
    }

    private StoredReading[]? Decoded(StoreId store, PositionRange range)
    {
        foreach (var known in decoded)
        {
            if (known.Range == range && known.Store == store)
            {
                return known.Readings;
            }
        }

        return null;
    }

    private StoredReading[] Keep(StoreId store, StoredReading[] readings)
    {
        decoded.AddFirst((store, new PositionRange(readings[0].Position, readings[^1].Position), readings));
        if (decoded.Count > DecodedMax)
        {
            decoded.RemoveLast();
        }

        return readings;
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

        var bytes = blocks.Count > 0 ? SegmentFormat.Build(life.Store, damaged.Name.Generation, blocks) : [];
        writer.MakeRoom(bytes.Length);
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
}
