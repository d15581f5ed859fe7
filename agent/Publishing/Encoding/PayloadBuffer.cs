using System.Buffers;

namespace Sluice.Agent.Publishing.Encoding;

/// <summary>
/// Bytes of one message, kept until the broker has answered and used again after that: draining allocates nothing per
/// message once the window has been full. Can be cut back to a length, which is how a message is filled to its bound.
/// </summary>
internal sealed class PayloadBuffer : IBufferWriter<byte>
{
    private byte[] bytes = new byte[4096];

    public int Length { get; private set; }

    public ReadOnlySequence<byte> Written => new(bytes, 0, Length);

    public ReadOnlySpan<byte> Span => bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void CutTo(int length) => Length = length <= Length
        ? length
        : throw new ArgumentOutOfRangeException(nameof(length), length, "A buffer is cut, not stretched.");

    public void Append(ReadOnlySpan<byte> more)
    {
        more.CopyTo(GetSpan(more.Length));
        Length += more.Length;
    }

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return bytes.AsSpan(Length);
    }

    private void Reserve(int more)
    {
        var needed = Length + Math.Max(more, 1);
        if (needed > bytes.Length)
        {
            Array.Resize(ref bytes, Math.Max(needed, bytes.Length * 2));
        }
    }
}
