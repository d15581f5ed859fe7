using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Provision;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Revocation;
using Sluice.Provisioning.Trust;
using Xunit;

namespace Sluice.Fast.Provisioning.Tool.Elsewhere;

/// <summary>The plant has a CA of its own: the tool signs bundles, and makes no certificate.</summary>
public sealed class Bundles_around_another_CAs_certificate : IDisposable
{
    private readonly ElsewhereBench bench = new();

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task A_gateway_takes_it_and_believes_both_roots()
    {
        var leaf = bench.Answer();

        Assert.True(await bench.MakeAsync() == ToolExitCode.Fine, bench.Said);

        var verdict = bench.Judged();
        Assert.True(verdict.IsTaken, verdict.Happened);
        Assert.Empty(verdict.Warnings);
        Assert.Equal([leaf.RawData, bench.Issuing.Public.RawData], verdict.Content!.Chain.Select(der => der.ToArray()));
        Assert.Equal([bench.BundleRoot.RawData, bench.Root.Public.RawData],
            verdict.Content.Roots.Select(der => der.ToArray()));
        Assert.Equal(3, verdict.Content.RevocationLists.Count);
        var registered = Assert.Single(bench.Register.Issued);
        Assert.Equal((ElsewhereBench.Gateway, leaf.SerialNumber, "CN=Plant issuing"),
            (registered.Name, registered.Serial, registered.Issuer));
    }

    [Fact]
    public async Task A_root_that_signed_the_certificate_itself_will_do()
    {
        bench.Write("chain.pem", bench.Signed(bench.Root).ExportCertificatePem() + "\n"
            + bench.Root.Public.ExportCertificatePem());

        Assert.True(await bench.MakeAsync(lists: ["root.crl"]) == ToolExitCode.Fine, bench.Said);
        Assert.True(bench.Judged().IsTaken, bench.Judged().Happened);
    }

    [Fact]
    public async Task The_second_one_needs_the_root_the_lists_and_the_question_no_more()
    {
        bench.Answer();
        Assert.Equal(ToolExitCode.Fine, await bench.MakeAsync());
        bench.Answer(isCut: true);

        Assert.True(await bench.RunAsync("", "bundle", "make", "--request", bench.At("request.pem"), "--chain",
            bench.At("chain.pem"), "--out", bench.At("stick"), "--fingerprint", bench.Request.KeyFingerprint,
            "--passphrase-file", bench.At("passphrase")) == ToolExitCode.Fine, bench.Said);
        Assert.Equal(2, bench.Judged().Content!.Version);
        Assert.True(await bench.RunAsync("", "bundle", ElsewhereBench.Gateway, "--out", bench.At("stick"),
            "--passphrase-file", bench.At("passphrase")) == ToolExitCode.Fine, bench.Said);
        Assert.Equal(3, bench.Judged().Content!.Version);
    }

    [Fact]
    public async Task A_person_is_asked_for_the_root_once_and_for_the_key_and_a_no_makes_nothing()
    {
        bench.Answer();
        string[] make = ["bundle", "make", "--request", bench.At("request.pem"), "--chain", bench.At("chain.pem"),
            "--crl", bench.At("issuing.crl"), "--crl", bench.At("root.crl"), "--out", bench.At("stick"),
            "--passphrase-file", bench.At("passphrase")];
        var register = await File.ReadAllTextAsync(bench.At("ca/register.json"));

        Assert.Equal(ToolExitCode.Refused, await bench.RunAsync("no\n", make));
        Assert.Contains("could pose as the broker", bench.Said, StringComparison.Ordinal);
        Assert.Equal(ToolExitCode.Refused, await bench.RunAsync("yes\nno\n", make));
        Assert.Contains("was not confirmed", bench.Said, StringComparison.Ordinal);
        Assert.Equal(ToolExitCode.Refused, await bench.RunAsync("", make));
        Assert.Equal(register, await File.ReadAllTextAsync(bench.At("ca/register.json")));
        Assert.False(File.Exists(bench.Bundle) || Directory.Exists(bench.At("ca/trusted")));

        Assert.True(await bench.RunAsync("yes\nyes\n", make) == ToolExitCode.Fine, bench.Said);
        Assert.Contains(Fingerprint.LongOf(bench.Root.Public), bench.Said, StringComparison.Ordinal);
        Assert.True(await bench.RunAsync("yes\n", make) == ToolExitCode.Fine, bench.Said);
    }

