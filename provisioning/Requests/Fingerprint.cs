using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sluice.Provisioning.Requests;

/// <summary>
/// What two people read to each other: 80 bits of SHA-256 in sixteen letters and digits, <c>7Q0M-2XPD-9F4T-8WZC</c>.
/// None of them looks like another one (Crockford's alphabet), case does not count, O is 0, and I and L are 1. 80 bits
/// are enough against somebody who looks for a second key with the same letters; who has a whole SHA-256 in hex may
/// give that.
/// </summary>
public static class Fingerprint
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int Letters = 16;

    /// <summary>Of a key: over its SubjectPublicKeyInfo, so request and certificate show the same.</summary>
    public static string OfKey(ReadOnlySpan<byte> subjectPublicKeyInfo) => Of(subjectPublicKeyInfo);

    /// <summary>Of a key, by a certificate that holds it.</summary>
    public static string OfKey(X509Certificate2 certificate) => Of(certificate.PublicKey.ExportSubjectPublicKeyInfo());

    /// <summary>Of a certificate, over all of it.</summary>
    public static string Of(X509Certificate2 certificate) => Of(certificate.RawData);

    /// <summary>SHA-256 of a certificate in lower-case hex, as openssl prints it without its colons.</summary>
    public static string LongOf(X509Certificate2 certificate) =>
        Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));

    /// <summary>True where a person typed the short one or the whole SHA-256 of this certificate.</summary>
    public static bool Matches(X509Certificate2 certificate, string typed)
    {
        var plain = Plain(typed);
        return plain.Length switch
        {
            Letters => plain == Plain(Of(certificate)),
            SHA256.HashSizeInBytes * 2 => string.Equals(
                typed.Replace(":", "", StringComparison.Ordinal).Trim(), LongOf(certificate),
                StringComparison.OrdinalIgnoreCase),
            _ => false,
        };
    }

    /// <summary>True where two short ones say the same, however they were typed.</summary>
    public static bool AreSame(string one, string other) =>
        Plain(one).Length == Letters && Plain(one) == Plain(other);

    private static string Of(ReadOnlySpan<byte> bytes)
    {
        var hash = SHA256.HashData(bytes);
        var text = new char[Letters + 3];
        var at = 0;
        for (var letter = 0; letter < Letters; letter++)
        {
            if (letter > 0 && letter % 4 == 0)
            {
                text[at++] = '-';
            }

            var bit = letter * 5;
            var pair = (hash[bit / 8] << 8) | hash[(bit / 8) + 1];
            text[at++] = Alphabet[(pair >> (11 - (bit % 8))) & 31];
        }

        return new string(text);
    }

    private static string Plain(string typed) => string.Concat(typed
        .Where(char.IsAsciiLetterOrDigit)
        .Select(char.ToUpperInvariant)
        .Select(letter => letter switch { 'O' => '0', 'I' or 'L' => '1', _ => letter }));
}
