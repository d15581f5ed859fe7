using System.Security.Cryptography.X509Certificates;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Provisioning.Requests;

namespace Sluice.Field.Enrolment;

/// <summary>The guide's screen of a plant whose own CA, OpenSSL's here, signed the request that lies on the stick.
/// </summary>
internal static class GuideOwnCa
{
    public static async Task<GuideView> ShowAsync(EnrolmentBench bench, string key, Dictionary<string, string> masks)
    {
        var bundles = await new PlantCa(bench.Directory, "bundles").MakeAsync("--bundles-only");
        var keys = await OpenSslKeys.MakeAsync(bench.Directory.At("plants-own"));
        var request = Path.Combine(bench.Stick, "sluice", $"{FieldGateway.Id}.request.pem");
        var leaf = await keys.AnswerAsync("signed", request, byRoot: false);
        var chain = bench.Directory.At("chain.pem");
        await File.WriteAllTextAsync(chain, await File.ReadAllTextAsync(keys.AuthorityOf("issuing"))
            + await File.ReadAllTextAsync(keys.AuthorityOf("root")));
        using var root = X509CertificateLoader.LoadCertificateFromFile(keys.AuthorityOf("root"));
        var own = new Dictionary<string, string>(masks)
        {
            [bench.Directory.At("brought")] = "/media/stick",
            [Fingerprint.Of(root)] = "H3Z9-51MT-QD0E-WB7K",
            [Fingerprint.LongOf(root)] = "8c41…d20e",
            [bundles.Root] = "CR2Z-MMVM-BGFX-QT4C",
            ["by OpenSSL"] = "of the plant",
        };
        return new GuideView(own)
            .With("laptop$ sluice-provision request show /media/stick/sluice/gw-042.request.pem",
                await bench.ByHandAsync([PlantCa.Binary, "request", "show", request]))
            .With("laptop$ sluice-provision bundle make --ca bundles --request /media/stick/sluice/gw-042.request.pem "
                + "--chain gw-042.crt --chain plant-chain.pem --crl plant.crl --out /media/stick",
                await bench.ByHandAsync(
                    [PlantCa.Binary, "bundle", "make", "--ca", bundles.Folder, "--request", request, "--chain", leaf,
                        "--chain", chain, "--crl", keys.Lists, "--out", bench.Directory.At("brought")],
                    (Fingerprint.Of(root), "yes"), (key, "yes"), ("Passphrase", PlantCa.Passphrase)));
    }
}
