using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk.Blocks;
using Sluice.Agent.Buffering.Disk.Journal;

namespace Sluice.Gateway.Power;

/// <summary>
/// What the agent's buffer must hold, told from what the guest wrote to its disk: every frame of the journal that went
/// by. A frame's commit has returned when the next frame is written, because the agent writes one commit at a time and
/// waits for its fdatasync.
/// </summary>
internal sealed class StoredTruth
{
    private readonly BlockDecoder decoder = new();
    private readonly Dictionary<(ulong Generation, uint Sequence), byte[]?[]> pages = [];
    private readonly Dictionary<long, StoredReading> written = [];
    private readonly List<StoredReading> newest = [];

    /// <summary>Under which id; default before the first frame.</summary>
    public StoreId Store { get; private set; }

    /// <summary>The last position that is durable for certain.</summary>
    public long Committed { get; private set; }

    /// <summary>All positions that must be there.</summary>
    public IEnumerable<long> CommittedPositions => written.Keys.Where(position => position <= Committed);

    /// <summary>The time between the first and the last reading of a commit, at most.</summary>
    public TimeSpan LongestCommit { get; private set; }

    /// <summary>
    /// Whether this is what was written at its position. Its time and quality are told by the clock that the journal
    /// knows of when it is read, and not by the block alone.
    /// </summary>
    public bool Has(in StoredReading reading) =>
        written.TryGetValue(reading.Position, out var right)
        && right.Signal == reading.Signal && right.Value == reading.Value;

    /// <summary>The agent was started on a disk that holds everything up to here.</summary>
    public void Starts(long kept)
    {
        pages.Clear();
        newest.Clear();
        Committed = kept;
        foreach (var position in written.Keys.Where(position => position > kept).ToList())
        {
            written.Remove(position);
        }
    }

    /// <summary>The guest writes; frames may be among it.</summary>
    public void See(DiskEntry entry)
    {
        for (var at = 0; at + JournalPage.Bytes <= entry.Data.Length; at += JournalPage.Bytes)
        {
            var page = entry.Data.AsSpan(at, JournalPage.Bytes);
            if (JournalPage.TryRead(page, out var head))
            {
                See(head, page.ToArray());
            }
        }
    }

    private void See(JournalPage head, byte[] page)
    {
        var key = (head.Generation, head.Sequence);
        if (!pages.TryGetValue(key, out var frame))
        {
            pages.Add(key, frame = new byte[]?[head.Pages]);
            if (newest.Count > 0)
            {
                Committed = newest[^1].Position;
                newest.Clear();
            }
        }

        var isNew = frame[head.Index] is null;
        frame[head.Index] = page;
        if (isNew && frame.All(each => each is not null)
            && JournalPage.Join(frame.SelectMany(each => each!).ToArray()) is { } body)
        {
            Store = head.Store;
            var content = FrameContent.Read(body);
            if (content.HasBlock)
            {
                Take(decoder.Decode(body.AsSpan(content.Block)));
            }
        }
    }

    private void Take(StoredReading[] readings)
    {
        newest.AddRange(readings);
        foreach (var reading in readings)
        {
            written[reading.Position] = reading;
        }

        var lasted = readings[^1].SourceTimestamp - readings[0].SourceTimestamp;
        LongestCommit = lasted > LongestCommit ? lasted : LongestCommit;
    }
}
