using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Trust;
using Xunit;

namespace Sluice.Fast.Provisioning.Trust;

public sealed class TrustJudgeTests(BundleBench bench) : IClassFixture<BundleBench>
{
    private readonly byte[] first = bench.Authority.Trust(BundleBench.Passphrase).Bytes;

    private TrustContent Content =>
        TrustContent.Read(BundleEnvelope.Open(EnvelopeKind.Trust, first, out _)!.Payload, out _)!;

    [Fact]
    public void A_trust_bundle_under_the_pinned_root_is_taken_and_the_same_one_is_known_when_it_comes_again()
    {
        var verdict = TrustJudge.Judge(first, Expected());

        Assert.True(verdict.IsTaken, verdict.Sentence);
        Assert.Empty(verdict.Warnings);
        Assert.False(verdict.RevokesOwn);
        Assert.Equal((BundleBench.Site, 1), (verdict.Content!.Site, verdict.Content.Version));
        Assert.Contains("BEGIN CERTIFICATE", Encoding.ASCII.GetString(verdict.Content.RootsPem()));
        Assert.Contains("BEGIN X509 CRL", Encoding.ASCII.GetString(verdict.Content.RevocationListsPem()));

        var again = TrustJudge.Judge(first, Expected() with { VersionMax = 1 });
        Assert.Equal((false, true), (again.IsTaken, again.IsKnown));
        Assert.Empty(again.Problems);
    }

    [Fact]
    public void A_bundle_never_passes_for_a_trust_bundle_nor_the_other_way()
    {
        Refused(TrustRefusal.NotATrustBundle, "no trust bundle", bench.First);
        Assert.Equal(BundleRefusal.NotABundle, BundleJudge.Judge(first, bench.Pinned()).Refusal);

        // The outside of the other one around it, as somebody without a key could write it.
        byte[] dressed = [.. "SLUICET1"u8, .. bench.First[8..]];
        Refused(TrustRefusal.BrokenSignature, "signature is broken", dressed);
    }

    [Fact]
    [Trait("suite", "world")]
    public void No_byte_of_a_trust_bundle_can_be_altered_and_none_left_out()
    {
        for (var at = 0; at < first.Length; at += at < 128 || at > first.Length - 128 ? 1 : 13)
        {
            var altered = first.ToArray();
            altered[at] ^= 1;
            Assert.True(TrustJudge.Judge(altered, Expected()).Problems.Count > 0, $"byte {at}");
        }

        for (var length = 0; length < first.Length; length += 11)
        {
            Refused(TrustRefusal.NotATrustBundle, "", first[..length]);
        }

        Refused(TrustRefusal.NotATrustBundle, "something was put behind", [.. first, 0]);
        Refused(TrustRefusal.NotATrustBundle, "larger than any", [.. first, .. new byte[1 << 20]]);
        Refused(TrustRefusal.NotATrustBundle, "newer form", [.. "SLUICET2"u8, .. first[8..]]);
    }

    [Fact]
    public void Another_plants_CA_and_a_certificate_that_is_not_for_that_sign_none()
    {
        using var others = new BundleBench();
        using var keys = new PlantKeys(BundleBench.Site);
        using var gateway = keys.IssueClient("gw-666");
        using var key = gateway.Leaf.GetECDsaPrivateKey()!;
        var byGateway = BundleEnvelope.Seal(
            EnvelopeKind.Trust, Content.Write(), [gateway.Leaf, keys.Issuing, keys.Root], key);

        Refused(TrustRefusal.ForeignSigner, "does not lead to the root that this gateway trusts",
            others.Authority.Trust(BundleBench.Passphrase).Bytes);
        var verdict = TrustJudge.Judge(byGateway, Expected() with
        {
            Pinned = new TrustAnchors([keys.Root], []),
        });
        Assert.Equal(TrustRefusal.ForeignSigner, Assert.Single(verdict.Problems).Refusal);
        Assert.Contains("may not sign bundles", verdict.Sentence);
    }

