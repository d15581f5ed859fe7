using System.Security.Cryptography;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;
using Xunit;

namespace Sluice.Fast.Provisioning;

public sealed class IdentityDirectoryTests : IDisposable
{
    private const string Id = "gw-042";
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-identity-").FullName;
    private readonly PlantKeys keys = new();

    public IdentityDirectoryTests() => keys.WriteIdentityDirectory(directory, Id).Dispose();

    public void Dispose()
    {
        keys.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void A_whole_identity_loads_without_a_word()
    {
        var loaded = Load();
        Assert.Empty(loaded.Problems);
        using var identity = loaded.Identity!;
        Assert.Equal(Id, identity.GatewayId);
        Assert.Equal("0001", identity.Version);
        Assert.True(identity.Leaf.HasPrivateKey);
        Assert.Single(identity.Intermediates);
        Assert.Single(identity.Trust.Roots);
        Assert.Equal(2, identity.Trust.RevocationLists.Count);
        Assert.True(identity.NotAfter > Now);
    }

    [Fact]
    public void No_directory_and_no_current_are_told_apart()
    {
        Refused(IdentityDirectory.Load(Path.Combine(directory, "nowhere"), Id, Set(Now)), "no such directory");
        File.Delete(Path.Combine(directory, "current"));
        Refused(Load(), "no 'current'");
    }

    [Theory]
    [InlineData("key.pem")]
    [InlineData("chain.pem")]
    [InlineData("roots.pem")]
    [InlineData("crl.pem")]
    [InlineData("bundle.json")]
    public void Each_missing_file_is_told_by_name(string file)
    {
        File.Delete(At(file));
        Assert.Contains(Refused(Load(), "is missing"), problem => Path.GetFileName(problem.File) == file);
    }

    [Theory]
    [InlineData("key.pem", "no private key")]
    [InlineData("chain.pem", "0")]
    [InlineData("roots.pem", "0")]
    [InlineData("crl.pem", "no revocation list")]
    [InlineData("bundle.json", "not JSON")]
    public void Each_file_that_holds_something_else_is_told(string file, string words)
    {
        File.WriteAllText(At(file), "a recipe for pancakes");
        Refused(Load(), words);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once()
    {
        File.Delete(At("crl.pem"));
        File.Delete(At("bundle.json"));
        File.WriteAllText(At("roots.pem"), "");
        File.SetUnixFileMode(At("key.pem"), UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var files = Refused(Load(), "chmod 0600").Select(problem => Path.GetFileName(problem.File)).ToHashSet();
        Assert.Superset(new HashSet<string> { "crl.pem", "bundle.json", "roots.pem", "key.pem" }, files!);
    }

    [Fact]
    public void A_key_of_another_request_is_told()
    {
        using var other = keys.IssueClient(Id);
        File.WriteAllText(At("key.pem"), other.KeyPem);
        Refused(Load(), "not the one of the certificate");
    }

    [Fact]
    public void A_key_with_a_passphrase_is_told()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        File.WriteAllText(At("key.pem"), key.ExportEncryptedPkcs8PrivateKeyPem("secret", parameters));
        Refused(Load(), "passphrase");
    }

    [Fact]
    public void A_certificate_of_another_gateway_is_told_with_both_names()
    {
        Write(keys.IssueClient("gw-043"));
        var problems = Refused(Load(), "gw-043");
        Assert.Contains(problems, problem => problem.Sentence.Contains(Id, StringComparison.Ordinal));
    }

    [Fact]
    public void A_bundle_for_another_gateway_is_told()
    {
        File.WriteAllText(At("bundle.json"), """{"v":1,"gateway":"gw-043"}""");
        Refused(Load(), "made for gateway gw-043");
    }

    [Fact]
    public void A_certificate_of_another_plant_does_not_lead_to_the_root()
    {
        using var others = new PlantKeys("another plant");
        using var foreign = others.IssueClient(Id);
        File.WriteAllText(At("chain.pem"), foreign.ChainPem);
        File.WriteAllText(At("key.pem"), foreign.KeyPem);
        Refused(Load(), "does not lead to a root");
    }

    [Fact]
    public void A_missing_intermediate_is_told()
    {
        var chain = File.ReadAllText(At("chain.pem"));
        File.WriteAllText(At("chain.pem"), chain[..chain.LastIndexOf("-----BEGIN", StringComparison.Ordinal)]);
        Refused(Load(), "certificate between the two is missing");
    }

    [Fact]
    public void A_server_certificate_is_no_identity()
    {
        Write(keys.Issue(CertificateWish.Server(Id)));
        Refused(Load(), "clientAuth");
    }

    [Fact]
    public void An_expired_certificate_is_told_and_still_tried_because_the_clock_may_be_wrong()
    {
        Write(keys.Issue(CertificateWish.Client(Id) with { NotBefore = Now.AddDays(-9), NotAfter = Now.AddDays(-1) }));
        Warned("expired");
    }

    [Fact]
    public void A_clock_before_the_certificate_is_told_as_a_clock()
    {
        var time = Set(DateTimeOffset.UnixEpoch);
        var loaded = IdentityDirectory.Load(directory, Id, time);
        using var identity = loaded.Identity;
        Assert.NotNull(identity);
        Assert.Empty(loaded.Problems);
        Assert.Contains("clock says 1970", identity.Judging(time).ClockProblem, StringComparison.Ordinal);
        Assert.True(identity.NotEarlierThan > Now.AddDays(-2));
    }

    [Fact]
    public void A_gateway_whose_own_certificate_was_revoked_may_not_go_on()
    {
        var own = keys.IssueClient(Id);
        keys.Revoke(own);
        Write(own);
        Refused(Load(), "may not publish any more");
    }

    [Fact]
    public void A_stale_revocation_list_is_a_warning()
    {
        File.WriteAllText(At("crl.pem"), keys.CrlPem(Now.AddDays(-1)));
        Warned("should have been replaced");
    }

    [Fact]
    public void A_damaged_revocation_list_is_told_once()
    {
        var text = File.ReadAllText(At("crl.pem")).ToCharArray();
        var at = new string(text).IndexOf('\n', StringComparison.Ordinal) + 10;
        text[at] = text[at] == 'A' ? 'B' : 'A';
        File.WriteAllText(At("crl.pem"), new string(text));
        Assert.Contains(Load().Problems, problem => Path.GetFileName(problem.File) == "crl.pem");
    }

    private static ValidityTime Set(DateTimeOffset wall) =>
        ValidityTime.Of(wall, true, DateTimeOffset.UnixEpoch, null, null);

    private IdentityLoadResult Load() => IdentityDirectory.Load(directory, Id, Set(Now));

    private string At(string file) => Path.Combine(directory, "current", file);

    private void Write(IssuedCertificate certificate)
    {
        keys.WriteIdentityVersion(directory, Id, certificate, "0002");
        certificate.Dispose();
    }

    private void Warned(string words)
    {
        var loaded = Load();
        using var identity = loaded.Identity;
        Assert.NotNull(identity);
        Assert.Contains(loaded.Problems, problem => problem.Sentence.Contains(words, StringComparison.Ordinal));
        Assert.All(loaded.Problems, problem => Assert.False(problem.Blocks));
    }

    private static IReadOnlyList<IdentityProblem> Refused(IdentityLoadResult loaded, string words)
    {
        Assert.Null(loaded.Identity);
        Assert.True(
            loaded.Problems.Any(problem => problem.Blocks
                && problem.Sentence.Contains(words, StringComparison.Ordinal)),
            string.Join('\n', loaded.Problems));
        return loaded.Problems;
    }
}
