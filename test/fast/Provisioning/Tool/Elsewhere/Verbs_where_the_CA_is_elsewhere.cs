using System.Text;
using System.Text.Json;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Fast.Provisioning.Registration;
using Sluice.Provision;
using Sluice.Provision.Authority;
using Sluice.Provision.Registration;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Revocation;
using Xunit;

namespace Sluice.Fast.Provisioning.Tool.Elsewhere;

/// <summary>What the other verbs do, or say, in a folder that signs bundles only.</summary>
public sealed class Verbs_where_the_CA_is_elsewhere : IDisposable
{
    private readonly ElsewhereBench bench = new();

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task Ca_init_makes_a_root_and_a_signer_and_nobody_who_issues()
    {
        bench.Write("root-passphrase", "another passphrase\n");
        File.Delete(bench.At("ca/register.json"));
        Directory.Delete(bench.Ca, recursive: true);

        Assert.True(await bench.RunAsync("", "ca", "init", "--bundles-only", "--site", "plant1", "--passphrase-file",
            bench.At("passphrase"), "--root-passphrase-file", bench.At("root-passphrase")) == ToolExitCode.Fine,
            bench.Said);

        Assert.Contains("sluice-provision bundle make", bench.Said, StringComparison.Ordinal);
        Assert.False(File.Exists(bench.At("ca/issuing.pem")) || File.Exists(bench.At("ca/crl.pem")));
        foreach (var key in new[] { "ca/root/root.key", "ca/signer.key" })
        {
            Assert.StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----", await File.ReadAllTextAsync(bench.At(key)));
        }

        bench.Answer();
        Assert.True(await bench.MakeAsync() == ToolExitCode.Fine, bench.Said);
        Assert.True(bench.Judged().IsTaken, bench.Judged().Happened);
    }

