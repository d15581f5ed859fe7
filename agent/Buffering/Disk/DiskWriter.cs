using System.Runtime.InteropServices;

namespace Sluice.Agent.Buffering;

/// <summary>
/// Writes frames, changes journals, seals them and makes room. Every step may throw IOException; the disk store then
/// writes nothing more until it was opened again, so that no step has to be undone here.
/// <para>
/// Order, so that a power cut between any two steps costs nothing: the new generation is durable before the old one
/// ends; a segment is durable, read back and named before its journal is let go; a drop is in a durable frame before
/// its file is deleted.
/// </para>
/// </summary>
internal sealed class DiskWriter(DiskContents contents)
{
    // Kept free at the end of a journal: for the frame that ends it, and for one ledger frame of an eviction.
    private const int ReservePages = 24;
    private const int EndPages = 1;

    // A frame stays small beside the smallest journal, whatever the texts are.
    private const int FrameBytes = 128 << 10;

    private readonly BlockEncoder encoder = new();
    private readonly BlockDecoder decoder = new();
    private readonly ByteWriter block = new();
    private readonly ByteWriter body = new();
    private readonly List<HeldBlock> unsynced = [];
    private bool ledgerInFrame;

    /// <summary>Why the last full journal is not sealed yet, or null.</summary>
    public Exception? SealFault { get; private set; }

    /// <summary>
    /// Makes readings durable, and what changed in the ledger with them; what is durable leaves the list.
    /// </summary>
    public void Write(List<StoredReading> pending)
    {
        while (pending.Count > 0)
        {
            var written = 0;
            while (written < pending.Count
                && AppendBlock(CollectionsMarshal.AsSpan(pending)[written..]) is > 0 and var count)
            {
                written += count;
            }

            Sync();
            pending.RemoveRange(0, written);
            if (pending.Count == 0)
            {
                break;
            }

            if (written == 0 && contents.Current.Sequence <= 1)
            {
                throw new InvalidOperationException("A frame does not fit into an empty journal.");
            }

            ChangeJournal();
        }

        if (contents.Lives.Exists(life => life.LifeChanged || life.DropsChanged))
        {
            WriteLedger(ReservePages);
        }
    }

    /// <summary>Begins a generation in the other file; the one before it is sealed and let go.</summary>
    public void ChangeJournal()
    {
        var before = contents.Current;
        var next = contents.Other;
        if (next.IsOccupied)
        {
            Seal(next);
        }

        next.Allocate(contents.Options.JournalPages);
        next.Begin(Math.Max(before.Generation, next.Generation) + 1);
        body.Clear();
        FrameContent.WriteStart(body, new JournalStart(contents.Life.Next, next.Pages, next.Identity));
        WriteLives(always: true);
        next.Append(contents.Life.Store, body.Written);
        next.Sync();
        LedgerIsDurable();
        contents.MakeCurrent(next);
        End(before);
        if (before.IsOccupied)
        {
            TrySeal(before);
        }
    }

    /// <summary>
    /// Writes a journal's readings into a segment; then they lie there and the journal may be used again.
    /// </summary>
    public void Seal(JournalFile journal)
    {
        foreach (var life in contents.Lives)
        {
            var blocks = life.Held.OfType<HeldBlock>().Where(held => held.Journal == journal).ToArray();
            if (blocks.Length == 0)
            {
                continue;
            }

            var merged = Merge(life, blocks);
            if (merged.Count == 0)
            {
                life.Replace(journal, []);
                continue;
            }

            var bytes = SegmentFormat.Build(life.Store, journal.Generation, merged);
            MakeRoom(bytes.Length);
            life.Replace(journal, [contents.Shelf.Write(life.Store, journal.Generation, merged, bytes)]);
        }

        journal.IsOccupied = false;
        SealFault = null;
    }

    /// <summary>Until so many bytes more fit: what was set aside goes first, then the oldest segments.</summary>
    public void MakeRoom(long lengthBytes)
    {
        var needed = SegmentShelf.OnDisk(lengthBytes) + SegmentShelf.OnDisk(1);
        while (contents.SizeBytes + needed > contents.Options.SizeBytesMax && contents.Shelf.DeleteOldestQuarantined())
        {
            // One by one.
        }

        var evicted = new List<HeldSegment>();
        var size = contents.SizeBytes + needed;
        while (size > contents.Options.SizeBytesMax && OldestSegment() is var (life, segment))
        {
            life.Evict(segment, DropReason.Overflow);
            evicted.Add(segment);
            size -= SegmentShelf.OnDisk(segment.LengthBytes);
        }

        if (evicted.Count > 0)
        {
            WriteLedger(EndPages);
            evicted.ForEach(contents.Shelf.Delete);
        }
    }

    /// <summary>Sets aside what is left of a damaged part, where there is room for it.</summary>
    public void SetAside(JournalFile journal, int page, byte[] bytes)
    {
        if (contents.SizeBytes + SegmentShelf.OnDisk(bytes.Length) < contents.Options.SizeBytesMax)
        {
            contents.Shelf.SetAside($"{journal.Name}-{journal.Generation:x16}-page{page}", bytes);
        }
    }

