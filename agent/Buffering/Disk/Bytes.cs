using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Sluice.Agent.Buffering.Disk;

/// <summary>Bytes being written: little-endian numbers, varints (LEB128) and texts. Used again after Clear.</summary>
internal sealed class ByteWriter
{
    private byte[] bytes = new byte[4096];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public Span<byte> Take(int count)
    {
        if (bytes.Length - Length < count)
        {
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, Length + count));
        }

        var span = bytes.AsSpan(Length, count);
        Length += count;
        return span;
    }

    public void Byte(byte value) => Take(1)[0] = value;

    public void Append(ReadOnlySpan<byte> more) => more.CopyTo(Take(more.Length));

    public void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }

        Byte((byte)value);
    }

    /// <summary>Small numbers of either sign in few bytes: 0, -1, 1, -2 ... become 0, 1, 2, 3 ...</summary>
    public void Zigzag(long value) => Varint(unchecked((ulong)(value << 1) ^ (ulong)(value >> 63)));

    public void Text(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Varint((ulong)length);
        Encoding.UTF8.GetBytes(text, Take(length));
    }

    /// <summary>Puts before everything from an index on how many bytes that is.</summary>
    public void PrefixLength(int from)
    {
        var length = Length - from;
        Varint((ulong)length);
        var digits = Length - from - length;
        Span<byte> prefix = stackalloc byte[10];
        bytes.AsSpan(from + length, digits).CopyTo(prefix);
        bytes.AsSpan(from, length).CopyTo(bytes.AsSpan(from + digits));
        prefix[..digits].CopyTo(bytes.AsSpan(from));
    }

    public void Guid(Guid value) => value.TryWriteBytes(Take(16), bigEndian: true, out _);

    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Take(8), value);

    /// <summary>
    /// An xor of two numbers: zero bytes at both ends are left out (first byte: how many, and how many follow).
    /// </summary>
    public void Xor(ulong value)
    {
        var low = value == 0 ? 0 : BitOperations.TrailingZeroCount(value) / 8;
        value >>= low * 8;
        var count = value == 0 ? 0 : 8 - (BitOperations.LeadingZeroCount(value) / 8);
        Byte((byte)((low << 4) | count));
        for (var i = 0; i < count; i++, value >>= 8)
        {
            Byte((byte)value);
        }
    }
}

/// <summary>
/// Bytes being read. Whatever they hold, reading ends: past the end, or where a number has no end, it throws
/// <see cref="DamagedException"/>, which never leaves the folder.
/// </summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;
    private int at;

    /// <summary>How many bytes were read.</summary>
    public readonly int At => at;

    public readonly bool AtEnd => at == bytes.Length;

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || bytes.Length - at < count)
        {
            throw new DamagedException("It ends too early.");
        }

        var span = bytes.Slice(at, count);
        at += count;
        return span;
    }

    public byte Byte() => Take(1)[0];

    public ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new DamagedException("A number does not end.");
    }

    public long Zigzag()
    {
        var value = Varint();
        return unchecked((long)(value >> 1) ^ -(long)(value & 1));
    }

    /// <summary>A count or length that must lie in a range.</summary>
    public int Bounded(int max)
    {
        var value = Varint();
        return value <= (ulong)max ? (int)value : throw new DamagedException("A count is too large.");
    }

    /// <summary>A position, or a count of them: never negative.</summary>
    public long Position()
    {
        var value = unchecked((long)Varint());
        return value >= 0 ? value : throw new DamagedException("A position is negative.");
    }

    public string Text(int bytesMax) => Encoding.UTF8.GetString(Take(Bounded(bytesMax)));

    public Guid Guid() => new(Take(16), bigEndian: true);

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public ulong Xor()
    {
        var shape = Byte();
        int low = shape >> 4, count = shape & 0xf;
        if (low + count > 8)
        {
            throw new DamagedException("A value is too long.");
        }

        var value = 0UL;
        for (var i = 0; i < count; i++)
        {
            value |= (ulong)Byte() << ((low + i) * 8);
        }

        return value;
    }
}

/// <summary>What was read is not what was written. Caught where it is read; the damaged part is set aside.</summary>
internal sealed class DamagedException(string message) : Exception(message);
