using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Trust;

namespace Sluice.Plant.Keys;

/// <summary>Trust bundles of a plant's own CA, as <c>sluice-provision trust</c> makes them.</summary>
public static class TrustBundles
{
    /// <summary>The plant's roots and its lists of this moment, signed by somebody who may.</summary>
    /// <param name="keys">The plant's CA.</param>
    /// <param name="version">Of the bundle.</param>
    /// <param name="change">What is written otherwise, or null.</param>
    public static byte[] TrustBundle(
        this PlantKeys keys, int version, Func<TrustContent, TrustContent>? change = null)
    {
        var content = new TrustContent
        {
            Site = keys.Plant,
            Version = version,
            Made = TimeProvider.System.GetUtcNow(),
            Roots = [keys.Root.RawData],
            RevocationLists =
            [
                .. RevocationFile.Read(System.Text.Encoding.ASCII.GetBytes(keys.CrlPem())).Select(each => each.Der),
            ],
        };
        using var signer = keys.Issue(new CertificateWish
        {
            CommonName = "bundles", Usages = [BundleEnvelope.SignerUsage],
        });
        using var key = signer.Leaf.GetECDsaPrivateKey()!;
        return BundleEnvelope.Seal(EnvelopeKind.Trust, (change?.Invoke(content) ?? content).Write(),
            [signer.Leaf, keys.Issuing, keys.Root], key);
    }
}
