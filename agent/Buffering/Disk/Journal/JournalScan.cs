namespace Sluice.Agent.Buffering.Disk.Journal;

/// <summary>A frame that was read back whole.</summary>
internal sealed record JournalFrame(StoreId Store, ulong Generation, uint Sequence, int Page, int Pages, byte[] Body);

/// <summary>
/// What a journal file holds, told from its bytes alone. A core.
/// <para>
/// Every page proves itself, so that three things can be told apart: never used (zeros) or left from an older
/// generation: the end of what was committed; a frame of this generation with pages missing: a commit that a power cut
/// interrupted; and bits that are wrong. Only the last may have been durable once, so only there positions are
/// skipped: <see cref="DamagedTailPages"/>.
/// </para>
/// </summary>
internal sealed class JournalScan
{
    private JournalScan()
    {
    }

    /// <summary>The frames of the newest generation, by sequence.</summary>
    public List<JournalFrame> Frames { get; } = [];

    /// <summary>The newest generation of which any page is whole; 0 where there is none.</summary>
    public ulong Generation { get; private set; }

    /// <summary>The page behind the last frame.</summary>
    public int Tail { get; private set; }

    /// <summary>
    /// How many pages at the tail are neither unused nor whole. A frame of the newest generation may be lost there.
    /// </summary>
    public int DamagedTailPages { get; private set; }

    /// <summary>Pages before the tail that do not belong to a frame: readings that were committed are lost.</summary>
    public List<int> DamagedPages { get; } = [];

    public bool IsDamaged => DamagedPages.Count > 0 || DamagedTailPages > 0;

    public static JournalScan Of(ReadOnlySpan<byte> file)
    {
        var scan = new JournalScan();
        var pages = file.Length / JournalPage.Bytes;
        var heads = new JournalPage?[pages];
        for (var i = 0; i < pages; i++)
        {
            if (JournalPage.TryRead(PageAt(file, i), out var head))
            {
                heads[i] = head;
                scan.Generation = Math.Max(scan.Generation, head.Generation);
            }
        }

        scan.FindFrames(file, heads);
        scan.FindDamage(file, heads);
        return scan;
    }

    private static ReadOnlySpan<byte> PageAt(ReadOnlySpan<byte> file, int page) =>
        file.Slice(page * JournalPage.Bytes, JournalPage.Bytes);

    private void FindFrames(ReadOnlySpan<byte> file, JournalPage?[] heads)
    {
        for (var i = 0; i < heads.Length; i++)
        {
            if (heads[i] is not { Index: 0 } head || head.Generation != Generation || i + head.Pages > heads.Length)
            {
                continue;
            }

            // A frame that was begun, lost its end, and was begun again further on cannot be: sequences only grow.
            var bytes = file.Slice(i * JournalPage.Bytes, head.Pages * JournalPage.Bytes);
            if ((Frames.Count == 0 || head.Sequence > Frames[^1].Sequence) && JournalPage.Join(bytes) is { } body)
            {
                Frames.Add(new JournalFrame(head.Store, head.Generation, head.Sequence, i, head.Pages, body));
                i += head.Pages - 1;
            }
        }

        Tail = Frames.Count > 0 ? Frames[^1].Page + Frames[^1].Pages : 0;
    }

    private void FindDamage(ReadOnlySpan<byte> file, JournalPage?[] heads)
    {
        var frame = 0;
        for (var i = 0; i < Tail; i++)
        {
            if (frame < Frames.Count && Frames[frame].Page == i)
            {
                i += Frames[frame++].Pages - 1;
            }
            else
            {
                DamagedPages.Add(i);
            }
        }

        // Behind the tail: a run of pages that are damaged, or of a frame that was never finished.
        for (var i = Tail; i < heads.Length; i++)
        {
            if (heads[i] is null && !JournalPage.IsUnused(PageAt(file, i)))
            {
                DamagedTailPages++;
            }
            else if (heads[i]?.Generation != Generation || Generation == 0)
            {
                break;
            }
        }

        // A file that does not end with a page was cut; what was there is lost.
        if (file.Length % JournalPage.Bytes != 0 && Tail + DamagedTailPages >= heads.Length)
        {
            DamagedTailPages++;
        }
    }
}
