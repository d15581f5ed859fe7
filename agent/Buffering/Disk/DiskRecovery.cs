using Sluice.Agent.Buffering.Disk.Blocks;
using Sluice.Agent.Buffering.Disk.Journal;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Buffering.Stamps;
using Sluice.Agent.Buffering.Disk.Storage;

namespace Sluice.Agent.Buffering.Disk;

/// <summary>
/// Opens whatever lies in the directory (FORMAT.md, Recovery). Content never makes it fail; only the storage does.
/// <para>
/// Invariants: what was durable and is not damaged is held afterwards; what is missing between first and next is a drop
/// record; the next position is above every position that was ever durable, or the store id is a new one.
/// </para>
/// </summary>
internal sealed class DiskRecovery
{
    private const int LivesMax = 8;

    /// <summary>Twice as long as the default of <c>atLeastEvery</c>: so long nobody commits nothing.</summary>
    private static readonly TimeSpan TouchedAfter = TimeSpan.FromMinutes(2);

    private readonly DiskContents contents;
    private readonly DiskWriter writer;
    private readonly Dictionary<StoreId, FoundStore> found = [];
    private readonly List<HeldSegment> letGo = [];
    private BookRecord? book;
    private bool isClosed;

    private DiskRecovery(DiskContents contents)
    {
        this.contents = contents;
        writer = new DiskWriter(contents);
    }

