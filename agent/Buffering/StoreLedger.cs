namespace Sluice.Agent.Buffering;

/// <summary>
/// What was acknowledged in one store, what was dropped and why. A core: the stores write it down.
/// <para>
/// Invariants: a drop record never names an acknowledged position; <see cref="DroppedCount"/> never shrinks; both lists
/// are bounded, and what falls out of the list of drops stays in the count.
/// </para>
/// </summary>
public sealed class StoreLedger
{
    /// <summary>Live and backlog need a handful; an MES that acknowledges out of order may need more.</summary>
    public const int AcknowledgedRangesMax = 1024;

    /// <summary>As many as a ledger message may carry (contract v1).</summary>
    public const int DropsMax = 1000;

    private readonly List<DropRecord> drops = [];

    public PositionRanges Acknowledged { get; } = new(AcknowledgedRangesMax);

    public IReadOnlyList<DropRecord> Drops => drops;

    public long DroppedCount { get; private set; }

    /// <summary>Ranges that were forgotten because there were too many: they are delivered a second time.</summary>
    public long UnacknowledgedRanges { get; private set; }

    public void Acknowledge(PositionRange range)
    {
        if (Acknowledged.Add(range) is not null)
        {
            UnacknowledgedRanges++;
        }
    }

    /// <summary>These are gone. What of them was acknowledged is no loss and is not named.</summary>
    public void Drop(PositionRange range, DropReason reason)
    {
        foreach (var lost in Acknowledged.MissingIn(range))
        {
            DroppedCount += lost.Count;
            if (drops.Count > 0 && drops[^1].Reason == reason && drops[^1].Range.To + 1 == lost.From)
            {
                var joined = drops[^1].Range with { To = lost.To };
                drops[^1] = new DropRecord(joined, joined.Count, reason);
                continue;
            }

            drops.Add(new DropRecord(lost, lost.Count, reason));
            if (drops.Count > DropsMax)
            {
                drops.RemoveAt(0);
            }
        }
    }

    /// <summary>Takes over what was written down earlier.</summary>
    public void Restore(IEnumerable<PositionRange> acknowledged, IEnumerable<DropRecord> dropped, long droppedCount)
    {
        foreach (var range in acknowledged)
        {
            Acknowledged.Add(range);
        }

        drops.AddRange(dropped);
        DroppedCount = droppedCount;
    }
}
