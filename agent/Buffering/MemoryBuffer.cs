using Sluice.Hal;

namespace Sluice.Agent.Buffering;

/// <summary>
/// Readings in memory, for as long as the storage does not take them (StoreSwitch), and for tests. Bounded: at the
/// bound the oldest block goes, and what of it was not acknowledged becomes a drop record. Durable here means only
/// that <see cref="Commit"/> was called; a stop loses everything, and the store id says so to the MES.
/// </summary>
public sealed class MemoryBuffer(StoreId store, long sizeBytesMax) : IReadingBuffer
{
    private const int BlockReadings = 1000;

    // A reading's struct, and what a text adds to it.
    private const int ReadingBytes = 64;

    private readonly List<Block> blocks = [];
    private readonly StoreLedger ledger = new();
    private long sizeBytes;

    public StoreId Store { get; } = store;

    public bool IsVolatile => true;

    public long First => blocks.Count > 0 && blocks[0].First < Durable ? blocks[0].First : Durable;

    public long Durable { get; private set; } = 1;

    public long Next { get; private set; } = 1;

    public StoreView View => new()
    {
        Store = Store,
        IsVolatile = true,
        First = First,
        Next = Durable,
        Acknowledged = ledger.Acknowledged.ToList(),
        Drops = [.. ledger.Drops],
        DroppedCount = ledger.DroppedCount,
        SizeBytes = sizeBytes,
        Waiting = Durable > First
            ? Durable - First - ledger.Acknowledged.CountIn(new PositionRange(First, Durable - 1))
            : 0,
    };

    public void Append(ReadOnlySpan<Reading> readings)
    {
        foreach (ref readonly var reading in readings)
        {
            if (blocks.Count == 0 || blocks[^1].Readings.Count == BlockReadings)
            {
                blocks.Add(new Block(Next));
            }

            var bytes = ReadingBytes + (reading.Value.AsText.Length * sizeof(char));
            blocks[^1].Readings.Add(new StoredReading(
                Next, reading.Signal.Name, reading.Value, reading.Quality, reading.SourceTimestamp));
            blocks[^1].SizeBytes += bytes;
            sizeBytes += bytes;
            Next++;
        }
    }

    public StorageFault? Commit()
    {
        Durable = Next;
        while (sizeBytes > sizeBytesMax && blocks.Count > 1)
        {
            var oldest = blocks[0];
            ledger.Drop(new PositionRange(oldest.First, oldest.Last), DropReason.Volatile);
            sizeBytes -= oldest.SizeBytes;
            blocks.RemoveAt(0);
            ledger.Acknowledged.RemoveBelow(First);
        }

        return null;
    }

    public StorageFault? Peek(long from, int readingsMax, StoredBatch into)
    {
        var left = readingsMax;
        for (var b = BlockOf(from); b < blocks.Count && left > 0; b++)
        {
            var block = blocks[b];
            for (var i = (int)Math.Max(0, from - block.First); i < block.Readings.Count && left > 0; i++, left--)
            {
                if (block.Readings[i].Position >= Durable)
                {
                    return null;
                }

                into.Add(block.Readings[i]);
            }
        }

        return null;
    }

    public void Acknowledge(PositionRange range)
    {
        if (range.To >= Durable)
        {
            throw new ArgumentOutOfRangeException(nameof(range), range, "Acknowledged what was never handed out.");
        }

        var from = Math.Max(range.From, First);
        if (from <= range.To)
        {
            ledger.Acknowledge(new PositionRange(from, range.To));
        }
    }

    public void Dispose()
    {
        // Nothing to let go: memory only.
    }

    private int BlockOf(long position)
    {
        int low = 0, high = blocks.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (blocks[middle].Last < position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private sealed class Block(long first)
    {
        public long First { get; } = first;

        public long Last => First + Readings.Count - 1;

        public List<StoredReading> Readings { get; } = new(64);

        public long SizeBytes { get; set; }
    }
}
