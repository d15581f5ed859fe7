using System.Text;

namespace Sluice.Hal.Modbus;

/// <summary>How much a device is asked to tell about itself (Modbus Application Protocol V1.1b3, 6.21).</summary>
public enum IdentificationScope : byte
{
    /// <summary>Nothing: a read of a table.</summary>
    None = 0,

    /// <summary>Vendor, product code and revision: objects 0 to 2.</summary>
    Basic = 1,

    /// <summary>Also the vendor's address, names of product, model and application: objects 0 to 6.</summary>
    Regular = 2,

    /// <summary>One object by its id.</summary>
    Single = 4,
}

/// <summary>One thing that a device tells about itself.</summary>
/// <param name="Id">
/// 0 vendor, 1 product code, 2 revision, 3 URL, 4 product, 5 model, 6 application, above: the device's own.
/// </param>
/// <param name="Text">ASCII without control characters; what is neither stands as a question mark.</param>
public readonly record struct IdentificationObject(byte Id, string Text);

/// <summary>How a question for identification ended.</summary>
/// <param name="Result">As for every other request.</param>
/// <param name="Page">What was answered; null but with Answered.</param>
public readonly record struct IdentificationResult(ModbusResult Result, IdentificationPage? Page)
{
    /// <summary>What a read that put its page into <paramref name="registers"/> has brought.</summary>
    internal static IdentificationResult Of(ModbusResult result, ReadOnlySpan<ushort> registers) =>
        new(result, result.Status == ModbusStatus.Answered ? ReadRequest.PageIn(registers) : null);
}

/// <summary>
/// One answer to function 43, MEI type 14 (V1.1b3, 6.21): objects, and whether the device has more.
/// <para>
/// Invariants: the answer says its own length only as one goes through it, so its bytes are measured before they are
/// believed (<see cref="Measure"/>); nothing is read beyond what was received; a page that does not add up to the byte
/// is no page.
/// </para>
/// </summary>
public sealed record IdentificationPage
{
    public const byte Function = 0x2B;
    public const byte MeiType = 0x0E;
    public const int PduBytesMax = 253;

    private const int HeadBytes = 7;
    private const byte MoreFollowsFlag = 0xFF;

    private IdentificationPage(byte conformity, byte? next, IReadOnlyList<IdentificationObject> objects)
    {
        Conformity = conformity;
        NextObject = next;
        Objects = objects;
    }

    /// <summary>1 basic, 2 regular, 3 extended; plus 0x80 if objects can be asked for one by one.</summary>
    public byte Conformity { get; }

    /// <summary>The object to go on with; null if this was all.</summary>
    public byte? NextObject { get; }

    /// <summary>In the order of the answer, which need not be that of the ids.</summary>
    public IReadOnlyList<IdentificationObject> Objects { get; }

    /// <summary>
    /// Length of the answer PDU that begins here: 0 while more bytes are needed to know, -1 if no answer to
    /// <paramref name="scope"/> begins like this.
    /// </summary>
    public static int Measure(ReadOnlySpan<byte> pdu, IdentificationScope scope)
    {
        ReadOnlySpan<byte> must = [Function, MeiType, (byte)scope];
        var known = Math.Min(pdu.Length, must.Length);
        if (!pdu[..known].SequenceEqual(must[..known]) || (pdu.Length > 3 && (pdu[3] & 0x7F) is < 1 or > 3)
            || (pdu.Length > 4 && pdu[4] is not (0 or MoreFollowsFlag)))
        {
            return -1;
        }

        if (pdu.Length < HeadBytes)
        {
            return 0;
        }

        var end = HeadBytes;
        for (var left = pdu[6]; left > 0; left--)
        {
            if (end + 2 > pdu.Length)
            {
                return end + 2 > PduBytesMax ? -1 : 0;
            }

            end += 2 + pdu[end + 1];
            if (end > PduBytesMax)
            {
                return -1;
            }
        }

        return end;
    }

    /// <summary>The page in a PDU that <see cref="Measure"/> found whole.</summary>
    public static IdentificationPage Read(ReadOnlySpan<byte> pdu)
    {
        var objects = new IdentificationObject[pdu[6]];
        var at = HeadBytes;
        for (var index = 0; index < objects.Length; index++)
        {
            var length = pdu[at + 1];
            objects[index] = new IdentificationObject(pdu[at], Clean(pdu.Slice(at + 2, length)));
            at += 2 + length;
        }

        return new IdentificationPage(pdu[3], pdu[4] == MoreFollowsFlag ? pdu[5] : null, objects);
    }

    /// <summary>It goes into logs and to the MES: nothing that a terminal or a parser could take for more.</summary>
    private static string Clean(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var each in bytes)
        {
            text.Append(each is >= 0x20 and < 0x7F ? (char)each : each == 0 ? ' ' : '?');
        }

        return text.ToString().Trim();
    }
}
