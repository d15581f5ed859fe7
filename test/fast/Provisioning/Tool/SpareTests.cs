using System.Security.Cryptography.X509Certificates;
using System.Text;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Provision;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Labels;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Fast.Provisioning.Tool;

/// <summary>At the CA: a label is compared by the tool itself, and a spare takes a gateway's place.</summary>
public sealed class SpareTests : IDisposable
{
    private const string Site = "plant1";
    private const string Gateway = "gw-042";

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-spare-").FullName;
    private readonly KeyRequest first = Request(Gateway);
    private readonly KeyRequest spare = Request(Gateway);
    private string said = "";

    public SpareTests()
    {
        using (var folder = AuthorityFolder.Open(At("ca")))
        {
            new PlantAuthority(folder, TimeProvider.System) { PassphraseRounds = 1000 }
                .Make(Site, "the root's passphrase", BundleBench.Passphrase);
        }

        File.WriteAllText(At("passphrase"), BundleBench.Passphrase + "\n");
        Directory.CreateDirectory(At("stick/sluice"));
    }

    private string Bundle => StickLayout.BundleOf(At("stick"), Gateway);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_scanned_label_signs_its_own_request_without_a_question()
    {
        Put(first);

        Assert.Equal(ToolExitCode.Fine, await RunAsync("", "sign", At("stick"), "--label", LabelOf(first)));
        Assert.True(File.Exists(Bundle));
    }

    [Fact]
    public async Task A_label_may_be_scanned_where_yes_would_be_typed()
    {
        Put(first);

        Assert.Equal(ToolExitCode.Refused, await RunAsync(LabelOf(spare), "sign", At("stick")));
        Assert.Contains("it was made by somebody else", said);
        Assert.Equal(ToolExitCode.Fine, await RunAsync(LabelOf(first), "sign", At("stick")));
    }

    [Fact]
    public async Task The_label_of_another_key_refuses_the_request_although_its_letters_were_given_too()
    {
        Put(spare);

        var code = await RunAsync("yes", "sign", At("stick"), "--label", LabelOf(first), "--fingerprint",
            spare.KeyFingerprint);

        Assert.Equal(ToolExitCode.Refused, code);
        Assert.Contains("was not signed: the label of gw-042 says key", said);
        Assert.False(File.Exists(Bundle));
    }

    [Fact]
    public async Task What_is_no_label_signs_nothing_at_all()
    {
        Put(first);

        Assert.Equal(ToolExitCode.Refused, await RunAsync("yes", "sign", At("stick"), "--label", "4006381333931"));
        Assert.Contains("'4006381333931' is no label of a gateway", said);
        Assert.False(File.Exists(Bundle));
    }

    [Fact]
    public async Task A_spare_gets_the_id_with_a_new_key_and_its_bundle_revokes_the_old_one()
    {
        await SignFirstAsync();
        var old = Assert.Single(Register().Issued);
        Put(spare);

        var code = await RunAsync("", "replace", Gateway, At("stick"), "--label", LabelOf(spare));

        Assert.True(code == ToolExitCode.Fine, said);
        var register = Register();
        Assert.NotNull(register.Issued.Single(each => each.Serial == old.Serial).RevokedAt);
        var issued = register.Issued.Single(each => each.RevokedAt is null);
        Assert.Equal((Gateway, spare.KeyFingerprint), (issued.Name, issued.KeyFingerprint));
        var bytes = await File.ReadAllBytesAsync(Bundle);
        var verdict = BundleJudge.Judge(bytes, new BundleExpectation
        {
            GatewayId = Gateway,
            Site = Site,
            VersionMax = 1,
            ConfirmsRoot = _ => true,
            HasKeyOf = certificate => Fingerprint.OfKey(certificate) == spare.KeyFingerprint,
            Time = ValidityTime.Of(
                TimeProvider.System.GetUtcNow(), true, DateTimeOffset.UnixEpoch, null, null),
        });
        Assert.True(verdict.IsTaken, verdict.Happened);
        using var revoked = X509CertificateLoader.LoadCertificateFromFile(At($"ca/certificates/{old.Serial}.pem"));
        Assert.Contains(BundleBench.Lists(bytes), list => list.IsRevoked(revoked));
    }

    [Theory]
    [InlineData("never seen", "never had a certificate of this CA")]
    [InlineData("same key", "it is the same gateway, or a copy of its card")]
    [InlineData("other gateway", "is that of gw-007, and not of gw-042")]
    [InlineData("not confirmed", "was not confirmed")]
    [InlineData("no request", "There is no ")]
    [InlineData("wrong passphrase", "passphrase")]
    public async Task A_spare_that_is_not_right_changes_nothing(string what, string words)
    {
        await SignFirstAsync();
        var asked = what switch { "same key" => first, "other gateway" => Request("gw-007"), _ => spare };
        Put(asked, named: Gateway);
        if (what == "no request")
        {
            File.Delete(StickLayout.RequestOf(At("stick"), Gateway));
        }
        else if (what == "wrong passphrase")
        {
            await File.WriteAllTextAsync(At("passphrase"), "another one\n");
        }

        var register = await File.ReadAllTextAsync(At("ca/register.json"));
        var bundle = await File.ReadAllBytesAsync(Bundle);

        var code = await RunAsync(
            what == "not confirmed" ? "no" : "yes", "replace", what == "never seen" ? "gw-999" : Gateway, At("stick"));

        Assert.NotEqual(ToolExitCode.Fine, code);
        Assert.Contains(words, said);
        Assert.Equal(register, await File.ReadAllTextAsync(At("ca/register.json")));
        Assert.Equal(bundle, await File.ReadAllBytesAsync(Bundle));
    }

    [Fact]
    public async Task The_token_for_the_bench_names_plant_and_root()
    {
        Assert.Equal(ToolExitCode.Fine, await RunAsync("", "token", "--out", At("site-token")));

        var token = SiteToken.Read(await File.ReadAllBytesAsync(At("site-token")), out _)!;
        using var folder = AuthorityFolder.Open(At("ca"));
        using var root = new PlantAuthority(folder, TimeProvider.System).Root;
        Assert.Null(token.Difference(root, Site));
    }

    private static KeyRequest Request(string gateway) =>
        KeyRequest.Read(KeyRequest.MakeKeyAndRequest(gateway, Site), out _)!;

    private static string LabelOf(KeyRequest request) =>
        new GatewayLabel(request.Plant, request.GatewayId, request.KeyFingerprint, "1000").Text;

    private string At(string name) => Path.Combine(directory, name);

    private void Put(KeyRequest request, string? named = null) => File.WriteAllText(
        StickLayout.RequestOf(At("stick"), named ?? request.GatewayId), request.Pem, Encoding.ASCII);

    private async Task SignFirstAsync()
    {
        Put(first);
        Assert.Equal(ToolExitCode.Fine, await RunAsync("yes", "sign", At("stick")));
    }

    private Register Register()
    {
        using var folder = AuthorityFolder.Open(At("ca"));
        return folder.ReadRegister();
    }

    private async Task<int> RunAsync(string typed, params string[] arguments)
    {
        var text = new StringWriter();
        var line = new ToolCommandLine
        {
            Output = text,
            Error = text,
            Input = new StringReader(typed + "\n"),
            IsTerminal = true,
        };
        string[] passphrase = arguments[0] == "token" ? [] : ["--passphrase-file", At("passphrase")];
        var code = await line.InvokeAsync([.. arguments, "--ca", At("ca"), .. passphrase], CancellationToken.None);
        said = text.ToString();
        return code;
    }
}
