using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Fast.Provisioning.Bundles;

public sealed class BundleJudgeTests(BundleBench bench) : IClassFixture<BundleBench>
{
    [Fact]
    public void The_first_bundle_is_taken_once_a_person_has_confirmed_its_root()
    {
        var verdict = BundleJudge.Judge(bench.First, bench.Fresh());

        Assert.True(verdict.IsTaken, verdict.Happened);
        Assert.Empty(verdict.Warnings);
        Assert.Equal((BundleBench.Gateway, BundleBench.Site, 1),
            (verdict.Content!.Gateway, verdict.Content.Site, verdict.Content.Version));
        Refused(BundleRefusal.RootNotConfirmed, Fingerprint.Of(bench.Root), bench.First,
            bench.Fresh() with { ConfirmsRoot = _ => false });
    }

    [Fact]
    public void A_later_bundle_needs_nobody_and_an_older_or_the_same_one_is_refused()
    {
        Assert.True(BundleJudge.Judge(bench.Second, bench.Pinned()).IsTaken);
        Refused(BundleRefusal.OldVersion, "already taken in version 2", bench.First, bench.Pinned(versionMax: 2));
        Refused(BundleRefusal.OldVersion, "already taken in version 2", bench.Second, bench.Pinned(versionMax: 2));
    }

    [Fact]
    public void No_byte_of_a_bundle_can_be_altered()
    {
        var asked = false;
        var expected = bench.Fresh() with
        {
            ConfirmsRoot = root => asked = true,
        };
        // Every byte of what is parsed and of the signature, and every eleventh of what was only signed.
        for (var at = 0; at < bench.First.Length; at += at is < 128 or > 3700 ? 1 : 11)
        {
            var altered = bench.First.ToArray();
            altered[at] ^= 1;
            var verdict = BundleJudge.Judge(altered, expected);
            Assert.True(!verdict.IsTaken && verdict.Do.Length > 0 && !asked, $"byte {at}: {verdict.Refusal}");
        }
    }

    [Fact]
    public void A_bundle_that_was_cut_short_or_made_longer_is_refused()
    {
        for (var length = 0; length < bench.First.Length; length += 7)
        {
            Refused(BundleRefusal.NotABundle, "", bench.First[..length], bench.Fresh());
        }

        Refused(BundleRefusal.NotABundle, "something was put behind", [.. bench.First, 0], bench.Fresh());
        Refused(BundleRefusal.NotABundle, "begins differently", "a recipe for pancakes"u8.ToArray(), bench.Fresh());
        Refused(BundleRefusal.NotABundle, "newer form", [.. "SLUICEB2"u8, .. bench.First[8..]], bench.Fresh());
    }

    [Theory]
    [InlineData("gw-043", "plant1", BundleRefusal.WrongGateway, "is for gateway 'gw-043'")]
    [InlineData("gw-042", "plant2", BundleRefusal.WrongPlant, "is for plant 'plant2'")]
    public void The_wrong_gateway_and_the_wrong_plant_are_told(
        string gateway, string site, BundleRefusal refusal, string words) =>
        Refused(refusal, words,
            bench.Resign(BundleBench.ContentOf(bench.First) with { Gateway = gateway, Site = site }), bench.Fresh());

    [Fact]
    public void A_bundle_of_another_plants_CA_is_refused_where_a_root_is_pinned()
    {
        using var others = new BundleBench();

        Refused(BundleRefusal.ForeignSigner, "does not lead to the root that this gateway trusts", others.Second,
            bench.Pinned());
    }

    [Fact]
    public void A_certificate_of_the_plant_that_is_not_for_bundles_signs_none()
    {
        using var keys = new PlantKeys(BundleBench.Site);
        using var gateway = keys.IssueClient("gw-666");
        using var anything = keys.Issue(new CertificateWish { CommonName = "for any use" });
        var expected = bench.Fresh() with { ConfirmsRoot = _ => true };

        Refused(BundleRefusal.ForeignSigner, "may not sign bundles",
            bench.SignedBy(gateway, keys.Issuing, keys.Root), expected);
        Assert.Equal(BundleRefusal.ForeignSigner,
            BundleJudge.Judge(bench.SignedBy(anything, keys.Issuing, keys.Root), expected).Refusal);
    }

    [Fact]
    public void A_signer_that_is_its_own_root_is_refused_although_the_real_root_lies_beside_it()
    {
        using var keys = new PlantKeys(BundleBench.Site);
        using var own = keys.Issue(new CertificateWish
        {
            CommonName = "bundles",
            Usages = [BundleEnvelope.SignerUsage],
        });

        // Signed under another root; the pinned one is put last, to be the one that is looked at.
        Refused(BundleRefusal.ForeignSigner, "", bench.SignedBy(own, keys.Issuing, keys.Root, bench.Root),
            bench.Pinned());
        Refused(BundleRefusal.ForeignSigner, "", bench.SignedBy(own, keys.Issuing, keys.Root, bench.Root),
            bench.Fresh());
    }

    [Fact]
    public void A_certificate_for_another_key_is_refused() =>
        Refused(BundleRefusal.OtherKey, "a key that this gateway does not have", bench.First,
            bench.Fresh() with { HasKeyOf = _ => false });