    [Fact]
    public void All_that_is_wrong_inside_is_told_at_once()
    {
        using var keys = new PlantKeys();
        using var leaf = keys.IssueClient("gw-1");
        var foreign = Der(keys.CrlPem());
        ReadOnlyMemory<byte> rubbish = new byte[] { 0x30, 0x03, 1, 2, 3 };
        var content = Content;
        var verdict = TrustJudge.Judge(Seal(content with
        {
            Site = "plant2",
            Version = 3,
            Made = TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(9),
            Roots = [keys.Root.RawData, keys.Root.RawData, leaf.Leaf.RawData, rubbish],
            Authorities = [leaf.Leaf.RawData],
            RevocationLists = [.. content.RevocationLists, content.RevocationLists[0], foreign, rubbish],
        }), Expected() with { VersionMax = 7 });

        Assert.Equal((false, false), (verdict.IsTaken, verdict.IsKnown));
        Assert.Null(verdict.Content);
        Assert.All(verdict.Problems, problem => Assert.NotEmpty(problem.Do));
        Assert.Equal(
            [
                TrustRefusal.WrongPlant, TrustRefusal.OldVersion, TrustRefusal.FromTheFuture,
                TrustRefusal.Root, TrustRefusal.Root, TrustRefusal.Root, TrustRefusal.Root, TrustRefusal.Authority,
                TrustRefusal.List, TrustRefusal.List, TrustRefusal.List,
            ],
            verdict.Problems.Select(problem => problem.Refusal));
        foreach (var words in (string[])
        [
            "for plant 'plant2'", "already taken in version 7", "says that it was made", "is in the trust bundle twice",
            "among the roots, and is none", "Root 4 of the trust bundle is damaged", "does not hold the root under",
            "Authority 1", "There are two lists of", "signed by nobody of this plant", "cannot be used",
        ])
        {
            Assert.Contains(words, verdict.Sentence);
        }
    }

    [Fact]
    public void A_root_whose_own_signature_is_wrong_is_none()
    {
        using var keys = new PlantKeys();
        var forged = keys.Root.RawData.ToArray();
        forged[^1] ^= 1;

        Refused(TrustRefusal.Root, "among the roots, and is none",
            Seal(Content with { Roots = [.. Content.Roots, forged] }));
    }

    [Fact]
    public void A_new_root_comes_beside_the_old_one_and_then_signs_by_itself()
    {
        using var others = new BundleBench();
        var both = Seal(Content with { Version = 2, Roots = [.. Content.Roots, others.Root.RawData] });
        var verdict = TrustJudge.Judge(both, Expected() with { VersionMax = 1 });
        Assert.True(verdict.IsTaken, verdict.Sentence);
        var pinned = new TrustAnchors([.. verdict.Content!.Roots.Select(
            der => X509CertificateLoader.LoadCertificate(der.Span))], []);

        var next = others.Seal(EnvelopeKind.Trust, (Content with
        {
            Version = 3,
            Roots = [bench.Root.RawData, others.Root.RawData],
        }).Write());
        Assert.False(TrustJudge.Judge(next, Expected() with { VersionMax = 2 }).IsTaken);
        var later = TrustJudge.Judge(next, Expected() with { VersionMax = 2, Pinned = pinned });

        // Not of the bench's own list: nobody in the chain of those who signed it stands for it.
        Assert.All(later.Problems, problem => Assert.Equal(TrustRefusal.List, problem.Refusal));
        var whole = others.Seal(EnvelopeKind.Trust, (Content with
        {
            Version = 3,
            Roots = [bench.Root.RawData, others.Root.RawData],
            Authorities = [BundleBench.ContentOf(bench.First).Chain[1]],
        }).Write());
        var taken = TrustJudge.Judge(whole, Expected() with { VersionMax = 2, Pinned = pinned });
        Assert.True(taken.IsTaken, taken.Sentence);
    }

