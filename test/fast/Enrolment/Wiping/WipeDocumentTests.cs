using System.Text;
using Sluice.Fast.Repository;
using Sluice.Provisioning.Wiping;
using Xunit;

namespace Sluice.Fast.Enrolment.Wiping;

/// <summary>provisioning/WIPE.md is read as its reader would.</summary>
public sealed class WipeDocumentTests
{
    [Fact]
    public void The_worked_payload_is_read_and_written_byte_for_byte()
    {
        var worked = RepositoryTree.Here.Files.Single(file => file.Path == "provisioning/WIPE.md").Text
            .Split("```json\n")[1].Split("\n```")[0];

        var receipt = WipeReceipt.Read(Encoding.UTF8.GetBytes(worked));
        Assert.NotNull(receipt);
        Assert.Equal(["4B02", "4A01"], receipt.Certificates.Select(each => each.Serial));
        Assert.Equal(worked, Encoding.UTF8.GetString(receipt.Write()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"v\":2}")]
    [InlineData("{\"v\":\"1\"}")]
    public void What_is_no_receipt_is_none(string text) =>
        Assert.Null(WipeReceipt.Read(Encoding.UTF8.GetBytes(text)));
}
