using System.Formats.Asn1;

namespace Sluice.Fuzz.Identities;

/// <summary>
/// What a certificate, a request and a list have in common, taken apart and put together with none of the product's
/// code: a sequence of what is signed, the algorithm, the signature.
/// </summary>
internal static class Der
{
    /// <summary>The signed part; empty where there is none.</summary>
    public static ReadOnlySpan<byte> SignedPart(ReadOnlyMemory<byte> der)
    {
        try
        {
            return new AsnReader(der, AsnEncodingRules.BER).ReadSequence().ReadEncodedValue().Span;
        }
        catch (AsnContentException)
        {
            return default;
        }
    }

    /// <summary>The algorithm, as it stands in a valid one.</summary>
    public static byte[] Algorithm(ReadOnlyMemory<byte> der)
    {
        var outer = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        outer.ReadEncodedValue();
        return outer.ReadEncodedValue().ToArray();
    }

    public static byte[] Join(byte[] signed, byte[] algorithm, byte[] signature) =>
        Tlv(0x30, [.. signed, .. algorithm, .. Tlv(0x03, [0, .. signature])]);

    /// <summary>The common names that stand alone in a subject.</summary>
    public static List<string> CommonNames(ReadOnlyMemory<byte> name)
    {
        var found = new List<string>();
        var parts = new AsnReader(name, AsnEncodingRules.BER).ReadSequence();
        while (parts.HasData)
        {
            var part = parts.ReadSetOf();
            var pair = part.ReadSequence();
            if (!part.HasData && pair.ReadObjectIdentifier() == "2.5.4.3")
            {
                found.Add(pair.ReadCharacterString((UniversalTagNumber)pair.PeekTag().TagValue));
            }
        }

        return found;
    }

    private static byte[] Tlv(byte tag, byte[] content) => content.Length switch
    {
        < 128 => [tag, (byte)content.Length, .. content],
        < 256 => [tag, 0x81, (byte)content.Length, .. content],
        _ => [tag, 0x82, (byte)(content.Length >> 8), (byte)content.Length, .. content],
    };
}
