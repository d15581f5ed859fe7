using System.Globalization;
using System.IO.Hashing;
using LiteDB;
using LiteDB.Engine;
using Sluice.Agent.Buffering.Disk.Blocks;

namespace Sluice.Agent.Buffering.Disk.Segments;

/// <summary>
/// The name of a sealed segment says all that opening the buffer has to know; the file is read only when its readings
/// are asked for.
/// </summary>
/// <param name="Generation">The journal's generation that was sealed: segments are as old as it says.</param>
/// <param name="Store">Whose readings.</param>
/// <param name="Range">First and last position; what is missing in between is in the ledger.</param>
/// <param name="Hash">XxHash3 of the whole file: LiteDB never sees a byte that is not as it was written.</param>
internal sealed record SegmentName(ulong Generation, StoreId Store, PositionRange Range, ulong Hash)
{
    public const string Ending = ".segment";

    public static bool TryParse(string name, out SegmentName? parsed)
    {
        parsed = null;
        var parts = name.Split('-', '.');
        if (parts.Length != 6
            || !name.EndsWith(Ending, StringComparison.Ordinal)
            || !ulong.TryParse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
                out var generation)
            || !Guid.TryParseExact(parts[1], "N", out var store)
            || !long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            || !long.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            || !ulong.TryParse(parts[4], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hash)
            || first < 1 || last < first || last == long.MaxValue)
        {
            return false;
        }

        parsed = new SegmentName(generation, new StoreId(store), new PositionRange(first, last), hash);
        return true;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture,
            $"{Generation:x16}-{Store}-{Range.From}-{Range.To}-{Hash:x16}{Ending}");
}

/// <summary>An encoded block and what a segment says about it.</summary>
internal sealed record SealedBlock(PositionRange Range, DateTime FirstTime, DateTime LastTime, byte[] Bytes);

/// <summary>
/// Segments are LiteDB databases, so that anybody can open one with LiteDB's own tools: a collection "segment" with one
/// document, a collection "blocks" with one document per block. They are built in memory, written once and only read
/// after that: LiteDB writes to no disk and recovers nothing (docs/adr/0004).
/// </summary>
internal static class SegmentFormat
{
    private const string Blocks = "blocks";
    private const string Segment = "segment";
    private const int Version = 1;

    /// <summary>The bytes of a file. What LiteDB writes to the log stream is used by nobody after that.</summary>
    public static ArraySegment<byte> Build(
        StoreId store, ulong generation, IReadOnlyList<SealedBlock> blocks, MemoryStream log)
    {
        using var data = new MemoryStream(RoomFor(blocks));
        log.SetLength(0);
        using (var engine = new LiteEngine(new EngineSettings
        {
            DataStream = data,
            LogStream = log,
            TempStream = new MemoryStream(),
            Collation = Collation.Binary,
        }))
        {
            var head = new BsonDocument
            {
                ["_id"] = 1,
                ["version"] = Version,
                ["store"] = store.Value,
                ["generation"] = unchecked((long)generation),
                ["first"] = blocks[0].Range.From,
                ["last"] = blocks[^1].Range.To,
                ["blocks"] = new BsonArray(blocks.Select(block => new BsonValue(block.Range.From))),
            };
            engine.Insert(Segment, [head], BsonAutoId.Int32);
            engine.Insert(Blocks, blocks.Select(ToDocument), BsonAutoId.Int64);
            engine.Checkpoint();
        }

        return data.TryGetBuffer(out var file)
            ? file
            : throw new InvalidOperationException("A stream in memory that does not show its memory.");
    }

    /// <summary>
    /// Reads a file that was just built as it will be read one day; throws where LiteDB does not give back what it got.
    /// </summary>
    public static void Prove(ArraySegment<byte> file, IReadOnlyList<SealedBlock> blocks)
    {
        var proved = 0;
        var whole = Collect(
            file, new PositionRange(blocks[0].Range.From, blocks[^1].Range.To), Query.Ascending,
            block => proved += proved < blocks.Count && block.Range == blocks[proved].Range
                && block.Bytes.AsSpan().SequenceEqual(blocks[proved].Bytes) ? 1 : blocks.Count + 1);
        if (!whole || proved != blocks.Count)
        {
            throw new IOException("A segment does not hold what was put into it; the journal is kept.");
        }
    }

