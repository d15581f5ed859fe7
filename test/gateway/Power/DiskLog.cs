using System.Buffers.Binary;

namespace Sluice.Gateway.Power;

/// <summary>Something that the guest asked of its disk.</summary>
/// <param name="Offset">Where on the disk, in bytes.</param>
/// <param name="Data">What was written; empty for a flush.</param>
/// <param name="IsFlush">Everything before is durable from here on.</param>
/// <param name="IsDurable">The write itself was asked to be durable (FUA).</param>
internal sealed record DiskEntry(long Offset, byte[] Data, bool IsFlush, bool IsDurable);

/// <summary>
/// What the guest wrote and flushed, in order, as QEMU's blklogwrites noted it (the format of the kernel's
/// dm-log-writes: Documentation/admin-guide/device-mapper/log-writes.rst): a super block, then for each request one
/// sector that tells about it, and its data.
/// </summary>
internal static class DiskLog
{
    public const int SectorBytes = 512;

    private const ulong Magic = 0x6a736677736872;
    private const ulong Flush = 1;
    private const ulong Fua = 2;
    private const ulong Discard = 4;

    public static List<DiskEntry> Read(string path)
    {
        var log = File.ReadAllBytes(path);
        if (log.Length < SectorBytes || BinaryPrimitives.ReadUInt64LittleEndian(log) != Magic)
        {
            throw new InvalidOperationException("QEMU wrote no log of its disk.");
        }

        var entries = new List<DiskEntry>();
        for (var at = SectorBytes; at + SectorBytes <= log.Length;)
        {
            // Zeros are a request that the log did not get any more: QEMU was killed.
            var head = log.AsSpan(at);
            var sector = (long)BinaryPrimitives.ReadUInt64LittleEndian(head);
            var flags = BinaryPrimitives.ReadUInt64LittleEndian(head[16..]);
            var length = (flags & Discard) != 0
                ? 0 : (int)BinaryPrimitives.ReadUInt64LittleEndian(head[8..]) * SectorBytes;
            at += SectorBytes;
            if (at + length > log.Length)
            {
                break;
            }

            entries.Add(new DiskEntry(
                sector * SectorBytes, log[at..(at + length)], (flags & Flush) != 0, (flags & Fua) != 0));
            at += length;
        }

        return entries;
    }
}

/// <summary>
/// The disk as a power cut may have left it: everything up to the last flush, and of the writes behind it nothing, all,
/// the first ones, any of them, or any of their sectors; the last of them torn. Walks forward only.
/// </summary>
internal sealed class CutDisk(byte[] disk, IReadOnlyList<DiskEntry> log)
{
    private readonly byte[] durable = [.. disk];
    private readonly List<DiskEntry> pending = [];
    private int at;

    /// <summary>Just behind so many entries.</summary>
    public byte[] Behind(int entries, Random random)
    {
        for (; at < entries; at++)
        {
            if (log[at].IsFlush)
            {
                pending.ForEach(write => Apply(durable, write));
                pending.Clear();
            }

            if (log[at].IsDurable)
            {
                Apply(durable, log[at]);
            }
            else if (log[at].Data.Length > 0)
            {
                pending.Add(log[at]);
            }
        }

        byte[] left = [.. durable];
        Keep(left, random);
        return left;
    }

    private static void Apply(byte[] to, DiskEntry write) => write.Data.CopyTo(to, write.Offset);

    private void Keep(byte[] left, Random random)
    {
        var mode = random.Next(5);
        var count = mode switch { 0 => 0, 1 => pending.Count, _ => random.Next(pending.Count + 1) };
        var likely = mode is 3 or 4 ? random.NextDouble() : 1;
        for (var i = 0; i < count; i++)
        {
            var (offset, data) = (pending[i].Offset, pending[i].Data);
            if (mode == 4)
            {
                for (var sector = 0; sector < data.Length; sector += DiskLog.SectorBytes)
                {
                    if (random.NextDouble() < likely)
                    {
                        data.AsSpan(sector, DiskLog.SectorBytes).CopyTo(left.AsSpan((int)offset + sector));
                    }
                }
            }
            else if (mode != 1 && i == count - 1)
            {
                var torn = random.Next((data.Length / DiskLog.SectorBytes) + 1) * DiskLog.SectorBytes;
                data.AsSpan(0, torn).CopyTo(left.AsSpan((int)offset));
            }
            else if (random.NextDouble() < likely)
            {
                Apply(left, pending[i]);
            }
        }
    }
}
