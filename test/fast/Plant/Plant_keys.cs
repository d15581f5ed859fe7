using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Fast.Plant;

[SupportedOSPlatform("linux")]
public sealed class Plant_keys : IDisposable
{
    private readonly PlantKeys keys = new();
    private readonly string directory = Directory.CreateTempSubdirectory("sluice-keys-").FullName;

    [Fact]
    public void An_identity_directory_has_the_layout_of_the_configuration_guide()
    {
        using var certificate = keys.WriteIdentityDirectory(directory, "gw-042");

        var current = Path.Combine(directory, "current");
        Assert.Equal(Path.Combine("versions", "0001"), new DirectoryInfo(current).LinkTarget);
        Assert.Equal(
            ["bundle.json", "chain.pem", "crl.pem", "key.pem", "roots.pem"],
            Directory.GetFiles(current).Select(Path.GetFileName).Order());
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(current, "key.pem")));
        using var leaf = X509Certificate2.CreateFromPemFile(
            Path.Combine(current, "chain.pem"), Path.Combine(current, "key.pem"));
        Assert.Equal("gw-042", leaf.GetNameInfo(X509NameType.SimpleName, false));
        Assert.True(leaf.HasPrivateKey);
    }

    [Fact]
    public void A_second_version_becomes_the_current_one_and_the_first_stays()
    {
        using var first = keys.WriteIdentityDirectory(directory, "gw-042");
        using var second = keys.IssueClient("gw-042");

        keys.WriteIdentityVersion(directory, "gw-042", second, "0002");

        Assert.Equal(
            Path.Combine("versions", "0002"), new DirectoryInfo(Path.Combine(directory, "current")).LinkTarget);
        Assert.True(File.Exists(Path.Combine(directory, "versions", "0001", "key.pem")));
    }

    [Fact]
    public void A_chain_ends_at_the_own_root_and_at_no_other()
    {
        using var other = new PlantKeys("plant2");
        using var certificate = keys.IssueClient("gw-042");

        Assert.True(Reaches(certificate, keys));
        Assert.False(Reaches(certificate, other));
    }

    [Fact]
    public void A_certificate_says_what_was_wished_even_when_it_is_wrong()
    {
        var now = DateTimeOffset.UtcNow;
        using var expired = keys.Issue(CertificateWish.Server("broker", "127.0.0.1") with
        {
            NotBefore = now.AddYears(-20),
            NotAfter = now.AddDays(-1),
            IssuedByRoot = true,
        });

        Assert.True(expired.Leaf.NotAfter.ToUniversalTime() < now.UtcDateTime);
        Assert.True(expired.Leaf.MatchesHostname("broker"));
        Assert.True(expired.Leaf.MatchesHostname("127.0.0.1"));
        Assert.Equal(keys.Root.SubjectName.RawData, expired.Leaf.IssuerName.RawData);
        Assert.Single(PemBlocks(expired.ChainPem));
    }

    [Fact]
    public void A_revoked_certificate_stands_in_the_list_of_its_issuer()
    {
        using var kept = keys.IssueClient("gw-001");
        using var taken = keys.IssueClient("gw-002");
        keys.Revoke(taken);

        var list = CertificateRevocationListBuilder.LoadPem(PemBlocks(keys.CrlPem())[0], out _);
        Assert.True(list.RemoveEntry(taken.Leaf.SerialNumberBytes.ToArray()));
        Assert.False(list.RemoveEntry(kept.Leaf.SerialNumberBytes.ToArray()));
        Assert.True(keys.IsRevoked(taken.Leaf));
        Assert.False(keys.IsRevoked(kept.Leaf));
    }

    public void Dispose()
    {
        keys.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static bool Reaches(IssuedCertificate certificate, PlantKeys plant)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.CustomTrustStore.Add(plant.Root);
        chain.ChainPolicy.ExtraStore.ImportFromPem(certificate.ChainPem);
        return chain.Build(certificate.Leaf);
    }

    private static List<string> PemBlocks(string text)
    {
        List<string> blocks = [];
        while (PemEncoding.TryFind(text, out var fields))
        {
            blocks.Add(text[fields.Location]);
            text = text[fields.Location.End..];
        }

        return blocks;
    }
}