    [Theory]
    [InlineData("other key", "None of the 3 certificates is for the key of the request")]
    [InlineData("other name", "has the common name 'gw-007', and the gateway is 'gw-042'")]
    [InlineData("server usage", "lacks clientAuth")]
    [InlineData("signer usage", "may sign bundles")]
    [InlineData("authority", "is one of an authority")]
    [InlineData("key usage", "lacks digitalSignature")]
    [InlineData("expired", "'CN=gw-042' expired")]
    [InlineData("early", "is valid from")]
    [InlineData("chain cut", "Above 'CN=Plant issuing' stands 'CN=Plant root', whose certificate is in none")]
    [InlineData("no list", "There is no revocation list of 'CN=Plant issuing', which made the certificate")]
    [InlineData("no upper list", "There is no revocation list of 'CN=Plant root': give it as --crl, or say")]
    [InlineData("late list", "should have been replaced by")]
    [InlineData("revoked", "was revoked by 'CN=Plant issuing'")]
    [InlineData("foreign list", "is signed by none of the authorities")]
    [InlineData("private key", "it holds a PRIVATE KEY")]
    [InlineData("PKCS7", "openssl pkcs7 -print_certs")]
    [InlineData("no file", "nowhere.pem")]
    [InlineData("own signature", "is signed by itself")]
    [InlineData("no label", "is no label of a gateway")]
    public async Task What_is_wrong_is_told_and_makes_nothing(string what, string words)
    {
        var (lists, more) = Spoil(what);
        var register = await File.ReadAllTextAsync(bench.At("ca/register.json"));

        var code = await bench.MakeAsync(lists, more);

        Assert.True(code == ToolExitCode.Refused, bench.Said);
        Assert.Contains(words, bench.Said, StringComparison.Ordinal);
        Assert.Contains("Nothing was made, and nothing was entered.", bench.Said, StringComparison.Ordinal);
        Assert.Equal(register, await File.ReadAllTextAsync(bench.At("ca/register.json")));
        Assert.False(File.Exists(bench.Bundle) || Directory.Exists(bench.At("ca/trusted")));
    }

