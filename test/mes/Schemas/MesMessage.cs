using System.Buffers;
using System.IO.Compression;

namespace Sluice.Mes.Schemas;

/// <summary>One MQTT message as it came. The payload is valid only during the call that hands it over.</summary>
public readonly record struct MesMessage(string Topic, ReadOnlySequence<byte> Payload)
{
    /// <summary>The most that <c>publish.messageBytesMax</c> may be.</summary>
    public const int PlainBytesMax = 1 << 20;

    /// <summary>
    /// The publisher asked the broker to keep it (the subscription is made with retain as published).
    /// </summary>
    public bool Retained { get; init; }

    public string ContentType { get; init; } = "";

    /// <summary>MQTT 5 correlation data; empty where there is none.</summary>
    public ReadOnlyMemory<byte> Correlation { get; init; }

    /// <summary>The user property <c>contract</c>.</summary>
    public string Contract { get; init; } = "";

    /// <summary>
    /// The user property <c>content-encoding</c> while the payload still is so encoded; empty where it is plain.
    /// </summary>
    public string ContentEncoding { get; init; } = "";

    /// <summary>What came over the wire, where that was not the payload itself; else 0.</summary>
    public long WireBytes { get; init; }

    /// <summary>
    /// The message with its payload unpacked. <see cref="InvalidDataException"/> where it cannot be: not gzip, cut
    /// short, or more than the contract allows. A few kilobytes of gzip can hold gigabytes, so the bound comes first.
    /// </summary>
    public MesMessage Opened()
    {
        if (ContentEncoding.Length == 0)
        {
            return this;
        }

        if (ContentEncoding != "gzip")
        {
            throw new InvalidDataException($"content encoding '{ContentEncoding}', only gzip is in the contract");
        }

        using var packed = new MemoryStream(Payload.ToArray());
        using var gzip = new GZipStream(packed, CompressionMode.Decompress);
        var plain = new byte[64 << 10];
        var length = 0;
        while (gzip.Read(plain, length, plain.Length - length) is var more and > 0)
        {
            length += more;
            if (length > PlainBytesMax)
            {
                throw new InvalidDataException(
                    $"unpacks to more than the {PlainBytesMax} bytes that the contract allows");
            }

            if (length == plain.Length)
            {
                Array.Resize(ref plain, plain.Length * 2);
            }
        }

        return this with
        {
            Payload = new ReadOnlySequence<byte>(plain, 0, length),
            ContentEncoding = "",
            WireBytes = Payload.Length,
        };
    }
}
