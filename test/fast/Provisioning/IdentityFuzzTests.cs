using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Fuzz;
using Sluice.Fuzz.Identities;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Trust;
using Xunit;

namespace Sluice.Fast.Provisioning;

/// <summary>
/// That <c>make fuzz</c> would say something of the identity's parsers: judges that are wrong. The right ones have
/// their short run beside those of the bus.
/// </summary>
public sealed class IdentityFuzzTests
{
    private const ulong Seed = 20_261_123;
    private const int Inputs = 2000;

    private static readonly Dictionary<string, FuzzTarget> Wrong = new()
    {
        ["a bundle is believed whoever signed it"] = new BundleTarget("mutant", WhoeverSigned),
        ["any first root is believed"] = new BundleTarget("mutant", static (bytes, expected) => BundleJudge.Judge(
            bytes, expected with { Pinned = null, ConfirmsRoot = _ => true })),
        ["an old bundle is taken"] = new BundleTarget("mutant", static (bytes, expected) => BundleJudge.Judge(
            bytes, expected with { VersionMax = 0 })),
        ["a judge that throws"] = new BundleTarget("mutant", static (bytes, expected) => bytes.Span[40] == 0
            ? throw new FormatException("40") : BundleJudge.Judge(bytes, expected)),
        ["a judge that needs memory"] = new BundleTarget("mutant", static (bytes, expected) =>
            new byte[9 << 20].Length == bytes.Length ? null! : BundleJudge.Judge(bytes, expected)),
        ["an old trust bundle is taken"] = new TrustTarget("mutant", static (bytes, expected) => TrustJudge.Judge(
            bytes, expected with { VersionMax = 0 })),
        ["a trust bundle that locks out is taken"] = new TrustTarget("mutant", static (bytes, expected) =>
            TrustJudge.Judge(bytes, expected) is { Problems: [{ Refusal: TrustRefusal.Root }, ..] } no
                ? no with { Problems = [], Content = TrustContent.Read(
                    BundleEnvelope.Open(EnvelopeKind.Trust, bytes, out _)!.Payload, out _) }
                : TrustJudge.Judge(bytes, expected)),
        ["a request is refused without a word"] = new RequestTarget("mutant", Wordless),
        ["a list that revokes nobody"] = new RevocationTarget("mutant", static (ReadOnlyMemory<byte> der, out string
            problem) => RevocationList.Parse(der[..^1], out problem)),
        ["nobody asks what the MES knows"] = new AuditTarget("mutant", static (log, _) => log.Check(null)),
    };

    public static TheoryData<string> Mutants => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(Mutants))]
    public void A_judge_that_is_wrong_is_caught(string mutant)
    {
        var run = new FuzzRun(Wrong[mutant], Seed);
        var caught = Assert.Throws<InvalidOperationException>(() => run.Try(0, Inputs));
        Assert.StartsWith($"mutant: seed {Seed}, input {run.Tried}: ", caught.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_signer_whose_usages_are_damaged_was_an_exception_and_no_answer()
    {
        using var bench = new BundleBench();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Bundles of plant1", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509Extension("2.5.29.37", [0x30, 0x02, 0x70, 0x00], false));
        var now = TimeProvider.System.GetUtcNow();
        using var signer = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var content = BundleBench.ContentOf(bench.First);

        var verdict = BundleJudge.Judge(BundleEnvelope.Seal(content.Write(), [signer], key), bench.Fresh());
        Assert.Equal(BundleRefusal.NotABundle, verdict.Refusal);

        verdict = BundleJudge.Judge(bench.Resign(content with { Chain = [signer.RawData] }), bench.Fresh());
        Assert.Equal(BundleRefusal.Unusable, verdict.Refusal);
    }

    private static BundleVerdict WhoeverSigned(ReadOnlyMemory<byte> bytes, BundleExpectation expected)
    {
        var judged = BundleJudge.Judge(bytes, expected);
        return judged.Refusal == BundleRefusal.BrokenSignature
            && BundleContent.Read(BundleEnvelope.Open(bytes, out _)!.Payload, out _) is { } content
            ? new BundleVerdict(BundleRefusal.None, "", "", content)
            : judged;
    }

    private static KeyRequest? Wordless(ReadOnlySpan<byte> bytes, out string problem)
    {
        var request = KeyRequest.Read(bytes, out problem);
        problem = "";
        return request;
    }
}