    [Fact]
    public async Task All_that_is_wrong_is_told_at_once()
    {
        bench.Answer(bench.Signed(bench.Issuing, "gw-007", "1.3.6.1.5.5.7.3.1", days: (-20, -10),
            request: KeyRequest.Read(KeyRequest.MakeKeyAndRequest("gw-007", "plant1"), out _)));

        Assert.Equal(ToolExitCode.Refused, await bench.MakeAsync([], "--crl", bench.At("nowhere.crl")));
        Assert.Contains("7 things are wrong", bench.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_request_of_another_plant_and_what_is_no_request_are_refused()
    {
        bench.Answer();
        bench.Write("request.pem", KeyRequest.Read(
            KeyRequest.MakeKeyAndRequest(ElsewhereBench.Gateway, "plant2"), out _)!.Pem);
        Assert.Equal(ToolExitCode.Refused, await bench.MakeAsync());
        Assert.Contains("believes to be in plant 'plant2'", bench.Said, StringComparison.Ordinal);

        bench.Write("request.pem", "nothing");
        Assert.Equal(ToolExitCode.Refused, await bench.MakeAsync());
    }

    [Fact]
    public async Task A_plant_whose_upper_CA_makes_no_list_says_so_itself_and_the_gateway_warns()
    {
        bench.Answer();

        Assert.True(await bench.MakeAsync(["issuing.crl"], "--without-upper-crl") == ToolExitCode.Fine, bench.Said);
        Assert.Contains("nobody can take 'CN=Plant issuing' back", bench.Said, StringComparison.Ordinal);
        Assert.Contains("no revocation list of 'CN=Plant root'", Assert.Single(bench.Judged().Warnings),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_bundle_that_lies_there_is_not_replaced_by_an_older_one()
    {
        bench.Answer();
        Directory.CreateDirectory(bench.At("copy"));
        File.Copy(bench.At("ca/register.json"), bench.At("copy/register.json"));
        Assert.Equal(ToolExitCode.Fine, await bench.MakeAsync());
        Assert.Equal(ToolExitCode.Fine, await bench.MakeAsync());
        File.Copy(bench.At("copy/register.json"), bench.At("ca/register.json"), overwrite: true);
        var before = await File.ReadAllBytesAsync(bench.Bundle);

        Assert.Equal(ToolExitCode.Refused, await bench.MakeAsync());
        Assert.Contains("is version 2 already, and this would be version 1", bench.Said, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(bench.Bundle));

        Assert.True(await bench.MakeAsync("--above", "2") == ToolExitCode.Fine, bench.Said);
        Assert.Equal(3, bench.Judged().Content!.Version);
        File.Copy(bench.At("copy/register.json"), bench.At("ca/register.json"), overwrite: true);
        bench.Answer();
        Assert.Equal(ToolExitCode.Refused, await bench.MakeAsync("--above", "-1"));
    }

    [Fact]
    public async Task The_root_of_bundles_vouches_for_no_broker_and_no_gateway()
    {
        bench.Answer();
        await bench.MakeAsync();
        using var folder = AuthorityFolder.Open(bench.Ca);
        using var rootKey = folder.ReadKey("root/root.key", "the root's passphrase");
        using var forgedKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = new PlantAuthority(folder, bench.Clock).Root;
        var trust = new TrustAnchors([root, bench.Root.Public], []);
        foreach (var usage in new[] { "1.3.6.1.5.5.7.3.1", ElsewhereBench.ClientUsage, BundleEnvelope.SignerUsage })
        {
            var request = new CertificateRequest("CN=mes-broker", forgedKey, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
            using var forged = request.Create(
                root.SubjectName, X509SignatureGenerator.CreateForECDsa(rootKey),
                bench.Clock.GetUtcNow().AddMinutes(-30), bench.Clock.GetUtcNow().AddDays(1), [0x41]);
            using var chain = new X509Chain { ChainPolicy = trust.ChainPolicy(usage, bench.Time) };
            Assert.Equal(usage == BundleEnvelope.SignerUsage, chain.Build(forged));
        }
    }

    [Fact]
    public async Task A_trust_bundle_brings_newer_lists_of_the_plants_CA_to_a_gateway_that_took_such_a_bundle()
    {
        var leaf = bench.Answer();
        await bench.MakeAsync();
        var first = bench.Judged().Content!;
        bench.Issuing.Revoke(leaf, bench.Clock.GetUtcNow());
        var now = bench.Clock.GetUtcNow();
        bench.Write("ca/trusted/newer.pem", bench.Issuing.Crl(now, now.AddDays(60)));

        Assert.True(await bench.RunAsync("", "trust", "--out", bench.At("trust"), "--passphrase-file",
            bench.At("passphrase")) == ToolExitCode.Fine, bench.Said);

        var verdict = TrustJudge.Judge(await File.ReadAllBytesAsync(bench.At("trust")), new TrustExpectation
        {
            Site = ElsewhereBench.Site,
            Pinned = new TrustAnchors(
                [.. first.Roots.Select(der => X509CertificateLoader.LoadCertificate(der.Span))],
                [.. first.RevocationLists.Select(der => RevocationList.Parse(der, out _)!)]),
            VersionMax = 0,
            Time = bench.Time,
            Own = [.. first.Chain.Select(der => X509CertificateLoader.LoadCertificate(der.Span))],
        });
        Assert.True(verdict.IsTaken, verdict.Sentence);
        Assert.True(verdict.RevokesOwn);
        Assert.Equal(ToolExitCode.Fine, await bench.RunAsync("", "list"));
        Assert.Matches("gw-042 +gateway +revoked", bench.Said);
        Assert.Equal(ToolExitCode.Refused, await bench.MakeAsync());
        Assert.Contains("was revoked by 'CN=Plant issuing'", bench.Said, StringComparison.Ordinal);
    }

    private (string[] Lists, string[] More) Spoil(string what)
    {
        var now = bench.Clock.GetUtcNow();
        string[] lists = ["issuing.crl", "root.crl"];
        var leaf = what switch
        {
            "other key" => bench.Signed(bench.Issuing, request: KeyRequest.Read(
                KeyRequest.MakeKeyAndRequest(ElsewhereBench.Gateway, ElsewhereBench.Site), out _)),
            "other name" => bench.Signed(bench.Issuing, "gw-007"),
            "server usage" => bench.Signed(bench.Issuing, usage: "1.3.6.1.5.5.7.3.1"),
            "signer usage" => bench.Signed(bench.Issuing, usage: BundleEnvelope.SignerUsage),
            "authority" => bench.Signed(bench.Issuing, isAuthority: true),
            "key usage" => bench.Signed(bench.Issuing, keyUsage: X509KeyUsageFlags.KeyEncipherment),
            "expired" => bench.Signed(bench.Issuing, days: (-20, -10)),
            "early" => bench.Signed(bench.Issuing, days: (10, 20)),
            _ => bench.Signed(bench.Issuing),
        };
        bench.Answer(leaf, isCut: what == "chain cut");
        switch (what)
        {
            case "no list":
                lists = ["root.crl"];
                break;
            case "no upper list":
                lists = ["issuing.crl"];
                break;
            case "late list":
                bench.Write("issuing.crl", bench.Issuing.Crl(now.AddDays(-10), now.AddDays(-1)));
                break;
            case "revoked":
                bench.Issuing.Revoke(leaf, now);
                bench.Write("issuing.crl", bench.Issuing.Crl(now, now.AddDays(1)));
                break;
            case "foreign list":
                using (var other = Sluice.Plant.Keys.Authority.SelfSigned("Other", now.AddDays(-1), now.AddDays(1)))
                {
                    bench.Write("other.crl", other.Crl(now, now.AddDays(1)));
                }

                lists = [.. lists, "other.crl"];
                break;
            case "private key" or "PKCS7":
                bench.Write("more.pem", PemEncoding.WriteString(what == "PKCS7" ? what : "PRIVATE KEY", [1, 2, 3]));
                return (lists, ["--chain", bench.At("more.pem")]);
            case "no file":
                return (lists, ["--chain", bench.At("nowhere.pem")]);
            case "no label":
                return (lists, ["--label", "4006381333931"]);
            case "own signature":
                OwnSignature();
                break;
        }

        return (lists, []);
    }

    /// <summary>A technician who made a certificate instead of a request.</summary>
    private void OwnSignature()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var made = new CertificateRequest($"CN={ElsewhereBench.Gateway}", key, HashAlgorithmName.SHA256);
        using var certificate = made.CreateSelfSigned(
            bench.Clock.GetUtcNow().AddDays(-1), bench.Clock.GetUtcNow().AddDays(1));
        bench.Write("chain.pem", certificate.ExportCertificatePem());
    }
}
