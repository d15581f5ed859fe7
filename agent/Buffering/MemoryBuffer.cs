using System.Runtime.InteropServices;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Blocks;
using Sluice.Agent.Buffering.Stamps;
using Sluice.Agent.Time;
using Sluice.Hal;

namespace Sluice.Agent.Buffering;

/// <summary>
/// Readings in memory, for as long as the storage does not take them (StoreSwitch), and for tests. Bounded: at the
/// bound the oldest block goes, and what of it was not acknowledged becomes a drop record. Durable here means only
/// that <see cref="Commit"/> was called; a stop loses everything, and the store id says so to the MES. Full blocks lie
/// encoded, as on disk: a few bytes a reading and not sixty.
/// </summary>
public sealed class MemoryBuffer(StoreId store, long sizeBytesMax) : IReadingBuffer
{
    private const int BlockReadingsMax = 1000;
    private const int BlockReadingsMin = 8;

    // A reading's struct, and what a text adds to it; an encoded block's array and what leads to it.
    private const int ReadingBytes = 80;
    private const int BlockBytes = 128;

    /// <summary>A drop takes a block: no large part of what the bound holds.</summary>
    private readonly int blockReadings =
        (int)Math.Clamp(sizeBytesMax / 16 / ReadingBytes, BlockReadingsMin, BlockReadingsMax);

    private readonly List<Block> blocks = [];
    private readonly BlockEncoder encoder = new();
    private readonly BlockDecoder decoder = new();
    private readonly ByteWriter encoded = new();
    private (long First, StoredReading[] Readings) decoded;
    private readonly StoreLedger ledger = new();
    private readonly StoreClock times = new();
    private long sizeBytes;

    public StoreId Store { get; } = store;

    public bool IsVolatile => true;

    public long First => blocks.Count > 0 && blocks[0].First < Durable ? blocks[0].First : Durable;

    public long Durable { get; private set; } = 1;

    public long Next { get; private set; } = 1;

    public long DroppedCount => ledger.DroppedCount;

    public StoreView View => new()
    {
        Store = Store,
        IsVolatile = true,
        First = First,
        Next = Durable,
        Acknowledged = ledger.Acknowledged.ToList(),
        Drops = [.. ledger.Drops],
        DroppedCount = ledger.DroppedCount,
        Corrections = [.. times.Corrections],
        SizeBytes = sizeBytes,
        Waiting = Durable > First
            ? Durable - First - ledger.Acknowledged.CountIn(new PositionRange(First, Durable - 1))
            : 0,
    };

    public bool AwaitsClock => times.IsWaiting;

    public void Append(ReadOnlySpan<Reading> readings) => Append(readings, ReadingClock.Unknown);

    public void Append(ReadOnlySpan<Reading> readings, ReadingClock clock)
    {
        if (readings.Length > 0)
        {
            times.Note(new PositionRange(Next, Next + readings.Length - 1), clock);
        }

        foreach (ref readonly var reading in readings)
        {
            if (blocks.Count == 0 || blocks[^1].Count == blockReadings)
            {
                blocks.Add(new Block(Next));
            }

            // Whole milliseconds from the start, as they are after the block was encoded: what was handed out once is
            // handed out again the same.
            var time = reading.SourceTimestamp;
            var bytes = ReadingBytes + (reading.Value.AsText.Length * sizeof(char));
            blocks[^1].Readings!.Add(new StoredReading(
                Next, reading.Signal.Name, reading.Value, reading.Quality,
                time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMillisecond)))
            {
                Clock = clock,
            });
            blocks[^1].Count++;
            blocks[^1].SizeBytes += bytes;
            sizeBytes += bytes;
            Next++;
        }
    }

    public StorageFault? Commit()
    {
        Durable = Next;
        for (var b = blocks.Count - 1; b >= 0 && blocks[b].Readings is not null; b--)
        {
            Encode(blocks[b]);
        }

        times.Written();
        while (sizeBytes > sizeBytesMax && blocks.Count > 1)
        {
            var oldest = blocks[0];
            ledger.Drop(new PositionRange(oldest.First, oldest.Last), DropReason.Volatile);
            sizeBytes -= oldest.SizeBytes;
            blocks.RemoveAt(0);
            ledger.Acknowledged.RemoveBelow(First);
            times.MoveFirst(First);
        }

        return null;
    }

    public StorageFault? Peek(long from, int readingsMax, StoredBatch into)
    {
        var left = readingsMax;
        for (var b = BlockOf(from); b < blocks.Count && left > 0; b++)
        {
            var block = blocks[b];
            var readings = ReadingsOf(block);
            for (var i = (int)Math.Max(0, from - block.First); i < readings.Length && left > 0; i++, left--)
            {
                if (readings[i].Position >= Durable)
                {
                    return null;
                }

                into.Add(times.Effective(readings[i]));
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

    public void Release(PositionRange range) => times.Release(range);

    public void Observe(ReadingClock now)
    {
        times.Forget(now.Boot);
        if (now.IsSet)
        {
            times.Correct(now);
        }
    }

    public void Dispose()
    {
        // Nothing to let go: memory only.
    }

    private void Encode(Block block)
    {
        if (block.Count == blockReadings)
        {
            encoded.Clear();
            encoder.Encode(CollectionsMarshal.AsSpan(block.Readings), encoded);
            block.Bytes = encoded.Written.ToArray();
            block.Readings = null;
            sizeBytes += BlockBytes + block.Bytes.Length - block.SizeBytes;
            block.SizeBytes = BlockBytes + block.Bytes.Length;
        }
    }

    private ReadOnlySpan<StoredReading> ReadingsOf(Block block)
    {
        if (block.Readings is not null)
        {
            return CollectionsMarshal.AsSpan(block.Readings);
        }

        if (decoded.First != block.First)
        {
            decoded = (block.First, decoder.Decode(block.Bytes));
        }

        return decoded.Readings;
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

        public long Last => First + Count - 1;

        public int Count { get; set; }

        /// <summary>Null where they were encoded.</summary>
        public List<StoredReading>? Readings { get; set; } = new(64);

        public byte[] Bytes { get; set; } = [];

        public long SizeBytes { get; set; }
    }
}
