using System.Buffers.Binary;
using System.IO.Hashing;

namespace Sluice.Agent.Buffering.Disk.Journal;

/// <summary>What a page of the journal says about itself.</summary>
/// <param name="Store">Whose frame it is a part of.</param>
/// <param name="Generation">Counts the uses of the journal files: one file's older content is older.</param>
/// <param name="Sequence">The frame's number in this generation, from 0.</param>
/// <param name="Index">Which page of the frame.</param>
/// <param name="Pages">How many pages the frame has.</param>
/// <param name="BodyBytes">Length of the whole frame's body.</param>
/// <param name="BodyHash">XxHash3 of the whole body: pages of two attempts at one frame never pass for one.</param>
internal readonly record struct JournalPage(
    StoreId Store, ulong Generation, uint Sequence, int Index, int Pages, int BodyBytes, ulong BodyHash)
{
    public const int Bytes = 4096;

    public const int HeadBytes = 56;

    public const int PayloadBytes = Bytes - HeadBytes;

    private const uint Magic = 0x314A4C53; // "SLJ1"

    public static int PagesFor(int bodyBytes) => Math.Max(1, (bodyBytes + PayloadBytes - 1) / PayloadBytes);

    public static bool IsUnused(ReadOnlySpan<byte> page) => page.IndexOfAnyExcept((byte)0) < 0;

    /// <summary>Cuts a frame's body into pages.</summary>
    public static void Write(
        StoreId store, ulong generation, uint sequence, ReadOnlySpan<byte> body, Span<byte> into)
    {
        var pages = PagesFor(body.Length);
        var hash = XxHash3.HashToUInt64(body);
        for (var i = 0; i < pages; i++)
        {
            var page = into.Slice(i * Bytes, Bytes);
            page.Clear();
            BinaryPrimitives.WriteUInt32LittleEndian(page[8..], Magic);
            BinaryPrimitives.WriteUInt32LittleEndian(page[12..], sequence);
            BinaryPrimitives.WriteUInt64LittleEndian(page[16..], generation);
            store.Value.TryWriteBytes(page[24..], bigEndian: true, out _);
            BinaryPrimitives.WriteUInt16LittleEndian(page[40..], (ushort)i);
            BinaryPrimitives.WriteUInt16LittleEndian(page[42..], (ushort)pages);
            BinaryPrimitives.WriteInt32LittleEndian(page[44..], body.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(page[48..], hash);
            var part = body.Slice(i * PayloadBytes, Math.Min(PayloadBytes, body.Length - (i * PayloadBytes)));
            part.CopyTo(page[HeadBytes..]);
            BinaryPrimitives.WriteUInt64LittleEndian(page, XxHash3.HashToUInt64(page[8..]));
        }
    }

    /// <summary>False where the page is not, byte for byte, what was written.</summary>
    public static bool TryRead(ReadOnlySpan<byte> page, out JournalPage head)
    {
        head = default;
        if (page.Length != Bytes
            || BinaryPrimitives.ReadUInt32LittleEndian(page[8..]) != Magic
            || BinaryPrimitives.ReadUInt64LittleEndian(page) != XxHash3.HashToUInt64(page[8..]))
        {
            return false;
        }

        head = new JournalPage(
            new StoreId(new Guid(page.Slice(24, 16), bigEndian: true)),
            BinaryPrimitives.ReadUInt64LittleEndian(page[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(page[12..]),
            BinaryPrimitives.ReadUInt16LittleEndian(page[40..]),
            BinaryPrimitives.ReadUInt16LittleEndian(page[42..]),
            BinaryPrimitives.ReadInt32LittleEndian(page[44..]),
            BinaryPrimitives.ReadUInt64LittleEndian(page[48..]));
        return head.Pages >= 1 && head.Index < head.Pages && head.BodyBytes >= 0
            && PagesFor(head.BodyBytes) == head.Pages;
    }

    /// <summary>Puts a frame together again; null where its pages do not belong together.</summary>
    public static byte[]? Join(ReadOnlySpan<byte> pages)
    {
        var body = new ByteWriter();
        return TryJoin(pages, body) ? body.Written.ToArray() : null;
    }

    /// <summary>The same into memory that is used again.</summary>
    public static bool TryJoin(ReadOnlySpan<byte> pages, ByteWriter into)
    {
        into.Clear();
        if (!TryRead(pages[..Bytes], out var first) || first.Index != 0 || pages.Length != first.Pages * Bytes)
        {
            return false;
        }

        var body = into.Take(first.BodyBytes);
        for (var i = 0; i < first.Pages; i++)
        {
            var page = pages.Slice(i * Bytes, Bytes);
            if (!TryRead(page, out var head) || head != first with { Index = i })
            {
                return false;
            }

            var part = body.Slice(i * PayloadBytes, Math.Min(PayloadBytes, body.Length - (i * PayloadBytes)));
            page.Slice(HeadBytes, part.Length).CopyTo(part);
        }

        return XxHash3.HashToUInt64(body) == first.BodyHash;
    }
}
