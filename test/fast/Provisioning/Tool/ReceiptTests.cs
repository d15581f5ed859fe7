using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Provision;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Sluice.Provisioning.Wiping;
using Xunit;

namespace Sluice.Fast.Provisioning.Tool;

/// <summary>At the CA: what the receipt of a wiped gateway is worth.</summary>
public sealed class ReceiptTests : IDisposable
{
    private const string Site = "plant1";

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-receipt-").FullName;
    private readonly Gateway gateway;
    private readonly Gateway other;
    private string said = "";

    public ReceiptTests()
    {
        using var folder = AuthorityFolder.Open(At("ca"));
        Authority(folder).Make(Site, "the root's passphrase", BundleBench.Passphrase);
        gateway = Enrol(folder, "gw-042");
        other = Enrol(folder, "gw-043");
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task The_receipt_of_a_gateway_of_this_plant_marks_it_as_wiped()
    {
        Assert.Equal(ToolExitCode.Fine, await VerifyAsync(Receipt(gateway)));
        Assert.Contains("gw-042 says under its own key that it was wiped at 2026-11-22 14:00Z", said);
        Assert.Contains("sluice-provision revoke gw-042", said);
        Assert.Equal(ToolExitCode.Fine, await RunAsync("list"));
        Assert.Matches("gw-042 +gateway +wiped", said);
        Assert.Matches("gw-043 +gateway +in force", said);
    }

    [Fact]
    public async Task Any_byte_of_it_that_was_altered_marks_nothing()
    {
        var receipt = Receipt(gateway);
        for (var at = 0; at < receipt.Length; at += 7)
        {
            var altered = receipt.ToArray();
            altered[at] ^= 1;
            Assert.Equal(ToolExitCode.Refused, await VerifyAsync(altered));
        }

        await RunAsync("list");
        Assert.DoesNotContain("wiped", said);
    }

    [Fact]
    public async Task One_gateway_cannot_say_that_another_was_wiped()
    {
        Assert.Equal(ToolExitCode.Refused, await VerifyAsync(Receipt(other, Content(gateway))));
        Assert.Contains("speaks for gw-042 of plant1, and was signed with the key of gw-043", said);
    }

    [Fact]
    public async Task A_certificate_that_this_ca_did_not_make_signs_no_receipt()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var foreign = new CertificateRequest("CN=gw-042, O=plant1", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        var receipt = BundleEnvelope.Seal(EnvelopeKind.Receipt, Content(gateway).Write(), [foreign], key);

        Assert.Equal(ToolExitCode.Refused, await VerifyAsync(receipt));
        Assert.Contains("which this CA did not make for a gateway", said);
    }

    [Fact]
    public async Task A_gateway_that_was_renewed_since_is_not_wiped_by_its_older_key()
    {
        using (var folder = AuthorityFolder.Open(At("ca")))
        {
            Enrol(folder, "gw-042");
        }

        Assert.Equal(ToolExitCode.Refused, await VerifyAsync(Receipt(gateway)));
        Assert.Contains("has a newer certificate", said);
    }

    [Fact]
    public async Task A_receipt_that_nobody_signed_or_another_file_marks_nothing()
    {
        Assert.Equal(ToolExitCode.Refused, await VerifyAsync(Content(gateway).Write()));
        Assert.Contains("is not signed", said);
        Assert.Equal(ToolExitCode.Refused, await VerifyAsync(gateway.Bundle));
        Assert.Contains("It is no receipt", said);
    }

    [Fact]
    public async Task A_revoked_key_is_told_with_the_receipt()
    {
        Assert.Equal(ToolExitCode.Fine, await RunAsync("revoke", "gw-042", "--because", "stolen",
            "--passphrase-file", Passphrase()));
        Assert.Equal(ToolExitCode.Fine, await VerifyAsync(Receipt(gateway)));
        Assert.Contains("whoever stole the key could have signed this", said);
    }

    private static PlantAuthority Authority(AuthorityFolder folder) =>
        new(folder, TimeProvider.System) { PassphraseRounds = 1000 };

    private static Gateway Enrol(AuthorityFolder folder, string id)
    {
        var key = KeyRequest.MakeKeyAndRequest(id, Site);
        var (bundle, _, _) = Authority(folder).Sign(
            KeyRequest.Read(key, out _)!, BundleBench.Passphrase, TimeSpan.FromDays(365));
        return new Gateway(id, key, bundle);
    }

    private static WipeReceipt Content(Gateway of) => new()
    {
        Gateway = of.Id,
        Site = Site,
        At = new DateTimeOffset(2026, 11, 22, 14, 0, 0, TimeSpan.Zero),
        Clock = "set",
        Agent = "0.1.0",
        Machine = "board 10000000abcdef01",
        Certificates = [new WipedCertificate(of.Leaf.SerialNumber, "0001", "in use")],
        PendingKey = "",
        BufferBytes = 1,
        Configuration = new string('0', 64),
        AuditHead = "1 " + new string('0', 64),
    };

    private static byte[] Receipt(Gateway signer, WipeReceipt? content = null)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(Encoding.ASCII.GetString(signer.Key));
        var said = BundleBench.ContentOf(signer.Bundle);
        return BundleEnvelope.Seal(
            EnvelopeKind.Receipt, (content ?? Content(signer)).Write(),
            [.. said.Chain.Concat(said.Roots).Select(der => X509CertificateLoader.LoadCertificate(der.Span))], key);
    }

    private async Task<int> VerifyAsync(byte[] receipt)
    {
        await File.WriteAllBytesAsync(At("gw-042.wiped.receipt"), receipt);
        return await RunAsync("receipt", "verify", At("gw-042.wiped.receipt"));
    }

    private string Passphrase()
    {
        File.WriteAllText(At("passphrase"), BundleBench.Passphrase + "\n");
        return At("passphrase");
    }

    private string At(string name) => Path.Combine(directory, name);

    private async Task<int> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await new ToolCommandLine { Output = output, Error = error, IsTerminal = false }
            .InvokeAsync([.. arguments, "--ca", At("ca")], CancellationToken.None);
        said = $"{output}{error}";
        return code;
    }

    private sealed record Gateway(string Id, byte[] Key, byte[] Bundle)
    {
        public X509Certificate2 Leaf =>
            X509CertificateLoader.LoadCertificate(BundleBench.ContentOf(Bundle).Chain[0].Span);
    }
}
