using Sluice.Agent.Buffering.Disk.Journal;

namespace Sluice.Agent.Buffering.Disk.Segments;

/// <summary>
/// Seals one full journal, in two steps that somebody else may run and what lies between them, which is the owner's:
/// build the segment (step), make room for it, write it (step), let the journal go. Commits go on meanwhile in the
/// other journal.
/// <para>
/// Invariants: the journal is let go only when every block that it held is in a segment that is durable and named, or
/// is in the ledger as lost; the room that the segment takes is made, and counted, before a byte of it is written;
/// nobody writes the journal that is being sealed. Where the other journal is full first, <see cref="Finish"/> makes
/// the commit wait: that is the back pressure, and nothing is dropped for it.
/// </para>
/// </summary>
internal sealed class JournalSealer(DiskContents contents, DiskWriter writer)
{
    private readonly SegmentDraft.Bench bench = new();
    private JournalFile? journal;
    private List<SegmentDraft> drafts = [];
    private Action? behindStep;

    /// <summary>What is to be run next, by whomever; null where nothing is being sealed.</summary>
    public SealStep? Step { get; private set; }

    /// <summary>Why the last full journal is not sealed yet, or null. It is tried again when it is needed.</summary>
    public Exception? Fault { get; private set; }

    public void Begin(JournalFile full)
    {
        journal = full;
        Fault = null;
        contents.Shelf.ReservedBytes = 0;
        drafts = [];
        foreach (var life in contents.Lives)
        {
            var blocks = life.Held.OfType<HeldBlock>().Where(held => held.Journal == full).ToArray();
            if (blocks.Length > 0)
            {
                drafts.Add(new SegmentDraft(life, full.Generation, blocks, bench));
            }
        }

        var building = drafts;
        Await(() => building.ForEach(draft => draft.Build()), behind: MakeRoom);
    }

    /// <summary>Takes over what a step found out, where one is done. Called on the owner's loop.</summary>
    public bool Proceed()
    {
        if (Step is not { IsDone: true } done)
        {
            return false;
        }

        Step = null;
        try
        {
            done.Rethrow();
            behindStep!();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The readings are safe in the journal.
            contents.Shelf.ReservedBytes = 0;
            Fault = fault;
        }

        return true;
    }

    /// <summary>Seals it now: the journal is needed. Throws where that cannot be done.</summary>
    public void Finish(JournalFile needed)
    {
        if (Step is null || journal != needed)
        {
            Begin(needed);
        }

        // Begins again at most once for each block: one that is damaged leaves the journal.
        while (Step is { } step)
        {
            step.Run();
            Proceed();
        }

        if (Fault is { } fault)
        {
            throw new IOException(fault.Message, fault);
        }
    }

    /// <summary>No step runs after this.</summary>
    public void Stop()
    {
        Step?.Stop();
        Step = null;
    }

    private void MakeRoom()
    {
        foreach (var draft in drafts)
        {
            foreach (var (block, pages) in draft.Damaged)
            {
                if (draft.Life.Held.Contains(block))
                {
                    draft.Life.Replace(block, null);
                    draft.Life.Lose(block.Range, DropReason.Corrupt);
                    writer.SetAside(block.Journal, block.Page, pages);
                }
            }
        }

        if (BeganAnew())
        {
            return;
        }

        if (contents.Fault is { } broken)
        {
            // Nothing is written until the directory was opened again.
            throw new IOException(broken.Sentence);
        }

        var writing = drafts.FindAll(draft => draft.LengthBytes > 0);
        var room = writing.Sum(draft => SegmentShelf.OnDisk(draft.LengthBytes) + SegmentShelf.NameBytes);
        writer.MakeRoom(room);
        contents.Shelf.ReservedBytes = room;
        var storage = contents.Storage;
        Await(() => writing.ForEach(draft => draft.Write(storage)), behind: LetGo);
    }

    private void LetGo()
    {
        contents.Shelf.ReservedBytes = 0;
        if (BeganAnew())
        {
            return;
        }

        foreach (var draft in drafts)
        {
            if (draft.Segment is { } segment)
            {
                contents.Shelf.Count(segment);
            }

            draft.Life.Replace(journal!, draft.Segment is null ? [] : [draft.Segment]);
        }

        journal!.IsOccupied = false;
        drafts = [];
    }

    /// <summary>
    /// The reader may have found a block damaged that could be read when the segment was built: it is in the ledger as
    /// lost, so it must not come back.
    /// </summary>
    private bool BeganAnew()
    {
        if (drafts.TrueForAll(draft => draft.Blocks.TrueForAll(draft.Life.Held.Contains)))
        {
            return false;
        }

        drafts.ForEach(draft => contents.Shelf.Discard(draft.Segment));
        Begin(journal!);
        return true;
    }

    private void Await(Action work, Action behind)
    {
        behindStep = behind;
        Step = new SealStep(work);
    }
}
