using System.IO.Compression;
using Sluice.Agent.Buffering;
using Sluice.Agent.Publishing.Delivery;

namespace Sluice.Agent.Publishing.Encoding;

/// <summary>Readings in a message as it goes on the wire.</summary>
/// <param name="Readings">How many it holds.</param>
/// <param name="Encoding"><c>gzip</c>, or null where the bytes are JSON as they are.</param>
internal readonly record struct PackedBatch(int Readings, string? Encoding);

/// <summary>
/// Makes one message of readings for one connection: fills it, and compresses it where that is wanted.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>The JSON has <c>messageBytesMax</c> bytes at most, whatever it becomes on the wire: what a receiver unpacks is
/// bounded by the same number as what it reads plain.</item>
/// <item>What goes on the wire fits into the broker's packet, but for a single reading that does not.</item>
/// <item>A message below <see cref="CompressFrom"/> bytes goes plain, and so does one that gzip makes no smaller.
/// </item>
/// </list>
/// </summary>
/// <param name="batches">Fills messages.</param>
/// <param name="gzip">Compresses; null: nothing is compressed.</param>
/// <param name="plainBytesMax">JSON bytes of a message at most.</param>
/// <param name="wireBytesMax">What the broker's packet has room for.</param>
internal sealed class BatchPacker(BatchEncoder batches, BatchGzip? gzip, int plainBytesMax, int wireBytesMax)
{
    /// <summary>Below it a message is one packet on most networks anyway.</summary>
    public const int CompressFrom = 1024;

    /// <summary>
    /// Halved while a compressed message is still too large for the broker's packet, and kept for the connection: the
    /// next one compresses alike.
    /// </summary>
    private int bytesMax = gzip is null ? Math.Min(plainBytesMax, wireBytesMax) : plainBytesMax;

    public PackedBatch Pack(PayloadBuffer into, in PlannedBatch planned, DateTime utc, StoredBatch from, int start)
    {
        while (true)
        {
            var count = batches.Encode(
                into, planned.Store, planned.Lane != Lane.Live, utc, from.Readings, start, planned.ReadingsMax,
                bytesMax);
            if (gzip is not null && into.Length >= CompressFrom && gzip.TryShrink(into, wireBytesMax))
            {
                return new PackedBatch(count, BatchGzip.Name);
            }

            if (into.Length <= wireBytesMax || count == 1)
            {
                return new PackedBatch(count, null);
            }

            bytesMax = Math.Max(1, Math.Min(bytesMax, into.Length) / 2);
        }
    }
}

/// <summary>gzip at the fastest level, over a buffer that is used again and again. Used by one loop.</summary>
internal sealed class BatchGzip : IDisposable
{
    public const string Name = "gzip";

    private readonly MemoryStream small = new();

    /// <summary>
    /// Puts the compressed bytes in the place of the plain ones; false, and nothing changed, where they are not fewer
    /// or more than <paramref name="bytesMax"/>.
    /// </summary>
    public bool TryShrink(PayloadBuffer payload, int bytesMax)
    {
        small.SetLength(0);
        using (var gzip = new GZipStream(small, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(payload.Span);
        }

        if (small.Length >= payload.Length || small.Length > bytesMax)
        {
            return false;
        }

        payload.Clear();
        payload.Append(small.GetBuffer().AsSpan(0, (int)small.Length));
        return true;
    }

    public void Dispose() => small.Dispose();
}
