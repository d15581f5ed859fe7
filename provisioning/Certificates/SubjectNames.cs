using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Provisioning.Certificates;

/// <summary>The parts of a subject that stand alone, as they were signed.</summary>
internal static class SubjectNames
{
    public const string CommonName = "2.5.4.3";
    public const string Organisation = "2.5.4.10";

    /// <summary>
    /// Type and value of each. The platform takes zero bytes off a value's end: <c>gw</c> and <c>gw\0</c> would be one
    /// name here and two at the broker. So a value that holds one is left as it is, and is nobody's name.
    /// </summary>
    public static IEnumerable<(string Type, string Value)> Of(X500DistinguishedName subject)
    {
        foreach (var part in subject.EnumerateRelativeDistinguishedNames())
        {
            if (!part.HasMultipleElements && part.GetSingleElementType().Value is { } type
                && ValueOf(part) is { } value)
            {
                yield return (type, EndsInZero(part.RawData) ? value + "\0" : value);
            }
        }
    }

    /// <summary>The platform throws for bytes that are no text of the kind they claim: nobody's name.</summary>
    private static string? ValueOf(X500RelativeDistinguishedName part)
    {
        try
        {
            return part.GetSingleElementValue();
        }
        catch (CryptographicException)
        {
            return "\0";
        }
    }

    private static bool EndsInZero(ReadOnlyMemory<byte> part)
    {
        try
        {
            var pair = new AsnReader(part, AsnEncodingRules.BER).ReadSetOf(skipSortOrderValidation: true)
                .ReadSequence();
            pair.ReadObjectIdentifier();
            return pair.ReadCharacterString((UniversalTagNumber)pair.PeekTag().TagValue).EndsWith('\0');
        }
        catch (Exception exception) when (exception is AsnContentException or ArgumentException)
        {
            // A text that two readers do not agree on is nobody's name either.
            return true;
        }
    }
}