    [Fact]
    public void A_gateway_is_not_locked_out_by_roots_or_lists_that_lack_its_own()
    {
        using var others = new BundleBench();
        var pinned = new TrustAnchors([bench.Root, others.Root], []);
        var theirs = others.Authority.Trust(BundleBench.Passphrase).Bytes;
        var content = Content;

        Refused(TrustRefusal.LocksOut, "no root in it stands above", theirs, Expected() with { Pinned = pinned });
        Refused(TrustRefusal.LocksOut, "lacks the list of the authority",
            Seal(content with { RevocationLists = [content.RevocationLists[1]] }));
        Assert.True(TrustJudge.Judge(theirs, Expected() with { Pinned = pinned, Own = [] }).IsTaken);
    }

    [Fact]
    public void A_list_that_takes_the_gateway_itself_back_is_taken_and_says_so()
    {
        using var own = new BundleBench();
        var expected = Expected(own);
        own.Authority.Revoke(
            new HashSet<string> { expected.Own[0].SerialNumber }, "stolen", BundleBench.Passphrase,
            TimeSpan.FromDays(30));

        var verdict = TrustJudge.Judge(own.Authority.Trust(BundleBench.Passphrase).Bytes, expected);

        Assert.Equal((true, true), (verdict.IsTaken, verdict.RevokesOwn));
    }

    [Theory]
    [InlineData(1970)]
    [InlineData(2024)]
    public void A_gateway_whose_clock_is_dead_takes_it_all_the_same(int year)
    {
        var time = ValidityTime.Of(
            new DateTimeOffset(year, 1, 1, 0, 0, 0, TimeSpan.Zero), false, DateTimeOffset.UnixEpoch, null, null);
        var verdict = TrustJudge.Judge(first, Expected() with { Time = time });

        Assert.True(verdict.IsTaken, verdict.Sentence);
    }

    [Fact]
    public void A_list_past_its_date_warns_and_is_taken()
    {
        var late = ValidityTime.Of(
            TimeProvider.System.GetUtcNow() + TimeSpan.FromDays(200), true, DateTimeOffset.UnixEpoch, null, null);
        var verdict = TrustJudge.Judge(first, Expected() with { Time = late });

        Assert.True(verdict.IsTaken, verdict.Sentence);
        Assert.Contains("should have been replaced", Assert.Single(verdict.Warnings));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"v":2}""")]
    [InlineData("[[[[[[[[[[[[")]
    [InlineData("")]
    public void What_was_signed_and_says_nothing_is_refused(string payload) => Refused(
        TrustRefusal.Unusable, "cannot be used", bench.Seal(EnvelopeKind.Trust, Encoding.UTF8.GetBytes(payload)));

    private TrustExpectation Expected(BundleBench? of = null) => new()
    {
        Site = BundleBench.Site,
        Pinned = new TrustAnchors([(of ?? bench).Root], BundleBench.Lists((of ?? bench).First)),
        VersionMax = 0,
        Time = ValidityTime.Of(
            TimeProvider.System.GetUtcNow(), true, DateTimeOffset.UnixEpoch, null, null),
        Own =
        [
            .. BundleBench.ContentOf((of ?? bench).First).Chain.Select(
                der => X509CertificateLoader.LoadCertificate(der.Span)),
        ],
    };

    private byte[] Seal(TrustContent content) => bench.Seal(EnvelopeKind.Trust, content.Write());

    private void Refused(
        TrustRefusal refusal, string words, byte[] bytes, TrustExpectation? expected = null)
    {
        var verdict = TrustJudge.Judge(bytes, expected ?? Expected());
        var problem = Assert.Single(verdict.Problems);
        Assert.Equal(refusal, problem.Refusal);
        Assert.Contains(words, problem.Happened, StringComparison.Ordinal);
        Assert.Equal((false, false), (verdict.IsTaken, verdict.IsKnown));
        Assert.NotEmpty(problem.Do);
    }

    private static byte[] Der(string pem) => Convert.FromBase64String(pem[PemEncoding.Find(pem).Base64Data]);
}
