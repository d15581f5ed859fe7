using System.Security.Cryptography.X509Certificates;
using Sluice.Plant.Keys;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Trust;

namespace Sluice.Fast.Provisioning.Bundles;

/// <summary>The CA of sluice-provision in a folder of its own, made once for all tests of a class.</summary>
public sealed class BundleBench : IDisposable
{
    public const string Gateway = "gw-042";
    public const string Site = "plant1";
    public const string Passphrase = "a passphrase";

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-ca-").FullName;
    private readonly AuthorityFolder folder;

    public BundleBench()
    {
        folder = AuthorityFolder.Open(directory);
        Authority = new PlantAuthority(folder, TimeProvider.System) { PassphraseRounds = 1000 };
        Authority.Make(Site, "the root's passphrase", Passphrase);
        KeyAndRequest = KeyRequest.MakeKeyAndRequest(Gateway, Site);
        Request = KeyRequest.Read(KeyAndRequest, out _)!;
        (First, _, _) = Authority.Sign(Request, Passphrase, TimeSpan.FromDays(365));
        (Second, _) = Authority.Bundle(Gateway, Passphrase);
    }

    internal PlantAuthority Authority { get; }

    internal AuthorityFolder Folder => folder;

    public byte[] KeyAndRequest { get; }

    public KeyRequest Request { get; }

    /// <summary>The gateway's first bundle.</summary>
    public byte[] First { get; }

    /// <summary>The next one, with the same certificate.</summary>
    public byte[] Second { get; }

    public X509Certificate2 Root => Authority.Root;

    /// <summary>A gateway that has taken nothing in yet, and a person who confirms the root.</summary>
    public BundleExpectation Fresh(DateTimeOffset? wall = null) => new()
    {
        GatewayId = Gateway,
        Site = Site,
        VersionMax = 0,
        ConfirmsRoot = root => root.RawData.AsSpan().SequenceEqual(Root.RawData),
        HasKeyOf = HasKey,
        Time = ValidityTime.Of(
            wall ?? TimeProvider.System.GetUtcNow(), wall is null, DateTimeOffset.UnixEpoch, null, null),
    };

    /// <summary>The same one after it has taken the first bundle in.</summary>
    public BundleExpectation Pinned(int versionMax = 1) => Fresh() with
    {
        VersionMax = versionMax,
        Pinned = new TrustAnchors([Root], Lists(First)),
        ConfirmsRoot = _ => throw new InvalidOperationException("Nobody is asked once a root is pinned."),
    };

    public bool HasKey(X509Certificate2 certificate) =>
        Fingerprint.OfKey(certificate) == Request.KeyFingerprint;

    /// <summary>What a bundle says, read without asking who signed it.</summary>
    public static BundleContent ContentOf(byte[] bundle) =>
        BundleContent.Read(BundleEnvelope.Open(bundle, out _)!.Payload, out _)!;

    /// <summary>A bundle with other content, signed by the one who may.</summary>
    public byte[] Resign(BundleContent content) => Seal(content.Write());

    public byte[] Seal(byte[] payload) => Seal(EnvelopeKind.Bundle, payload);

    public byte[] Seal(EnvelopeKind kind, byte[] payload)
    {
        using var key = folder.ReadKey("signer.key", Passphrase);
        return BundleEnvelope.Seal(kind, payload, BundleEnvelope.Open(First, out _)!.Signers, key);
    }

    /// <summary>A bundle with the right content, signed by somebody else under some root.</summary>
    public byte[] SignedBy(IssuedCertificate signer, params X509Certificate2[] above)
    {
        using var key = signer.Leaf.GetECDsaPrivateKey()!;
        return BundleEnvelope.Seal(ContentOf(First).Write(), [signer.Leaf, .. above], key);
    }

    public static IReadOnlyList<RevocationList> Lists(byte[] bundle) =>
        [.. ContentOf(bundle).RevocationLists.Select(der => RevocationList.Parse(der, out _)!)];

    public void Dispose()
    {
        folder.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
