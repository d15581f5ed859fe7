using System.Runtime.InteropServices;
using Sluice.Agent.Buffering.Disk.Blocks;
using Sluice.Agent.Buffering.Disk.Storage;

namespace Sluice.Agent.Buffering.Disk.Segments;

/// <summary>
/// One journal's readings of one store on their way into a segment. Made and taken over by the owner of the store;
/// <see cref="Build"/> and <see cref="Write"/> touch nothing of the owner's, so that another thread may run them.
/// </summary>
internal sealed class SegmentDraft(
    DiskLife life, ulong generation, IEnumerable<HeldBlock> blocks, SegmentDraft.Bench bench)
{
    private List<SealedBlock> merged = [];
    private ArraySegment<byte> bytes = [];

    /// <summary>What every draft of a store is made with, one after the other.</summary>
    internal sealed class Bench
    {
        public BlockEncoder Encoder { get; } = new();

        public FrameMemory Memory { get; } = new();

        public ByteWriter Block { get; } = new();

        /// <summary>What LiteDB writes its log to: nobody reads it.</summary>
        public MemoryStream Log { get; } = new();

        public List<StoredReading> Readings { get; } = new(BlockFormat.ReadingsMax);

        public StoredReading[] Decoded = [];
    }

    public DiskLife Life { get; } = life;

    /// <summary>What the segment holds; blocks that turned out to be damaged leave the list.</summary>
    public List<HeldBlock> Blocks { get; } = [.. blocks];

    /// <summary>Blocks that are not as they were written, with what is left of them.</summary>
    public List<(HeldBlock Block, byte[] Pages)> Damaged { get; } = [];

    public long LengthBytes => bytes.Count;

    /// <summary>The file, once it is written and named; null where there was nothing to write.</summary>
    public HeldSegment? Segment { get; private set; }

    /// <summary>Reads the journal, makes the file's bytes, and reads them back as the reader will.</summary>
    public void Build()
    {
        Merge();
        Blocks.RemoveAll(held => Damaged.Exists(damaged => damaged.Block == held));
        if (merged.Count > 0)
        {
            bytes = SegmentFormat.Build(Life.Store, generation, merged, bench.Log);
            SegmentFormat.Prove(bytes, merged);
        }
    }

    /// <summary>Durable, read back and under its name when it returns.</summary>
    public void Write(IStorage storage)
    {
        if (merged.Count > 0)
        {
            Segment = SegmentShelf.WriteFile(storage, Life.Store, generation, merged, bytes);
        }
    }

    /// <summary>Small blocks of a journal become large ones: fewer documents, fewer signal tables.</summary>
    private void Merge()
    {
        merged = [];
        var readings = bench.Readings;
        readings.Clear();
        foreach (var held in Blocks)
        {
            var more = Read(held);
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
    }

    private ReadOnlySpan<StoredReading> Read(HeldBlock held)
    {
        try
        {
            var count = DiskReader.Read(held, bench.Memory, ref bench.Decoded);
            return bench.Decoded.AsSpan(0, count);
        }
        catch (DamagedException)
        {
            Damaged.Add((held, held.Journal.ReadPages(held.Page, held.Pages)));
            return [];
        }
    }

    private SealedBlock Encode(List<StoredReading> readings)
    {
        bench.Block.Clear();
        bench.Encoder.Encode(CollectionsMarshal.AsSpan(readings), bench.Block);
        var sealedBlock = new SealedBlock(
            new PositionRange(readings[0].Position, readings[^1].Position), readings[0].SourceTimestamp,
            readings[^1].SourceTimestamp, bench.Block.Written.ToArray());
        readings.Clear();
        return sealedBlock;
    }
}
