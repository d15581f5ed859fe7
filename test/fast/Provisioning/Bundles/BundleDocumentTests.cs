using System.Text.RegularExpressions;
using Sluice.Fast.Repository;
using Sluice.Provisioning;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Fast.Provisioning.Bundles;

/// <summary>provisioning/BUNDLE.md is read as its reader would: its bytes, and what it says of them.</summary>
public sealed partial class BundleDocumentTests
{
    private static readonly string Text = RepositoryTree.Here.Files
        .Single(file => file.Path == "provisioning/BUNDLE.md").Text;

    private static byte[] Bytes => Convert.FromHexString(string.Concat(
        Hex().Matches(Text).Select(line => line.Groups[1].Value.Replace(" ", "", StringComparison.Ordinal))));

    [Fact]
    public void The_worked_bytes_are_taken_by_the_gateway_that_they_are_for()
    {
        var verdict = BundleJudge.Judge(Bytes, Expected());

        Assert.True(verdict.IsTaken, verdict.Happened);
        Assert.Equal(Fact("root"), Fingerprint.Of(verdict.Root!));
        Assert.Equal(Fact("serial"), verdict.Serial);
        Assert.Equal(Fact("version"), $"{verdict.Content!.Version}");
        Assert.Equal(Fact("broker"), $"{verdict.Content.Broker!.Host} {verdict.Content.Broker.Addresses[0]} "
            + $"{verdict.Content.Broker.Port}");
        Assert.Equal(int.Parse(Fact("bytes")), Bytes.Length);
    }

    [Fact]
    public void The_lengths_that_the_document_tells_stand_where_it_says()
    {
        var bytes = Bytes;
        foreach (Match row in Offset().Matches(Text))
        {
            var at = int.Parse(row.Groups[1].Value);
            var wanted = Convert.FromHexString(row.Groups[2].Value.Replace(" ", "", StringComparison.Ordinal));
            Assert.Equal(wanted, bytes[at..(at + wanted.Length)]);
        }

        Assert.Equal(4, Offset().Count(Text));
    }

    [Fact]
    public void The_key_usage_that_the_document_names_is_the_one_that_is_asked_for() =>
        Assert.Contains($"`{BundleEnvelope.SignerUsage}`", Text, StringComparison.Ordinal);

    private static string Fact(string name) =>
        Regex.Match(Text, $@"^\| {name} \| `([^`]+)` \|", RegexOptions.Multiline).Groups[1].Value;

    private static BundleExpectation Expected() => new()
    {
        GatewayId = Fact("gateway"),
        Site = Fact("site"),
        VersionMax = 0,
        ConfirmsRoot = root => Fingerprint.Matches(root, Fact("root")),
        HasKeyOf = certificate => Fingerprint.OfKey(certificate) == Fact("key"),
        Time = ValidityTime.Of(
            new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero), true, DateTimeOffset.UnixEpoch, null, null),
    };

    [GeneratedRegex("^    ([0-9a-f]{2}(?: ?[0-9a-f]{2}){0,47})$", RegexOptions.Multiline)]
    private static partial Regex Hex();

    [GeneratedRegex(@"^\| ([0-9]+) \| `([0-9a-f ]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Offset();
}
