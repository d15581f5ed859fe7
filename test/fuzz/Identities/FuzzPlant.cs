using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Trust;

namespace Sluice.Fuzz.Identities;

/// <summary>
/// A plant's CA that is made when the program starts, with what it signed. Its keys differ from run to run; what a seed
/// does to the bytes does not, but for the length of a signature.
/// </summary>
internal sealed class FuzzPlant : IDisposable
{
    public const string Gateway = "gw-042";
    public const string Site = "plant1";
    public const int VersionMax = 6;

    private readonly PlantKeys keys = new(Site);
    private readonly IssuedCertificate signer;

    public FuzzPlant()
    {
        signer = keys.Issue(new CertificateWish { CommonName = "Bundles", Usages = [BundleEnvelope.SignerUsage] });
        Leaf = keys.IssueClient(Gateway);
        RevokedLeaf = keys.IssueClient(Gateway);
        keys.Revoke(RevokedLeaf);
        keys.Revoke(keys.IssueClient("gw-043"));
        Lists = [.. BlocksOf(keys.CrlPem())];
        Good = Content(Leaf);
        Trust = new TrustAnchors([keys.Root], [.. Lists.Select(der => RevocationList.Parse(der, out _)!)]);
    }

    public static FuzzPlant One { get; } = new();

    public IssuedCertificate Leaf { get; }

    public IssuedCertificate RevokedLeaf { get; }

    public X509Certificate2 Issuing => keys.Issuing;

    public X509Certificate2 Root => keys.Root;

    public IReadOnlyList<byte[]> Lists { get; }

    public BundleContent Good { get; }

    public TrustAnchors Trust { get; }

    /// <summary>What signs itself and may follow the root.</summary>
    public static X509Certificate2 NextRoot { get; } = MakeNextRoot();

    /// <summary>An envelope with this content, signed by the one who may.</summary>
    public byte[] Seal(ReadOnlySpan<byte> payload, EnvelopeKind? kind = null)
    {
        using var key = signer.Leaf.GetECDsaPrivateKey()!;
        return BundleEnvelope.Seal(kind ?? EnvelopeKind.Bundle, payload, [signer.Leaf, keys.Issuing, keys.Root], key);
    }

    /// <summary>The same, signed by a gateway, which may not.</summary>
    public byte[] SealByLeaf(ReadOnlySpan<byte> payload, EnvelopeKind? kind = null)
    {
        using var key = Leaf.Leaf.GetECDsaPrivateKey()!;
        return BundleEnvelope.Seal(kind ?? EnvelopeKind.Bundle, payload, [Leaf.Leaf, keys.Issuing, keys.Root], key);
    }

    /// <summary>All but the signature and its length: P-256 signatures have 66 to 72 bytes.</summary>
    public static int SignedBytesOf(byte[] whole) => whole.Length - 2 - Enumerable.Range(66, 8)
        .Single(length => whole[^(length + 2)] == 0 && whole[^(length + 1)] == length && whole[^length] == 0x30);

    public BundleContent Content(IssuedCertificate leaf) => new()
    {
        Gateway = Gateway,
        Site = Site,
        Version = VersionMax + 1,
        Made = TimeProvider.System.GetUtcNow(),
        NotBefore = new DateTimeOffset(leaf.Leaf.NotBefore.ToUniversalTime(), TimeSpan.Zero),
        Chain = [leaf.Leaf.RawData, keys.Issuing.RawData],
        Roots = [keys.Root.RawData],
        RevocationLists = [.. Lists],
        Broker = new BundleBroker("mes-broker.dmz.plant1", [IPAddress.Parse("192.0.2.10")], 8883),
        Configuration = new BundleConfiguration(
            "{}"u8.ToArray(), [KeyValuePair.Create("list.csv", (ReadOnlyMemory<byte>)"signal\n"u8.ToArray())]),
    };

    private static X509Certificate2 MakeNextRoot()
    {
        using var next = new PlantKeys(Site);
        return X509CertificateLoader.LoadCertificate(next.Root.RawData);
    }

    public void Dispose() => keys.Dispose();

    private static IEnumerable<byte[]> BlocksOf(string pem)
    {
        for (var rest = pem; PemEncoding.TryFind(rest, out var found); rest = rest[found.Location.End..])
        {
            yield return Convert.FromBase64String(rest[found.Base64Data]);
        }
    }
}