    [Theory]
    [InlineData("sign", "have that CA sign the request")]
    [InlineData("client", "have that CA make key and certificate")]
    [InlineData("replace", "have that CA take back what the old gateway held")]
    [InlineData("crl", "put the newest lists of that CA into the folder trusted")]
    [InlineData("revoke", "have it revoke the number")]
    [InlineData("approve", "take the request to that CA")]
    public async Task What_only_a_CA_can_do_says_who_does_it(string verb, string words)
    {
        bench.Answer();
        await bench.MakeAsync();
        Held();
        var before = await File.ReadAllTextAsync(bench.At("ca/register.json"));
        string[] arguments = verb switch
        {
            "sign" => ["sign", bench.At("request.pem")],
            "client" => ["client", "mes", "--out", bench.At("mes")],
            "replace" => ["replace", ElsewhereBench.Gateway, bench.At("request.pem")],
            "crl" => ["crl"],
            "revoke" => ["revoke", ElsewhereBench.Gateway],
            _ => ["ra", "approve", "gw-new"],
        };
        string[] passphrase = verb == "approve" ? [] : ["--passphrase-file", bench.At("passphrase")];

        var code = await bench.RunAsync("yes\n", [.. arguments, .. passphrase]);

        Assert.True(code == ToolExitCode.Unavailable, bench.Said);
        Assert.Contains(words, bench.Said, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", bench.Said, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(bench.At("ca/register.json")));
    }

    [Fact]
    public async Task The_list_of_the_bundles_own_root_is_made_anew_with_its_key()
    {
        bench.Write("root-passphrase", "the root's passphrase\n");

        var code = await bench.RunAsync("", "crl", "--root-key", bench.At("ca/root/root.key"),
            "--root-passphrase-file", bench.At("root-passphrase"), "--passphrase-file", bench.At("passphrase"));

        Assert.True(code == ToolExitCode.Fine, bench.Said);
        Assert.StartsWith("The root's own, number 2, until ", bench.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_brokers_files_are_written_but_for_its_certificate()
    {
        string[] config = ["broker-config", "--host", "mes-broker", "--address", "192.0.2.10", "--mes", "mes", "--out",
            bench.At("broker"), "--passphrase-file", bench.At("passphrase")];
        Assert.Equal(ToolExitCode.Unavailable, await bench.RunAsync("", config));
        Assert.Contains("its root is not here yet", bench.Said, StringComparison.Ordinal);
        bench.Answer();
        await bench.MakeAsync();

        Assert.True(await bench.RunAsync("", config) == ToolExitCode.Fine, bench.Said);

        Assert.Contains("come from the plant's CA", bench.Said, StringComparison.Ordinal);
        Assert.False(File.Exists(bench.At("broker/server.key")));
        Assert.Equal(
            bench.Root.Public.ExportCertificatePem() + "\n" + bench.Issuing.Public.ExportCertificatePem() + "\n",
            await File.ReadAllTextAsync(bench.At("broker/ca.pem")));
        Assert.Equal(2, RevocationFile.Read(await File.ReadAllBytesAsync(bench.At("broker/crl.pem"))).Count);
        await bench.MakeAsync();
        Assert.Equal("mes-broker", bench.Judged().Content!.Broker!.Host);
    }

    [Fact]
    public async Task The_list_shows_the_lists_of_the_plants_CA_and_warns_of_one_that_gets_old()
    {
        bench.Answer();
        await bench.MakeAsync();
        bench.Clock.Step(TimeSpan.FromDays(20));

        Assert.Equal(ToolExitCode.Fine, await bench.RunAsync("", "list"));
        Assert.Matches("CN=Plant root +[0-9]{4}", bench.Said);
        Assert.Contains("The list of CN=Plant issuing must be replaced by", bench.Said, StringComparison.Ordinal);
        Assert.Contains("put it into the folder trusted", bench.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_band_the_request_goes_to_the_plants_CA_as_a_file_and_its_answer_comes_over_the_broker()
    {
        bench.Answer();
        await bench.MakeAsync();
        var office = new RegistrationOffice(bench.Ca, ElsewhereBench.Site, BundleBench.Passphrase,
            new DeskPolicy { Issues = false }, bench.Clock, _ => { });
        var next = KeyRequest.Read(KeyRequest.MakeKeyAndRequest(ElsewhereBench.Gateway, ElsewhereBench.Site), out _)!;
        var csr = new DeskMessage(
            $"sluice/v1/plant1/{ElsewhereBench.Gateway}/cert/csr", Encoding.ASCII.GetBytes(next.Pem))
        {
            ContentType = RegistrationDesk.RequestType,
            Correlation = new byte[16],
        };

        var (sentence, retryAfter) = RegistrationBench.Refusal(office.Take(csr));
        Assert.Contains("the plant's own CA makes its certificate", sentence, StringComparison.Ordinal);
        Assert.Equal(600, retryAfter);
        Assert.Equal(ToolExitCode.Fine, await bench.RunAsync("", "ra", "pending", "--out", bench.At("asked")));
        Assert.Contains("have the plant's CA sign", bench.Said, StringComparison.Ordinal);
        var file = bench.At($"asked/{ElsewhereBench.Gateway}.request.pem");
        Assert.Equal(next.Pem, await File.ReadAllTextAsync(file));
        Assert.Contains("held until a person", RegistrationBench.Refusal(office.Take(csr)).Sentence);

        var leaf = bench.Answer(bench.Signed(bench.Issuing, request: next));
        Assert.True(await bench.RunAsync("", "bundle", "make", "--request", file, "--chain", bench.At("chain.pem"),
            "--out", bench.At("stick"), "--fingerprint", next.KeyFingerprint, "--passphrase-file",
            bench.At("passphrase")) == ToolExitCode.Fine, bench.Said);
        Assert.Contains("where the gateway was replaced, have its CA take that one back", bench.Said);
        Assert.Empty(bench.Register.Held);

        var answer = office.Take(csr)!;
        Assert.Equal("application/vnd.sluice.bundle", answer.ContentType);
        var content = BundleBench.ContentOf(answer.Payload.ToArray());
        Assert.Equal(3, content.Version);
        Assert.Equal(leaf.RawData, content.Chain[0].ToArray());
        office.Take(RegistrationBench.Confirm(ElsewhereBench.Gateway, leaf.SerialNumber));
        Assert.NotNull(bench.Register.Issued[^1].ConfirmedAt);
        Assert.NotNull(bench.Register.Issued[0].SupersededAt);
    }

    [Fact]
    public async Task A_report_for_programs_says_the_same()
    {
        bench.Answer();
        await bench.MakeAsync("--json");

        using var json = JsonDocument.Parse(bench.Said);
        Assert.Equal("bundle make", json.RootElement.GetProperty("verb").GetString());
        Assert.Equal(1, json.RootElement.GetProperty("certificates")[0].GetProperty("bundle").GetInt32());
        Assert.Equal(StickLayout.BundleOf(bench.At("stick"), ElsewhereBench.Gateway),
            json.RootElement.GetProperty("files")[0].GetString());
    }

    private void Held()
    {
        using var folder = AuthorityFolder.Open(bench.Ca);
        var request = KeyRequest.Read(KeyRequest.MakeKeyAndRequest("gw-new", "plant1"), out _)!;
        folder.Write(folder.ReadRegister() with
        {
            Held =
            [
                new HeldRequest("gw-new", request.KeyFingerprint,
                    Convert.ToBase64String(Encoding.ASCII.GetBytes(request.Pem)), "00", bench.Clock.GetUtcNow()),
            ],
        });
    }
}
