namespace Sluice.Plant.Disk;

/// <summary>
/// A file's bytes as a program reads them, and the pages of which the device has other bytes: those written since the
/// last sync, and those that a failed sync lost.
/// </summary>
public sealed class DiskFile(int number)
{
    private const int PageBytes = 4096;

    // What the device has of a page, by page: while it waits for a sync, and after a sync lost it.
    private readonly Dictionary<long, byte[]> unsynced = [];
    private readonly Dictionary<long, byte[]> lost = [];

    private byte[] bytes = [];
    private bool shared;

    public int Number { get; } = number;

    /// <summary>When it was last written, by the disk's clock.</summary>
    public DateTime ChangedUtc { get; set; } = DateTime.UnixEpoch;

    public long LengthBytes { get; private set; }

    public byte[] Content => bytes.AsSpan(0, (int)LengthBytes).ToArray();

    /// <summary>Shares the bytes until one of the two is written.</summary>
    public DiskFile Copy() => Copy(Number);

    public DiskFile Copy(int copyNumber)
    {
        shared = true;
        return new DiskFile(copyNumber)
        {
            bytes = bytes,
            LengthBytes = LengthBytes,
            shared = true,
            ChangedUtc = ChangedUtc,
        };
    }

    public int Read(long offset, Span<byte> into)
    {
        var count = (int)Math.Clamp(LengthBytes - offset, 0, into.Length);
        bytes.AsSpan((int)Math.Min(offset, LengthBytes), count).CopyTo(into);
        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> more)
    {
        SetLength(Math.Max(LengthBytes, offset + more.Length));
        Own();
        more.CopyTo(bytes.AsSpan((int)offset));
    }

    /// <summary>As <see cref="Write"/>, and remembers what the device has until the next sync.</summary>
    public void WriteCached(long offset, ReadOnlySpan<byte> more)
    {
        for (var page = offset / PageBytes; page * PageBytes < offset + more.Length; page++)
        {
            // A page that was lost and is written again goes to the device whole.
            var before = new byte[PageBytes];
            Read(page * PageBytes, before);
            unsynced.TryAdd(page, lost.Remove(page, out var device) ? device : before);
        }

        Write(offset, more);
    }

    public void Synced() => unsynced.Clear();

    public void SyncFailed()
    {
        foreach (var (page, device) in unsynced)
        {
            lost.TryAdd(page, device);
        }

        unsynced.Clear();
    }

    /// <summary>What a sync lost is not read back any more. What waits for one stays.</summary>
    public void DropCache()
    {
        foreach (var (page, device) in lost)
        {
            var offset = page * PageBytes;
            if (offset < LengthBytes)
            {
                Write(offset, device.AsSpan(0, (int)Math.Min(PageBytes, LengthBytes - offset)));
            }
        }

        lost.Clear();
    }

    public void SetLength(long lengthBytes)
    {
        if (lengthBytes > bytes.Length)
        {
            Array.Resize(ref bytes, (int)Math.Max(lengthBytes, bytes.Length * 2L));
            shared = false;
        }

        if (lengthBytes < LengthBytes)
        {
            Forget(lost, lengthBytes);
            Forget(unsynced, lengthBytes);

            Own();
            bytes.AsSpan((int)lengthBytes, (int)(LengthBytes - lengthBytes)).Clear();
        }

        LengthBytes = lengthBytes;
    }

    private static void Forget(Dictionary<long, byte[]> pages, long from)
    {
        foreach (var page in pages.Keys.Where(page => page * PageBytes >= from).ToList())
        {
            pages.Remove(page);
        }
    }

    private void Own()
    {
        if (shared)
        {
            bytes = bytes.ToArray();
            shared = false;
        }
    }
}
