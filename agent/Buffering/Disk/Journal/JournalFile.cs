using System.Buffers;
using Sluice.Agent.Buffering.Disk.Storage;

namespace Sluice.Agent.Buffering.Disk.Journal;

/// <summary>
/// One of the two journal files. Written front to back, frame behind frame, each in pages of its own: no committed page
/// is ever written again in its generation. Preallocated with zeros, so that a disk that somebody else fills takes no
/// commit away, and so that a sync has no file size to write.
/// </summary>
internal sealed class JournalFile(IStorageFile file, string name) : IDisposable
{
    /// <summary>More than any journal of ours: what lies behind it in a file of that name is not read.</summary>
    private const long LengthBytesMax = 64 << 20;

    private readonly ByteWriter frame = new();

    public string Name { get; } = name;

    public int Pages { get; private set; } = (int)(file.LengthBytes / JournalPage.Bytes);

    public long Identity => file.Identity;

    public DateTime ChangedUtc => file.ChangedUtc;

    public ulong Generation { get; private set; }

    /// <summary>The page that the next frame begins with.</summary>
    public int Tail { get; private set; }

    /// <summary>The next frame's number.</summary>
    public uint Sequence { get; private set; }

    /// <summary>Holds readings that are nowhere else.</summary>
    public bool IsOccupied { get; set; }

    public bool HasRoom(int pages) => Tail + pages <= Pages;

    /// <summary>
    /// Makes what is in the file durable, and reads all of it: from the device. After a sync that failed, the kernel
    /// reads back what the device never got, and the next sync succeeds; served from there, a reading could be gone
    /// after a power cut, and its position given to another.
    /// </summary>
    public JournalScan Scan()
    {
        file.Sync();
        file.DropCache();
        var length = (int)Math.Min(file.LengthBytes, LengthBytesMax);
        var bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var read = file.Read(0, bytes.AsSpan(0, length));
            return JournalScan.Of(bytes.AsSpan(0, read));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    public byte[] ReadPages(int page, int pages)
    {
        var into = new ByteWriter();
        ReadPages(page, pages, into);
        return into.Written.ToArray();
    }

    /// <summary>The same into memory that is used again. What is past the end of the file is zeros.</summary>
    public void ReadPages(int page, int pages, ByteWriter into)
    {
        into.Clear();
        var bytes = into.Take(pages * JournalPage.Bytes);
        bytes[file.Read((long)page * JournalPage.Bytes, bytes)..].Clear();
    }

    /// <summary>Goes on behind what recovery found.</summary>
    public void Continue(ulong generation, int tail, uint sequence)
    {
        Generation = generation;
        Tail = tail;
        Sequence = sequence;
    }

    /// <summary>Makes the file as long as it has to be, before its room is counted on.</summary>
    public void Allocate(int pages)
    {
        var length = (long)pages * JournalPage.Bytes;
        if (file.LengthBytes != length)
        {
            // Page by page: one large write makes one large folio of the page cache, and the kernel then accounts all
            // of it (/proc/self/io) each time a page of it is written: the bytes a day would be told 16 times too high.
            var zeros = new byte[JournalPage.Bytes];
            var from = Math.Min(file.LengthBytes, length) / JournalPage.Bytes * JournalPage.Bytes;
            for (var at = from; at < length; at += zeros.Length)
            {
                file.Write(at, zeros);
            }

            file.SetLength(length);
            file.Sync();
        }

        Pages = pages;
    }

    /// <summary>Begins a new use of the file: everything in it stops counting with the first sync.</summary>
    public void Begin(ulong generation)
    {
        Generation = generation;
        Tail = 0;
        Sequence = 0;
    }

    /// <summary>Writes a frame. Returns its first page; durable after <see cref="Sync"/>.</summary>
    public int Append(StoreId store, ReadOnlySpan<byte> body)
    {
        var pages = JournalPage.PagesFor(body.Length);
        if (!HasRoom(pages))
        {
            throw new InvalidOperationException("The journal is full; the caller asks HasRoom first.");
        }

        frame.Clear();
        JournalPage.Write(store, Generation, Sequence, body, frame.Take(pages * JournalPage.Bytes));
        file.Write((long)Tail * JournalPage.Bytes, frame.Written);
        var page = Tail;
        Tail += pages;
        Sequence++;
        return page;
    }

    public void Sync() => file.Sync();

    public void Dispose() => file.Dispose();
}