    /// <summary>Found by random bytes: the platform throws for a text that is none.</summary>
    [Fact]
    public void A_name_whose_bytes_are_no_text_is_nobodys_and_throws_nothing()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] name = [0x30, 0x11, 0x31, 0x0F, 0x30, 0x0D, 0x06, 0x03, 0x55, 0x04, 0x03, 0x13, 0x06,
            .. "gw-04"u8, 0xBC];
        var request = new CertificateRequest(new X500DistinguishedName(name), key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));

        Refused(BundleRefusal.WrongGateway, "The certificate in the bundle is for",
            bench.Resign(BundleBench.ContentOf(bench.First) with { Chain = [certificate.RawData] }), bench.Fresh());
    }

    [Fact]
    public void A_bundle_without_its_own_root_is_refused_because_no_later_one_could_follow()
    {
        using var keys = new PlantKeys();
        Refused(BundleRefusal.Unusable, "the root under which it was signed",
            bench.Resign(BundleBench.ContentOf(bench.First) with { Roots = [keys.Root.RawData] }), bench.Fresh());
    }

    [Fact]
    public void A_plant_may_bring_a_new_root_beside_the_old_one()
    {
        using var keys = new PlantKeys();
        var content = BundleBench.ContentOf(bench.Second);
        var bundle = bench.Resign(content with { Roots = [.. content.Roots, keys.Root.RawData] });

        Assert.True(BundleJudge.Judge(bundle, bench.Pinned()).IsTaken);
    }

    [Theory]
    [InlineData("{}", "made it wrong")]
    [InlineData("""{"v":2}""", "newer form")]
    [InlineData("""{"v":1,"gateway":"../gw","site":"plant1"}""", "made it wrong")]
    [InlineData("[[[[[[[[[[[[", "made it wrong")]
    [InlineData("", "made it wrong")]
    public void What_was_signed_and_says_nothing_is_refused(string payload, string words) =>
        Refused(BundleRefusal.Unusable, words, bench.Seal(Encoding.UTF8.GetBytes(payload)), bench.Fresh());

    [Fact]
    public void Damaged_certificates_and_lists_inside_are_told()
    {
        var content = BundleBench.ContentOf(bench.First);
        ReadOnlyMemory<byte> rubbish = new byte[] { 0x30, 0x03, 1, 2, 3 };
        Refused(BundleRefusal.Unusable, "certificate in the bundle is damaged",
            bench.Resign(content with { Chain = [rubbish] }), bench.Fresh());
        Refused(BundleRefusal.Unusable, "revocation list in the bundle is damaged",
            bench.Resign(content with { RevocationLists = [rubbish] }), bench.Fresh());
        Refused(BundleRefusal.Unusable, "no revocation list of",
            bench.Resign(content with { RevocationLists = [content.RevocationLists[1]] }), bench.Fresh());
    }

    [Theory]
    [InlineData(1970)]
    [InlineData(2024)]
    public void A_gateway_whose_clock_is_dead_takes_its_bundle_all_the_same(int year)
    {
        var wall = new DateTimeOffset(year, 1, 1, 0, 0, 0, TimeSpan.Zero);

        var verdict = BundleJudge.Judge(bench.First, bench.Fresh(wall));

        Assert.True(verdict.IsTaken, verdict.Happened);
    }

    [Fact]
    public void A_clock_of_2038_that_nobody_set_does_not_call_a_fresh_certificate_expired()
    {
        var verdict = BundleJudge.Judge(
            bench.First, bench.Fresh(new DateTimeOffset(2038, 1, 20, 0, 0, 0, TimeSpan.Zero)));

        Assert.DoesNotContain("expired", verdict.Happened, StringComparison.Ordinal);
        Assert.Contains("clock says 2038", verdict.Happened + string.Join(' ', verdict.Warnings),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_bundle_for_later_waits_where_the_clock_is_set()
    {
        var later = TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(3);
        var bundle = bench.Resign(BundleBench.ContentOf(bench.First) with { NotBefore = later });

        Refused(BundleRefusal.NotYet, "counts from", bundle, bench.Fresh());
        Assert.True(BundleJudge.Judge(bundle, bench.Fresh(DateTimeOffset.UnixEpoch)).IsTaken);
    }

    [Fact]
    public void A_certificate_that_the_bundles_own_list_revokes_is_refused()
    {
        using var own = new BundleBench();
        var serial = BundleJudge.Judge(own.First, own.Fresh()).Serial;
        var (bundle, _) = own.Authority.Bundle(BundleBench.Gateway, BundleBench.Passphrase);
        own.Authority.Revoke(
            new HashSet<string> { serial }, "stolen", BundleBench.Passphrase, TimeSpan.FromDays(90));
        var (other, _, _) = own.Authority.Sign(
            KeyRequest.Read(KeyRequest.MakeKeyAndRequest("gw-043", BundleBench.Site), out _)!,
            BundleBench.Passphrase, TimeSpan.FromDays(1));
        var revoking = BundleBench.ContentOf(other).RevocationLists;

        Refused(BundleRefusal.Unusable, "was revoked",
            own.Resign(BundleBench.ContentOf(bundle) with { RevocationLists = revoking }), own.Fresh());
    }

    private static void Refused(BundleRefusal refusal, string words, byte[] bundle, BundleExpectation expected)
    {
        var verdict = BundleJudge.Judge(bundle, expected);
        Assert.True(verdict.Refusal == refusal, $"{verdict.Refusal} instead of {refusal}: {verdict.Happened}");
        Assert.Contains(words, verdict.Happened, StringComparison.Ordinal);
        Assert.NotEmpty(verdict.Do);
        Assert.Null(verdict.Content);
    }
}
