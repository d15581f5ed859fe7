using System.Security.Cryptography;
using System.Text;

namespace Sluice.Provisioning.Revocation;

/// <summary>The lists in a file: PEM blocks ('X509 CRL'), or one list in DER. Never throws.</summary>
public static class RevocationFile
{
    public const string Label = "X509 CRL";

    private const int ListsMax = 16;

    /// <summary>
    /// Each list with its bytes; where one cannot be read, the list is null and the problem says why.
    /// </summary>
    public static IReadOnlyList<(ReadOnlyMemory<byte> Der, RevocationList? List, string Problem)> Read(byte[] bytes)
    {
        var lists = new List<(ReadOnlyMemory<byte>, RevocationList?, string)>();
        ReadOnlySpan<char> text = Encoding.Latin1.GetString(bytes);
        while (lists.Count < ListsMax && PemEncoding.TryFind(text, out var found))
        {
            if (text[found.Label] is Label)
            {
                var der = new byte[found.DecodedDataLength];
                _ = Convert.TryFromBase64Chars(text[found.Base64Data], der, out var length);
                Add(lists, der.AsMemory(0, length));
            }

            text = text[found.Location.End..];
        }

        const byte sequence = 0x30;
        if (lists.Count == 0 && bytes.Length > 0 && bytes[0] == sequence)
        {
            Add(lists, bytes);
        }

        return lists;
    }

    private static void Add(
        List<(ReadOnlyMemory<byte>, RevocationList?, string)> lists, ReadOnlyMemory<byte> der)
    {
        var list = RevocationList.Parse(der, out var problem);
        lists.Add((der, list, problem));
    }
}
