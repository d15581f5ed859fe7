using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Provisioning.Certificates;

namespace Sluice.Provisioning.Requests;

/// <summary>
/// A gateway's request for a certificate (PKCS#10): its id as the common name, its plant as the organisation, signed
/// with the key that stays on the gateway.
/// </summary>
public sealed class KeyRequest
{
    /// <summary>Larger ones are refused unread; ours have 400 bytes.</summary>
    public const int BytesMax = 16 << 10;

    private const string Label = "CERTIFICATE REQUEST";

    /// <summary>The object identifier 1.2.840.10045.3.1.7 in DER.</summary>
    private static ReadOnlySpan<byte> P256 => [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];

    private KeyRequest(string gatewayId, string plant, byte[] der, byte[] publicKey)
    {
        GatewayId = gatewayId;
        Plant = plant;
        Der = der;
        PublicKeyInfo = publicKey;
    }

    public string GatewayId { get; }

    /// <summary>The plant that the gateway believes to be in; empty where the request does not say.</summary>
    public string Plant { get; }

    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>SubjectPublicKeyInfo of the key.</summary>
    public ReadOnlyMemory<byte> PublicKeyInfo { get; }

    /// <summary>For a person to compare.</summary>
    public string KeyFingerprint => Fingerprint.OfKey(PublicKeyInfo.Span);

    /// <summary>The one kind of key that a gateway makes.</summary>
    public bool IsP256
    {
        get
        {
            var key = PublicKey.CreateFromSubjectPublicKeyInfo(
                PublicKeyInfo.Span, out _);
            return key.Oid.Value == "1.2.840.10045.2.1"
                && key.EncodedParameters?.RawData is { } curve && curve.AsSpan().SequenceEqual(P256);
        }
    }

    public string Pem => PemEncoding.WriteString(Label, Der.Span) + "\n";

    /// <summary>
    /// Makes a key and its request, in one text to be kept: PKCS#8, then PKCS#10, both PEM. The caller wipes it.
    /// </summary>
    public static byte[] MakeKeyAndRequest(string gatewayId, string plant)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return
        [
            .. Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"), .. MakeRequest(gatewayId, plant, key),
        ];
    }

    /// <summary>The request of a key that is wherever it is: PKCS#10 in PEM.</summary>
    public static byte[] MakeRequest(string gatewayId, string plant, ECDsa key)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddOrganizationName(plant);
        name.AddCommonName(gatewayId);
        var request = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256);
        return Encoding.ASCII.GetBytes(request.CreateSigningRequestPem() + "\n");
    }

    /// <summary>Reads a request, and checks that whoever made it has the key. Null and a sentence where not.</summary>
    public static KeyRequest? Read(ReadOnlySpan<byte> bytes, out string problem)
    {
        if (bytes.Length > BytesMax)
        {
            problem = $"it is larger than any request ({BytesMax >> 10} KiB): it is another file";
            return null;
        }

        var text = Encoding.Latin1.GetString(bytes);
        foreach (var (label, der) in Blocks(text))
        {
            if (label is Label or "NEW " + Label)
            {
                return ReadDer(der, out problem);
            }
        }

        problem = "it holds no certificate request in PEM form";
        return null;
    }

    private static KeyRequest? ReadDer(byte[] der, out string problem)
    {
        try
        {
            var request = CertificateRequest.LoadSigningRequest(
                der, HashAlgorithmName.SHA256, CertificateRequestLoadOptions.Default, RSASignaturePadding.Pkcs1);
            var names = Names(request.SubjectName);
            if (!names.TryGetValue(SubjectNames.CommonName, out var id) || !IsName(id))
            {
                problem = "it does not name its gateway: the common name must be the gateway's id, 1 to 32 of "
                    + "A-Z a-z 0-9 _ -";
                return null;
            }

            problem = "";
            return new KeyRequest(
                id, names.GetValueOrDefault(SubjectNames.Organisation, ""), der,
                request.PublicKey.ExportSubjectPublicKeyInfo());
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException
            or NotSupportedException or InvalidOperationException)
        {
            problem = $"it is damaged, or whoever made it does not have the key ({exception.Message})";
            return null;
        }
    }

    /// <summary>What <c>gateway.id</c> may be; also the name of a file on a stick.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= 32
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-');

    private static Dictionary<string, string> Names(X500DistinguishedName subject)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (type, value) in SubjectNames.Of(subject))
        {
            if (!names.TryAdd(type, value))
            {
                // Two common names: which one was compared, and which one will count?
                names[type] = "";
            }
        }

        return names;
    }

    private static List<(string Label, byte[] Der)> Blocks(string text)
    {
        var blocks = new List<(string, byte[])>();
        ReadOnlySpan<char> rest = text;
        while (blocks.Count < 8 && PemEncoding.TryFind(rest, out var found))
        {
            var der = new byte[found.DecodedDataLength];
            _ = Convert.TryFromBase64Chars(rest[found.Base64Data], der, out var length);
            blocks.Add((rest[found.Label].ToString(), der[..length]));
            rest = rest[found.Location.End..];
        }

        return blocks;
    }
}
