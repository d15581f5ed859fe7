using Sluice.Agent.Buffering.Disk.Journal;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Agent.Buffering.Stamps;

namespace Sluice.Agent.Buffering.Disk;

/// <summary>A journal file and what its frames told.</summary>
internal sealed record FoundJournal(JournalFile File, JournalScan Scan)
{
    public JournalStart? Start { get; set; }

    public bool Ended { get; set; }

    public StoreId Store { get; set; }

    /// <summary>When the last whole frame was written; null where no frame says.</summary>
    public DateTime? WrittenUtc { get; set; }

    /// <summary>The file was cut: frames may have been lost with its end.</summary>
    public bool IsShort => Start is not null && File.Pages < Start.Pages;
}

/// <summary>What was found of one store id.</summary>
internal sealed class FoundStore(StoreId store, int order)
{
    public StoreId Store { get; } = store;

    public int Order { get; } = order;

    public LifeRecord? Life { get; set; }

    public DropsRecord? Drops { get; set; }

    public ClockRecord? Clock { get; set; }

    public List<HeldBlock> Blocks { get; } = [];

    public List<HeldSegment> Segments { get; } = [];

    public long Last { get; private set; }

    public bool HasReadings => Blocks.Count > 0 || Segments.Count > 0;

    public ulong OldestGeneration => Segments.Count > 0
        ? Segments.Min(segment => segment.Name.Generation) : ulong.MaxValue;

    public void See(long last) => Last = Math.Max(Last, last);

    /// <summary>A younger frame begins here: what older ones have from here on was never handed out.</summary>
    public void Cut(long first)
    {
        Blocks.RemoveAll(block => block.Range.From >= first);
        Last = Math.Min(Last, first - 1);
    }
}
