using System.Runtime.InteropServices;
using Sluice.Agent.Buffering.Disk.Blocks;
using Sluice.Agent.Buffering.Disk.Journal;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Buffering.Disk.Segments;

namespace Sluice.Agent.Buffering.Disk;

/// <summary>
/// Writes frames, changes journals and makes room. Every step may throw IOException; the disk store then
/// writes nothing more until it was opened again, so that no step has to be undone here.
/// <para>
/// Order, so that a power cut between any two steps costs nothing: the new generation is durable before the old one
/// ends; a segment is durable, read back and named before its journal is let go; a drop is in a durable frame before
/// its file is deleted.
/// </para>
/// </summary>
internal sealed class DiskWriter
{
    // Kept free at the end of a journal: for the frame that ends it, and for one ledger frame of an eviction.
    private const int ReservePages = 24;
    private const int EndPages = 1;

    // A frame stays small beside the smallest journal, whatever the texts are.
    private const int FrameBytes = 128 << 10;

    private readonly DiskContents contents;
    private readonly BlockEncoder encoder = new();
    private readonly ByteWriter block = new();
    private readonly ByteWriter body = new();
    private readonly List<HeldBlock> unsynced = [];
    private bool ledgerInFrame;

    public DiskWriter(DiskContents contents)
    {
        this.contents = contents;
        Sealer = new JournalSealer(contents, this);
    }

    /// <summary>Seals the journal that is not written, while the other one is.</summary>
    public JournalSealer Sealer { get; }

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

        if (!contents.Book.IsWritten || contents.Lives.Exists(life => life.IsUnwritten))
        {
            WriteLedger(ReservePages);
        }
    }

    /// <summary>Begins a generation in the other file; the sealing of the one before it begins.</summary>
    public void ChangeJournal()
    {
        var before = contents.Current;
        var next = contents.Other;
        if (next.IsOccupied)
        {
            Sealer.Finish(next);
        }

        next.Allocate(contents.Options.JournalPages);
        next.Begin(Math.Max(before.Generation, next.Generation) + 1);
        body.Clear();
        FrameContent.WriteStart(body, new JournalStart(contents.Life.Next, next.Pages, next.Identity));
        WriteLives(always: true);
        FrameContent.WriteWritten(body, contents.Storage.NowUtc);
        next.Append(contents.Life.Store, body.Written);
        next.Sync();
        LedgerIsDurable();
        contents.MakeCurrent(next);
        End(before);
        if (before.IsOccupied)
        {
            Sealer.Begin(before);
        }
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
            WriteEvictions();
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
        else
        {
            WriteClocks(always: false);
        }

        FrameContent.WriteWritten(body, contents.Storage.NowUtc);
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
        FrameContent.WriteWritten(body, contents.Storage.NowUtc);
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

    /// <summary>Not always a part of a commit, so that it has to say itself that the disk takes nothing.</summary>
    private void WriteEvictions()
    {
        try
        {
            WriteLedger(EndPages);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            contents.Fault ??= StorageFaults.Of(fault);
            throw;
        }
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

        WriteClocks(always);
    }

    /// <summary>
    /// In every frame of a commit, because it may end behind any of them and the readings before are there: by which
    /// clock they were stamped, and that nothing was recorded before them, is known from then on.
    /// </summary>
    private void WriteClocks(bool always)
    {
        foreach (var life in contents.Lives)
        {
            // Empty ones too: what an older journal says of them is over.
            if (always || !life.Clock.IsWritten)
            {
                FrameContent.WriteClock(body, life.Store, life.Clock.Record);
            }
        }

        if (always || !contents.Book.IsWritten)
        {
            FrameContent.WriteBook(body, contents.Book.Record);
        }
    }

    private void LedgerIsDurable()
    {
        foreach (var life in contents.Lives)
        {
            life.LifeChanged = false;
            life.DropsChanged = false;
            life.Clock.Written();
        }

        contents.Book.Written();
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
}