    /// <summary>Seals a journal, or says in <see cref="SealFault"/> why not.</summary>
    public void TrySeal(JournalFile journal)
    {
        try
        {
            Seal(journal);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The readings are safe in the journal. It is tried again when the journal is needed.
            SealFault = fault;
        }
    }

    private void End(JournalFile journal)
    {
        if (journal.HasRoom(1))
        {
            body.Clear();
            FrameContent.WriteEnd(body);
            journal.Append(contents.Life.Store, body.Written);
            journal.Sync();
        }
    }

    /// <summary>Appends one frame with as many readings as it takes; 0 where the journal is full.</summary>
    private int AppendBlock(ReadOnlySpan<StoredReading> readings)
    {
        var count = 0;
        for (var bytes = 0; count < readings.Length && count < BufferLoop.CommitReadings && bytes < FrameBytes; count++)
        {
            bytes += 16 + readings[count].Signal.Length + readings[count].Value.AsText.Length;
        }

        block.Clear();
        body.Clear();
        encoder.Encode(readings[..count], block);
        FrameContent.WriteBlock(body, block);
        if (count == readings.Length)
        {
            WriteLives(always: false);
        }

        var pages = JournalPage.PagesFor(body.Length);
        if (!contents.Current.HasRoom(pages + ReservePages))
        {
            return 0;
        }

        var page = contents.Current.Append(contents.Life.Store, body.Written);
        unsynced.Add(new HeldBlock(
            new PositionRange(readings[0].Position, readings[count - 1].Position), contents.Current, page, pages));
        if (count == readings.Length)
        {
            ledgerInFrame = true;
        }

        return count;
    }

    private void Sync()
    {
        if (unsynced.Count == 0)
        {
            return;
        }

        contents.Current.Sync();
        contents.Current.IsOccupied = true;
        unsynced.ForEach(contents.Life.Add);
        unsynced.Clear();
        if (ledgerInFrame)
        {
            ledgerInFrame = false;
            LedgerIsDurable();
        }
    }

    private void WriteLedger(int reservePages)
    {
        body.Clear();
        WriteLives(always: false);
        if (!contents.Current.HasRoom(JournalPage.PagesFor(body.Length) + reservePages))
        {
            if (reservePages == EndPages)
            {
                throw new IOException("The journal has no room for its ledger: it could not be sealed.");
            }

            // The new generation begins with the whole ledger.
            ChangeJournal();
            return;
        }

        contents.Current.Append(contents.Life.Store, body.Written);
        contents.Current.Sync();
        LedgerIsDurable();
    }

    private void WriteLives(bool always)
    {
        foreach (var life in contents.Lives)
        {
            if (always || life.LifeChanged)
            {
                FrameContent.WriteLife(body, life.Record);
            }

            if (always || life.DropsChanged)
            {
                FrameContent.WriteDrops(body, life.Drops);
            }
        }
    }

    private void LedgerIsDurable()
    {
        foreach (var life in contents.Lives)
        {
            life.LifeChanged = false;
            life.DropsChanged = false;
        }
    }

    private (DiskLife Life, HeldSegment Segment)? OldestSegment()
    {
        (DiskLife Life, HeldSegment Segment)? oldest = null;
        foreach (var life in contents.Lives)
        {
            if (life.Held.Count > 0 && life.Held[0] is HeldSegment segment
                && (oldest is null || segment.Name.Generation < oldest.Value.Segment.Name.Generation))
            {
                oldest = (life, segment);
            }
        }

        return oldest;
    }

    /// <summary>Small blocks of a journal become large ones: fewer documents, fewer signal tables.</summary>
    private List<SealedBlock> Merge(DiskLife life, HeldBlock[] blocks)
    {
        var merged = new List<SealedBlock>();
        var readings = new List<StoredReading>(BlockFormat.ReadingsMax);
        foreach (var held in blocks)
        {
            var more = Read(life, held);
            if (readings.Count > 0 && more.Length > 0
                && (readings.Count + more.Length > BlockFormat.ReadingsMax
                    || more[0].Position != readings[^1].Position + 1))
            {
                merged.Add(Encode(readings));
            }

            readings.AddRange(more);
        }

        if (readings.Count > 0)
        {
            merged.Add(Encode(readings));
        }

        return merged;
    }

    private StoredReading[] Read(DiskLife life, HeldBlock held)
    {
        try
        {
            return DiskReader.Read(held, decoder);
        }
        catch (DamagedException)
        {
            SetAside(held.Journal, held.Page, held.Journal.ReadPages(held.Page, held.Pages));
            life.Lose(held.Range, DropReason.Corrupt);
            return [];
        }
    }

    private SealedBlock Encode(List<StoredReading> readings)
    {
        block.Clear();
        encoder.Encode(CollectionsMarshal.AsSpan(readings), block);
        var sealedBlock = new SealedBlock(
            new PositionRange(readings[0].Position, readings[^1].Position), readings[0].SourceTimestamp,
            readings[^1].SourceTimestamp, block.Written.ToArray());
        readings.Clear();
        return sealedBlock;
    }
}