    /// <summary>
    /// All blocks of a file that is as it was written. Throws <see cref="DamagedException"/> where it is not.
    /// </summary>
    public static List<SealedBlock> Read(ArraySegment<byte> file, SegmentName name)
    {
        if (XxHash3.HashToUInt64(file) != name.Hash)
        {
            throw new DamagedException("The segment is not as it was written.");
        }

        var salvage = Salvage(file, name.Range);
        return salvage.IsWhole && salvage.Blocks.Count > 0 && salvage.Blocks[^1].Range.To == name.Range.To
            ? salvage.Blocks
            : throw new DamagedException("The segment does not hold what it should.");
    }

    /// <summary>Whatever blocks of a damaged file are whole. Each block proves itself by its own hash.</summary>
    public static (List<SealedBlock> Blocks, bool IsWhole) Salvage(ArraySegment<byte> file, PositionRange range)
    {
        var found = new SortedDictionary<long, SealedBlock>();
        var whole = Collect(file, range, Query.Ascending, Keep);
        if (!whole)
        {
            // Where the way from the front is broken, the way from the back may lead to what lies behind.
            Collect(file, range, Query.Descending, Keep);
        }

        var blocks = new List<SealedBlock>();
        foreach (var block in found.Values)
        {
            if (blocks.Count == 0 || block.Range.From > blocks[^1].Range.To)
            {
                blocks.Add(block);
            }
        }

        return (blocks, whole);

        void Keep(SealedBlock block) => found[block.Range.From] = block;
    }

    private static bool Collect(
        ArraySegment<byte> file, PositionRange range, int order, Action<SealedBlock> found)
    {
        var whole = true;
        try
        {
            using var data = new MemoryStream(file.Array!, file.Offset, file.Count, writable: false);
            using var engine = new LiteEngine(new EngineSettings
            {
                DataStream = data, LogStream = new MemoryStream(), TempStream = new MemoryStream(), ReadOnly = true,
            });
            using var reader = engine.Query(Blocks, new Query { OrderBy = "_id", Order = order });
            for (var documents = 0L; documents <= range.Count && reader.Read(); documents++)
            {
                if (FromDocument(reader.Current.AsDocument, range) is { } block)
                {
                    found(block);
                }
                else
                {
                    whole = false;
                }
            }
        }
        catch (Exception damage) when (damage is not OutOfMemoryException)
        {
            // LiteDB throws all kinds of exceptions over damaged pages; what was found until here is proved by its
            // hash.
            return false;
        }

        return whole;
    }

    /// <summary>About what the file will take, so that no stream has to grow by doubling itself.</summary>
    private static int RoomFor(IReadOnlyList<SealedBlock> blocks) =>
        (128 << 10) + blocks.Sum(block => block.Bytes.Length + (block.Bytes.Length / 8));

    private static BsonDocument ToDocument(SealedBlock block) => new()
    {
        ["_id"] = block.Range.From,
        ["count"] = block.Range.Count,
        ["firstTime"] = block.FirstTime,
        ["lastTime"] = block.LastTime,
        ["hash"] = unchecked((long)XxHash3.HashToUInt64(block.Bytes)),
        ["data"] = block.Bytes,
    };

    private static SealedBlock? FromDocument(BsonDocument? document, PositionRange range)
    {
        if (document is null || !document["_id"].IsInt64 || !document["hash"].IsInt64 || !document["data"].IsBinary)
        {
            return null;
        }

        var bytes = document["data"].AsBinary;
        if (unchecked((long)XxHash3.HashToUInt64(bytes)) != document["hash"].AsInt64)
        {
            return null;
        }

        try
        {
            var positions = BlockDecoder.RangeOf(bytes);
            return positions.From == document["_id"].AsInt64 && range.Contains(positions.From)
                && range.Contains(positions.To)
                ? new SealedBlock(positions, document["firstTime"].AsDateTime, document["lastTime"].AsDateTime, bytes)
                : null;
        }
        catch (DamagedException)
        {
            return null;
        }
    }
}
