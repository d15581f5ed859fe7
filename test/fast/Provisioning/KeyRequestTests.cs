using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Identities;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Fast.Provisioning;

public sealed class KeyRequestTests
{
    [Fact]
    public void A_request_names_its_gateway_and_plant_and_shows_the_same_fingerprint_as_its_key()
    {
        var made = KeyRequest.MakeKeyAndRequest("gw-042", "plant1");

        var request = KeyRequest.Read(made, out var problem);

        Assert.Equal("", problem);
        Assert.Equal(("gw-042", "plant1"), (request!.GatewayId, request.Plant));
        using var key = ECDsa.Create();
        key.ImportFromPem(Encoding.ASCII.GetString(made));
        Assert.Equal(Fingerprint.OfKey(key.ExportSubjectPublicKeyInfo()), request.KeyFingerprint);
        Assert.DoesNotContain("PRIVATE", request.Pem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_of_which_any_byte_was_altered_is_refused()
    {
        var der = KeyRequest.Read(KeyRequest.MakeKeyAndRequest("gw-042", "plant1"), out _)!.Der.ToArray();
        for (var at = 0; at < der.Length; at++)
        {
            der[at] ^= 1;
            var pem = Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE REQUEST", der));
            Assert.True(KeyRequest.Read(pem, out var problem) is null && problem.Length > 0, $"byte {at}");
            der[at] ^= 1;
        }
    }

    [Theory]
    [InlineData("a recipe for pancakes", "no certificate request")]
    [InlineData("", "no certificate request")]
    public void Another_file_is_told(string text, string words)
    {
        Assert.Null(KeyRequest.Read(Encoding.UTF8.GetBytes(text), out var problem));
        Assert.Contains(words, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_that_could_leave_its_folder_is_refused()
    {
        Assert.Null(KeyRequest.Read(KeyRequest.MakeKeyAndRequest("../gw", "plant1"), out var problem));
        Assert.Contains("does not name its gateway", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_with_a_zero_byte_at_its_end_was_taken_for_the_name_without_it()
    {
        Assert.Null(KeyRequest.Read(KeyRequest.MakeKeyAndRequest("gw-042\0", "plant1"), out var problem));
        Assert.Contains("does not name its gateway", problem, StringComparison.Ordinal);
        using var keys = new PlantKeys();
        using var certificate = keys.IssueClient("gw-042");
        Assert.Equal("gw-042", IdentityDirectory.CommonName(certificate.Leaf));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName("gw-042\0");
        var now = TimeProvider.System.GetUtcNow();
        using var zero = new CertificateRequest(name.Build(), key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(now, now.AddDays(1));
        Assert.NotEqual("gw-042", IdentityDirectory.CommonName(zero));
    }

    [Fact]
    public void A_fingerprint_is_read_however_it_was_typed()
    {
        using var keys = new PlantKeys();
        var shown = Fingerprint.Of(keys.Root);

        Assert.Matches("^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$", shown);
        Assert.True(Fingerprint.Matches(keys.Root, shown));
        Assert.True(Fingerprint.Matches(keys.Root, shown.ToLowerInvariant().Replace('-', ' ')));
        Assert.True(Fingerprint.Matches(keys.Root, shown.Replace('0', 'o').Replace('1', 'l')));
        Assert.True(Fingerprint.Matches(keys.Root, Fingerprint.LongOf(keys.Root).ToUpperInvariant()));
        Assert.False(Fingerprint.Matches(keys.Root, shown[..^1]));
        Assert.False(Fingerprint.Matches(keys.Issuing, shown));
        Assert.False(Fingerprint.Matches(keys.Root, ""));
    }
}
