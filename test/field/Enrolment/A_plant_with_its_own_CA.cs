using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Field.Enrolment;

/// <summary>
/// The plant's CA is OpenSSL's, and sluice-provision signs bundles around what that made: both published programs and
/// real mosquitto, whose certificate is the plant's too.
/// </summary>
public sealed class A_plant_with_its_own_CA : IAsyncLifetime
{
    private readonly FieldDirectory directory = new();
    private readonly FieldGateway gateway;
    private readonly PlantCa bundles;
    private OpenSslKeys keys = null!;
    private MosquittoBroker broker = null!;

    public A_plant_with_its_own_CA()
    {
        gateway = new FieldGateway(directory);
        bundles = new PlantCa(directory, "bundles");
    }

    private string Stick => directory.At("stick");

    private string Request => Path.Combine(Stick, "sluice", $"{FieldGateway.Id}.request.pem");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Stick);
        keys = await OpenSslKeys.MakeAsync(directory.At("keys"));
        await keys.IssueAsync("ra", "ra");
        broker = new MosquittoBroker(directory, keys.Broker);
        await bundles.MakeAsync("--bundles-only");
        File.SetUnixFileMode(bundles.PassphraseFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public async ValueTask DisposeAsync()
    {
        await gateway.DisposeAsync();
        await broker.DisposeAsync();
        directory.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task From_a_request_that_OpenSSL_signs_to_readings_at_the_MES(bool byRoot)
    {
        await broker.StartAsync();
        await using var machine = await PymodbusServer.StartAsync(directory);
        gateway.WithConfiguration(new FieldConfiguration { BrokerPort = broker.Port, PlantPort = machine.Port });
        await using var mes = await FieldMes.StartAsync(keys.Client("mes"), broker);

        var fingerprint = (await FineAsync("init")).GetProperty("keyFingerprint").GetString()!;
        await FineAsync("export", Stick);
        var shown = await bundles.JsonAsync("request", "show", Request);
        Assert.Equal(fingerprint, shown.GetProperty("keyFingerprint").GetString());
        await MakeAsync("signed", Request, fingerprint, byRoot);
        await FineAsync("import", Stick, "--root-fingerprint", bundles.Root);
        var steps = (await FineAsync("verify", "--socket", gateway.Socket)).GetProperty("steps").EnumerateArray();
        Assert.Equal(7, steps.Count(step => step.GetProperty("passed").GetBoolean()));
        await FineAsync("activate");
        gateway.Start();

        await Eventually.HoldsAsync(() => mes.Counts().Count > 0, FieldPlant.Soon,
            () => $"nothing arrived. {gateway.Process.Tail()}\nThe broker: {broker.Process.Tail()}");
    }

    [Fact]
    public async Task A_renewal_in_band_waits_for_the_plants_CA_and_takes_its_certificate_over_the_broker()
    {
        gateway.WithConfiguration(new FieldConfiguration { BrokerPort = broker.Port, PlantPort = broker.Port });
        var first = (await FineAsync("init")).GetProperty("keyFingerprint").GetString()!;
        await FineAsync("export", Stick);
        await MakeAsync("signed", Request, first, byRoot: false);
        await bundles.BrokerAsync(MosquittoBroker.Host, broker.Port, directory.At("written"));
        broker.WriteAcl(await File.ReadAllTextAsync(directory.At("written", "acl")));
        await broker.StartAsync();
        await using var mes = await FieldMes.StartAsync(keys.Client("mes"), broker);
        await FineAsync("import", Stick, "--root-fingerprint", bundles.Root);
        await FineAsync("verify", "--socket", gateway.Socket);
        await FineAsync("activate");
        gateway.Start();
        await gateway.ConnectedAsync(FieldPlant.Soon);
        var (certificate, _) = keys.Client("ra");
        await using var authority = ChildProcess.Start(PlantCa.Binary,
        [
            "ra", "--ca", bundles.Folder, "--client", certificate, "--passphrase-file", bundles.PassphraseFile,
        ]);
        await authority.SaysAsync("At work", EnrolmentBench.Patience);

        var (code, said) = await RenewAsync();
        Assert.True(code != 0 && said.Contains("the plant's own CA makes its certificate", StringComparison.Ordinal),
            $"{code}: {said}");
        var pending = await bundles.JsonAsync("ra", "pending", "--out", directory.At("asked"));
        var asked = pending.GetProperty("files")[0].GetString()!;
        var letters = pending.GetProperty("certificates")[0].GetProperty("keyFingerprint").GetString()!;
        Assert.NotEqual(first, letters);
        var leaf = await MakeAsync("next", asked, letters, byRoot: false);

        (code, said) = await RenewAsync();

        // The authority looks every two seconds: where it was quicker than this verb, that asked for the next one.
        Assert.True(code == 0 || said.Contains("the plant's own CA makes its certificate", StringComparison.Ordinal),
            $"{code}: {said}\n{gateway.Process.Tail()}\n{authority.Tail()}");
        using var made = X509CertificateLoader.LoadCertificateFromFile(leaf);
        Assert.Equal(made.SerialNumber,
            (await FineAsync("status")).GetProperty("identity").GetProperty("serial").GetString());
    }

    private async Task<string> MakeAsync(string name, string request, string fingerprint, bool byRoot)
    {
        var leaf = await keys.AnswerAsync(name, request, byRoot);
        using var root = X509CertificateLoader.LoadCertificateFromFile(keys.AuthorityOf("root"));
        string[] chain = byRoot ? [leaf, keys.AuthorityOf("root")]
            : [leaf, keys.AuthorityOf("issuing"), keys.AuthorityOf("root")];
        await bundles.JsonAsync(
        [
            "bundle", "make", "--request", request, .. chain.SelectMany(file => new[] { "--chain", file }),
            .. byRoot ? ["--chain", keys.AuthorityOf("issuing")] : Array.Empty<string>(), "--crl", keys.Lists,
            "--out", Stick, "--fingerprint", fingerprint, "--root-fingerprint", Fingerprint.LongOf(root),
            "--passphrase-file", bundles.PassphraseFile,
        ]);
        return leaf;
    }

    private Task<(int Code, string Text)> RenewAsync() => ChildProcess.RunAsync(FieldGateway.Binary("linux-x64"),
        ["identity", "renew", "--socket", gateway.Socket, "--wait", "40"]);

    private async Task<JsonElement> FineAsync(params string[] verb)
    {
        var (code, text) = await ChildProcess.RunAsync(FieldGateway.Binary("linux-x64"),
            ["identity", .. verb, "--config", gateway.ConfigurationFile, "--json"]);
        Assert.True(code == 0, $"{code}: {text}");
        using var report = JsonDocument.Parse(text);
        return report.RootElement.Clone();
    }
}
