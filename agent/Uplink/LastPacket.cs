using System.Text;

namespace Sluice.Agent.Uplink;

/// <summary>
/// The end of what came in, for the one thing that the client library reads and does not hand on: the server reference
/// of a DISCONNECT that nobody was waiting for an answer beside. Bounded: a packet that is longer has none, and the
/// gateway begins with the configured addresses. A core.
/// </summary>
internal sealed class LastPacket
{
    public const int BytesMax = 1024;

    private const byte Disconnect = 0xE0;
    private const int SessionExpiry = 0x11;
    private const int ServerReference = 0x1C;
    private const int ReasonString = 0x1F;
    private const int UserProperty = 0x26;

    private readonly byte[] tail = new byte[BytesMax];
    private int length;

    /// <summary>These bytes came.</summary>
    public void Take(ReadOnlySpan<byte> read)
    {
        var kept = Math.Min(length, BytesMax - Math.Min(read.Length, BytesMax));
        tail.AsSpan(length - kept, kept).CopyTo(tail);
        read[^Math.Min(read.Length, BytesMax)..].CopyTo(tail.AsSpan(kept));
        length = kept + Math.Min(read.Length, BytesMax);
    }

    /// <summary>The reference of a DISCONNECT that ends with the last byte (MQTT 5, 3.14); empty where there is none.
    /// </summary>
    public string Reference(int reasonCode)
    {
        for (var at = 0; at < length; at++)
        {
            var rest = tail.AsSpan(at, length - at);
            if (rest[0] == Disconnect && Number(rest[1..], out var size) is var digits and > 0
                && rest.Length == 1 + digits + size && size > 1 && rest[1 + digits] == reasonCode
                && Find(rest[(2 + digits)..]) is { } reference)
            {
                return reference;
            }
        }

        return "";
    }

    /// <summary>Null where these are no properties of a DISCONNECT.</summary>
    private static string? Find(ReadOnlySpan<byte> properties)
    {
        var digits = Number(properties, out var size);
        if (digits == 0 || properties.Length != digits + size)
        {
            return null;
        }

        var found = "";
        for (var left = properties[digits..]; left.Length > 0;)
        {
            var id = left[0];
            var texts = id switch { ServerReference or ReasonString => 1, UserProperty => 2, _ => 0 };
            left = left[1..];
            if (id == SessionExpiry && left.Length >= 4)
            {
                left = left[4..];
                continue;
            }

            for (var i = 0; i < texts; i++)
            {
                if (left.Length < 2 || left.Length < 2 + ((left[0] << 8) | left[1]))
                {
                    return null;
                }

                var text = left.Slice(2, (left[0] << 8) | left[1]);
                found = id == ServerReference ? Encoding.UTF8.GetString(text) : found;
                left = left[(2 + text.Length)..];
            }

            if (texts == 0)
            {
                return null;
            }
        }

        return found;
    }

    /// <summary>A variable byte integer (1.5.5); returns how many bytes it has, 0 where it is none.</summary>
    private static int Number(ReadOnlySpan<byte> from, out int number)
    {
        number = 0;
        for (var i = 0; i < Math.Min(4, from.Length); i++)
        {
            number |= (from[i] & 0x7F) << (7 * i);
            if (from[i] < 0x80)
            {
                return i + 1;
            }
        }

        return 0;
    }
}
