using System.Globalization;
using System.Text;
using Sluice.Fast.Provisioning;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Wiping;
using Xunit;

namespace Sluice.Fast.Enrolment.Wiping;

/// <summary>provisioning/Wiping/WIPE.md is read as its reader would.</summary>
public sealed class WipeDocumentTests
{
    private static readonly WorkedPage Page = new("provisioning/Wiping/WIPE.md");

    private static BundleEnvelope Envelope => BundleEnvelope.Open(EnvelopeKind.Receipt, Page.Bytes, out _)!;

    [Fact]
    public void The_worked_payload_is_read_and_written_byte_for_byte()
    {
        var worked = Page.Text.Split("```json\n")[1].Split("\n```")[0];

        var receipt = WipeReceipt.Read(Encoding.UTF8.GetBytes(worked));
        Assert.NotNull(receipt);
        Assert.Equal([Page.Fact("serial")], receipt.Certificates.Select(each => each.Serial));
        Assert.Equal(worked, Encoding.UTF8.GetString(receipt.Write()));
        Assert.Equal(worked, Encoding.UTF8.GetString(Envelope.Payload.Span));
    }

    [Fact]
    public void The_worked_bytes_are_signed_with_the_key_of_the_gateway_that_they_speak_for()
    {
        Assert.True(Envelope.IsSignedBySigner());
        Assert.Equal(Page.Fact("serial"), Envelope.Signers[0].SerialNumber);
        Assert.Equal(Page.Fact("gateway"), IdentityDirectory.CommonName(Envelope.Signers[0]));
        Assert.Equal(Envelope.Root.Subject, Envelope.Root.Issuer);
        Assert.Equal(Page.Fact("site"), WipeReceipt.Read(Envelope.Payload)!.Site);
        Assert.Equal(int.Parse(Page.Fact("bytes"), CultureInfo.InvariantCulture), Page.Bytes.Length);
    }

    [Fact]
    public void The_lengths_that_the_document_tells_stand_where_it_says() => Page.Offsets_hold(4);

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"v\":2}")]
    [InlineData("{\"v\":\"1\"}")]
    public void What_is_no_receipt_is_none(string text) =>
        Assert.Null(WipeReceipt.Read(Encoding.UTF8.GetBytes(text)));
}
