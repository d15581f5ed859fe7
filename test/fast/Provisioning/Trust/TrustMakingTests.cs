using Sluice.Fast.Provisioning.Bundles;
using Sluice.Plant.Keys;
using Sluice.Provision;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Trust;
using Xunit;

namespace Sluice.Fast.Provisioning.Trust;

public sealed class TrustMakingTests
{
    [Fact]
    public void The_version_goes_up_where_a_list_or_a_root_changed_and_only_there()
    {
        using var bench = new BundleBench();
        var first = bench.Authority.Trust(BundleBench.Passphrase);
        var again = bench.Authority.Trust(BundleBench.Passphrase);
        Assert.Equal(first.Bytes, again.Bytes);

        bench.Authority.Relist(BundleBench.Passphrase, TimeSpan.FromDays(30));
        var second = bench.Authority.Trust(BundleBench.Passphrase);
        using var keys = new PlantKeys("other");
        Directory.CreateDirectory(bench.Folder.At("trusted"));
        File.WriteAllText(bench.Folder.At("trusted/other.pem"),
            keys.RootPem + keys.Issuing.ExportCertificatePem() + "\n" + keys.CrlPem());
        var third = bench.Authority.Trust(BundleBench.Passphrase);

        Assert.Equal([1, 1, 2, 3], [first.Version, again.Version, second.Version, third.Version]);
        var content = Content(third.Bytes);
        Assert.Equal((2, 1, 4), (content.Roots.Count, content.Authorities.Count, content.RevocationLists.Count));

        // A bundle must not take back what the trust bundle gave.
        var bundle = BundleBench.ContentOf(bench.Authority.Bundle(BundleBench.Gateway, BundleBench.Passphrase).Bundle);
        Assert.Equal(content.Roots.Select(der => der.ToArray()), bundle.Roots.Select(der => der.ToArray()));
        Assert.Equal(4, bundle.RevocationLists.Count);
    }

    [Fact]
    public void A_version_that_a_power_cut_kept_from_being_finished_is_never_given_again()
    {
        using var bench = new BundleBench();
        bench.Authority.Trust(BundleBench.Passphrase);
        bench.Folder.Write(bench.Folder.ReadRegister() with { TrustVersion = 2, TrustHash = "" });

        Assert.Equal(3, bench.Authority.Trust(BundleBench.Passphrase).Version);
    }

    [Theory]
    [InlineData("a recipe for pancakes", "holds no certificate")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "it holds a PRIVATE KEY")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "is damaged")]
    [InlineData("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "damaged or none")]
    public void A_file_that_does_not_belong_among_the_trusted_is_named(string text, string words)
    {
        using var bench = new BundleBench();
        Directory.CreateDirectory(bench.Folder.At("trusted"));
        File.WriteAllText(bench.Folder.At("trusted/x.pem"), text);

        var problem = Assert.Throws<InvalidDataException>(() => bench.Authority.Trust(BundleBench.Passphrase));
        Assert.Contains(words, problem.Message);
        Assert.Contains("x.pem", problem.Message);
    }

    [Fact]
    public async Task The_verb_writes_it_to_a_file_and_says_which_version()
    {
        var directory = Directory.CreateTempSubdirectory("sluice-trust-").FullName;
        try
        {
            string At(string name) => Path.Combine(directory, name);
            await File.WriteAllTextAsync(At("pass"), "a passphrase\n", TestContext.Current.CancellationToken);
            var (code, said) = await RunAsync("ca", "init", "--ca", At("ca"), "--site", "plant1",
                "--passphrase-file", At("pass"), "--root-passphrase-file", At("pass"));
            Assert.True(code == 0, said);

            (code, said) = await RunAsync(
                "trust", "--ca", At("ca"), "--passphrase-file", At("pass"), "--out", At("t"));

            Assert.Equal(0, code);
            Assert.StartsWith($"Version 1 of what gateways of plant1 believe is in {At("t")}.", said);
            Assert.Equal("plant1", Content(await File.ReadAllBytesAsync(
                At("t"), TestContext.Current.CancellationToken)).Site);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task One_that_no_gateway_would_get_over_the_broker_is_not_made_and_the_verb_says_why()
    {
        using var bench = new BundleBench();
        LongLists.LayInto(bench.Folder.Directory);
        var passphrase = bench.Folder.At("passphrase");
        await File.WriteAllTextAsync(passphrase, BundleBench.Passphrase, TestContext.Current.CancellationToken);
        var file = bench.Folder.At("t");
        bench.Folder.Dispose();

        var (code, said) = await RunAsync(
            "trust", "--ca", bench.Folder.Directory, "--passphrase-file", passphrase, "--out", file);

        Assert.Equal(ToolExitCode.Storage, code);
        Assert.Contains("the revocation lists are too long. A new issuing authority begins with an empty one", said);
        Assert.False(File.Exists(file));
    }

    private static async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        await using var said = new StringWriter();
        var line = new ToolCommandLine { Output = said, Error = said, IsTerminal = false };
        return (await line.InvokeAsync(arguments, TestContext.Current.CancellationToken), said.ToString());
    }

    private static TrustContent Content(byte[] bytes) =>
        TrustContent.Read(BundleEnvelope.Open(EnvelopeKind.Trust, bytes, out _)!.Payload, out _)!;
}
