using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Fast.Provisioning.Bundles;

/// <summary>provisioning/BUNDLE.md is read as its reader would: its bytes, and what it says of them.</summary>
public sealed class BundleDocumentTests
{
    private static readonly WorkedPage Page = new("provisioning/BUNDLE.md");

    [Fact]
    public void The_worked_bytes_are_taken_by_the_gateway_that_they_are_for()
    {
        var verdict = BundleJudge.Judge(Page.Bytes, Expected());

        Assert.True(verdict.IsTaken, verdict.Happened);
        Assert.Equal(Page.Fact("root"), Fingerprint.Of(verdict.Root!));
        Assert.Equal(Page.Fact("serial"), verdict.Serial);
        Assert.Equal(Page.Fact("version"), $"{verdict.Content!.Version}");
        Assert.Equal(Page.Fact("broker"), $"{verdict.Content.Broker!.Host} {verdict.Content.Broker.Addresses[0]} "
            + $"{verdict.Content.Broker.Port}");
        Assert.Equal(int.Parse(Page.Fact("bytes")), Page.Bytes.Length);
    }

    [Fact]
    public void The_lengths_that_the_document_tells_stand_where_it_says() => Page.Offsets_hold(4);

    [Fact]
    public void The_key_usage_that_the_document_names_is_the_one_that_is_asked_for() =>
        Assert.Contains($"`{BundleEnvelope.SignerUsage}`", Page.Text, StringComparison.Ordinal);

    private static BundleExpectation Expected() => new()
    {
        GatewayId = Page.Fact("gateway"),
        Site = Page.Fact("site"),
        VersionMax = 0,
        ConfirmsRoot = root => Fingerprint.Matches(root, Page.Fact("root")),
        HasKeyOf = certificate => Fingerprint.OfKey(certificate) == Page.Fact("key"),
        Time = ValidityTime.Of(
            new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero), true, DateTimeOffset.UnixEpoch, null, null),
    };
}