    public static DiskStore Open(IStorage storage, DiskStoreOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.SizeBytesMax, DiskStoreOptions.SizeBytesMin);
        var first = new JournalFile(storage.Open("journal-0", create: true), "journal-0");
        var second = new JournalFile(storage.Open("journal-1", create: true), "journal-1");
        var contents = new DiskContents(storage, options, first, second);
        try
        {
            return new DiskRecovery(contents).Recover();
        }
        catch
        {
            // A disk that fails is asked again and again, and a file that is held keeps it from being unmounted.
            contents.Dispose();
            throw;
        }
    }

    private DiskStore Recover()
    {
        // What a killed process wrote is in the page cache only; it is served, so it has to be durable.
        var journals = contents.Journals.Select(file => new FoundJournal(file, file.Scan())).ToArray();
        Array.Sort(journals, (a, b) => a.Scan.Generation.CompareTo(b.Scan.Generation));
        foreach (var journal in journals)
        {
            ReadFrames(journal);
        }

        if (book is not null)
        {
            contents.Book.Restore(book, isClosed);
        }

        TakeSegments();
        var newest = journals[1];
        var goesOn = GoesOn(newest);
        MakeLives(newest, goesOn);
        contents.MakeCurrent(newest.File);
        foreach (var journal in journals)
        {
            var tail = journal.Scan.Frames.Count > 0 ? journal.Scan.Frames[^1].Sequence + 1 : 0;
            journal.File.Continue(journal.Scan.Generation, journal.Scan.Tail, tail);
            journal.File.IsOccupied = contents.Lives.Exists(
                life => life.Held.Any(held => held is HeldBlock block && block.Journal == journal.File));
            SetAsideDamage(journal);
            if (journal.File.Pages == 0)
            {
                journal.File.Allocate(contents.Options.JournalPages);
            }
        }

        contents.Storage.SyncDirectory();
        var startAnew = !goesOn || newest.Scan.IsDamaged || newest.IsShort || letGo.Count > 0;
        if (startAnew || contents.Options.DurableBelow is not null)
        {
            writer.ChangeJournal();
            letGo.ForEach(contents.Shelf.Delete);
        }
        else if (contents.Other.IsOccupied)
        {
            // Not now: it is sealed while the agent works already.
            writer.Sealer.Begin(contents.Other);
        }

        writer.MakeRoom(0);
        return new DiskStore(contents, writer);
    }

    private void ReadFrames(FoundJournal journal)
    {
        foreach (var frame in journal.Scan.Frames)
        {
            try
            {
                var content = FrameContent.Read(frame.Body);
                journal.Start = content.Start ?? journal.Start;
                journal.Ended |= content.IsEnd;
                journal.Store = frame.Store;
                journal.WrittenUtc = content.WrittenUtc ?? journal.WrittenUtc;
                Take(journal.File, frame, content);
            }
            catch (DamagedException)
            {
                // Whole, but written by another version: as good as lost, and named as such.
                journal.Scan.DamagedPages.Add(frame.Page);
            }
        }
    }

    private void Take(JournalFile file, JournalFrame frame, FrameContent content)
    {
        var store = Of(frame.Store);
        if (content.Start is { } start)
        {
            store.Cut(start.First);
        }

        foreach (var life in content.Lives)
        {
            Of(life.Store).Life = life;
            Of(life.Store).See(life.Next - 1);
        }

        foreach (var (id, record) in content.Clocks)
        {
            Of(id).Clock = record;
        }

        book = content.Book ?? book;
        isClosed = content.Book is not null || (isClosed && !content.HasBlock);
        foreach (var drops in content.Drops)
        {
            Of(drops.Store).Drops = drops;
        }

        if (content.HasBlock)
        {
            var range = BlockDecoder.RangeOf(frame.Body.AsSpan(content.Block));
            store.Cut(range.From);
            store.Blocks.Add(new HeldBlock(range, file, frame.Page, frame.Pages));
            store.See(range.To);
        }
    }

    private FoundStore Of(StoreId store)
    {
        if (!found.TryGetValue(store, out var known))
        {
            found.Add(store, known = new FoundStore(store, found.Count));
        }

        return known;
    }

    /// <summary>Every file in the directory is one of ours, or is set aside where it counts and goes first.</summary>
    private void TakeSegments()
    {
        foreach (var entry in contents.Storage.List())
        {
            if (entry.Name.StartsWith(DirectoryStorage.Quarantine, StringComparison.Ordinal))
            {
                contents.Shelf.CountQuarantined(entry);
            }
            else if (SegmentName.TryParse(entry.Name, out var name))
            {
                Of(name!.Store).Segments.Add(new HeldSegment(name, entry.LengthBytes));
            }
            else if (entry.Name.EndsWith(SegmentShelf.Temporary, StringComparison.Ordinal))
            {
                contents.Storage.Delete(entry.Name);
            }
            else if (!contents.Journals.Any(journal => journal.Name == entry.Name))
            {
                contents.Shelf.SetAside(entry.Name, entry.LengthBytes);
            }
        }
    }

    /// <summary>
    /// Whether the newest journal's life may be written on. Not where a newer journal must have been lost, and not
    /// where the directory is a copy: positions may have been given of which nothing is left here.
    /// </summary>
    private bool GoesOn(FoundJournal newest) =>
        newest.Scan.Frames.Count > 0
        && !newest.Ended
        && (newest.Start is null || newest.Start.Identity == newest.File.Identity)
        && !WasTouched(newest);

    /// <summary>
    /// Somebody wrote to the file long after we had: an older copy was put back over it, in place. A commit that a
    /// power cut left half way follows the one before it much sooner. After a fault of our own it is us who wrote.
    /// </summary>
    private bool WasTouched(FoundJournal newest) =>
        contents.Options.DurableBelow is null
        && newest.WrittenUtc is { } written
        && newest.File.ChangedUtc - written > TouchedAfter;

    private void MakeLives(FoundJournal newest, bool goesOn)
    {
        var ordered = found.Values
            .Where(life => goesOn && life.Store == newest.Store || life.HasReadings || life.Drops is { Total: > 0 })
            .OrderBy(life => goesOn && life.Store == newest.Store)
            .ThenBy(life => life.OldestGeneration)
            .ThenBy(life => life.Order);
        foreach (var life in ordered)
        {
            contents.Lives.Add(MakeLife(life));
        }

        if (goesOn)
        {
            var pages = newest.Scan.DamagedTailPages + Math.Max(0, (newest.Start?.Pages ?? 0) - newest.File.Pages);
            if (pages > 0)
            {
                var next = contents.Life.Next;
                contents.Life.Lose(
                    new PositionRange(next, next + ((long)pages * BufferLoop.CommitReadings) - 1), DropReason.Torn);
            }
        }
        else
        {
            // Nobody knows what of them was handed out as it was read: all of it stays so.
            contents.Lives.ForEach(life => life.Clock.Forget(allBut: Guid.Empty));
            contents.Lives.Add(new DiskLife(contents.Options.NewStore()));
        }

        while (contents.Lives.Count(life => life.Held.Count > 0) > LivesMax)
        {
            LetGo(contents.Lives.First(life => life.Held.Count > 0));
        }

        // Those that ended and are empty still say what they dropped: no other ledger does.
        while (contents.Lives.SkipLast(1).Count(life => life.Held.Count == 0) > LivesMax)
        {
            contents.Lives.Remove(contents.Lives.First(life => life.Held.Count == 0));
        }
    }

    /// <summary>Too many lives: the oldest one's readings go, each named in its ledger, before its files do.</summary>
    private void LetGo(DiskLife life)
    {
        foreach (var held in life.Held.ToArray())
        {
            life.Evict(held, DropReason.Overflow);
            if (held is HeldSegment segment)
            {
                letGo.Add(segment);
            }
        }
    }

    private DiskLife MakeLife(FoundStore from)
    {
        var life = new DiskLife(from.Store);
        var first = from.Life?.First ?? 1;
        var limit = contents.Options.DurableBelow is { } cut && cut.Store == from.Store ? cut.Position : long.MaxValue;
        var held = new List<Held>();
        foreach (var segment in from.Segments.OrderBy(s => s.Range.From).ThenByDescending(s => s.Range.To))
        {
            if (segment.Range.To < first)
            {
                // Dropped before; only the file's name came back after a power cut.
                contents.Storage.Delete(segment.Name.ToString());
                continue;
            }

            contents.Shelf.Count(segment);
            if (held.Count > 0 && segment.Range.From <= held[^1].Range.To)
            {
                contents.Shelf.SetAside(segment);
            }
            else
            {
                held.Add(segment);
            }
        }

        var sealedTo = held.Count > 0 ? held[^1].Range.To : 0;
        held.AddRange(from.Blocks.Where(block => block.Range.From > sealedTo && block.Range.To >= first
            && block.Range.To < limit));
        var next = Math.Min(limit, Math.Max(first, from.Last + 1));
        if (from.Life is null && held.Count > 0)
        {
            first = held[0].Range.From;
        }

        next = Math.Max(next, held.Count > 0 ? held[^1].Range.To + 1 : 1);
        life.Ledger.Restore(from.Life?.Acknowledged ?? [], from.Drops?.Drops ?? [], from.Drops?.Total ?? 0);
        life.Ledger.Acknowledged.RemoveFrom(next);
        foreach (var hole in from.Life?.Holes ?? [])
        {
            life.Holes.Add(hole);
        }

        life.Restore(first, next, held);
        if (from.Clock is { } clock)
        {
            life.Clock.Restore(clock, next);
            life.Clock.MoveFirst(first);
        }

        NameGaps(life);
        return life;
    }

    /// <summary>
    /// What is neither held nor known to be gone is gone now: a damaged page, a file that was deleted.
    /// </summary>
    private static void NameGaps(DiskLife life)
    {
        var from = life.First;
        foreach (var held in life.Held.ToArray())
        {
            LoseBefore(held.Range.From);
            from = held.Range.To + 1;
        }

        LoseBefore(life.Next);

        void LoseBefore(long position)
        {
            if (from < position)
            {
                foreach (var gap in life.Holes.MissingIn(new PositionRange(from, position - 1)).ToArray())
                {
                    life.Lose(gap, DropReason.Corrupt);
                }
            }
        }
    }

    private void SetAsideDamage(FoundJournal journal)
    {
        var scan = journal.Scan;
        if (scan.IsDamaged)
        {
            var first = scan.DamagedPages.Count > 0 ? scan.DamagedPages[0] : scan.Tail;
            var last = scan.DamagedTailPages > 0 ? scan.Tail + scan.DamagedTailPages - 1 : scan.DamagedPages[^1];
            var pages = Math.Min(last, journal.File.Pages - 1) - first + 1;
            if (pages > 0)
            {
                writer.SetAside(journal.File, first, journal.File.ReadPages(first, pages));
            }
        }
    }
}
