using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Trust;
using Xunit;

namespace Sluice.Fast.Provisioning.Trust;

/// <summary>provisioning/Trust/TRUST.md is read as its reader would: its bytes, and what it says of them.</summary>
public sealed class TrustDocumentTests
{
    private static readonly WorkedPage Page = new("provisioning/Trust/TRUST.md");

    [Fact]
    public void The_worked_bytes_are_taken_by_a_gateway_of_that_plant()
    {
        var root = BundleEnvelope.Open(EnvelopeKind.Trust, Page.Bytes, out _)!.Root;
        var verdict = TrustJudge.Judge(Page.Bytes, new TrustExpectation
        {
            Site = Page.Fact("site"),
            Pinned = new TrustAnchors([root], []),
            VersionMax = 0,
            Time = ValidityTime.Of(
                new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero), true, DateTimeOffset.UnixEpoch, null, null),
        });

        Assert.True(verdict.IsTaken, verdict.Sentence);
        Assert.Equal(Page.Fact("root"), Fingerprint.Of(root));
        Assert.Equal(Page.Fact("version"), $"{verdict.Content!.Version}");
        Assert.Equal(int.Parse(Page.Fact("bytes")), Page.Bytes.Length);
    }

    [Fact]
    public void The_lengths_that_the_document_tells_stand_where_it_says() => Page.Offsets_hold(4);

    [Fact]
    public void The_content_type_that_the_document_names_is_the_one_that_is_used() =>
        Assert.Contains($"`{TrustContent.ContentType}`", Page.Text, StringComparison.Ordinal);
}
