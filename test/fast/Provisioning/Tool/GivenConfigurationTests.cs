using Sluice.Fast.Provisioning.Bundles;
using Sluice.Provision;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;
using Xunit;

namespace Sluice.Fast.Provisioning.Tool;

/// <summary>The tool puts a configuration with its lists into a bundle, and says what does not fit together.</summary>
public sealed class GivenConfigurationTests : IDisposable
{
    private const string Gateway = "gw-042";

    private const string Good = """
        {
          "gateway": { "site": "plant1", "id": "gw-042" }, // a comment
          "sources": { "a": { "signals": "a.csv" }, "b": { "signals": "below/b.csv" }, },
        }
        """;

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-given-").FullName;
    private string said = "";

    public GivenConfigurationTests()
    {
        using (var folder = AuthorityFolder.Open(At("ca")))
        {
            var authority = new PlantAuthority(folder, TimeProvider.System) { PassphraseRounds = 1000 };
            authority.Make("plant1", "the root's passphrase", BundleBench.Passphrase);
            var request = KeyRequest.Read(KeyRequest.MakeKeyAndRequest(Gateway, "plant1"), out _)!;
            authority.Sign(request, BundleBench.Passphrase, TimeSpan.FromDays(10));
        }

        Directory.CreateDirectory(At("below"));
        Write("passphrase", BundleBench.Passphrase + "\n");
        Write("gateway.json", Good);
        Write("a.csv", "list a");
        Write("below/b.csv", "list b");
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task A_bundle_brings_it_with_all_lists_that_it_names()
    {
        Assert.True(await MakeAsync() == ToolExitCode.Fine, said);

        var brought = BundleBench.ContentOf(await File.ReadAllBytesAsync(
            StickLayout.BundleOf(At("stick"), Gateway))).Configuration!;
        Assert.Equal(await File.ReadAllBytesAsync(At("gateway.json")), brought.Gateway.ToArray());
        Assert.Equal(["a.csv", "below/b.csv"], brought.Lists.Select(each => each.Key));
        Assert.Equal("list b"u8.ToArray(), brought.Lists[1].Value.ToArray());
        Assert.Contains("the gateway judges, before it changes anything", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_may_lie_elsewhere()
    {
        Directory.CreateDirectory(At("elsewhere"));
        File.Move(At("a.csv"), At("elsewhere/a.csv"));

        Assert.True(await MakeAsync("--list", At("elsewhere/a.csv")) == ToolExitCode.Fine, said);
    }

    [Fact]
    public async Task Without_one_a_bundle_says_nothing_of_it()
    {
        Assert.Equal(ToolExitCode.Fine, await RunAsync());

        Assert.Null(BundleBench.ContentOf(await File.ReadAllBytesAsync(
            StickLayout.BundleOf(At("stick"), Gateway))).Configuration);
        Assert.Equal(ToolExitCode.Refused, await RunAsync("--list", At("a.csv")));
        Assert.Contains("--list goes with --configuration", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_does_not_belong_together_is_told_at_once_and_nothing_is_made()
    {
        Write("gateway.json", Good.Replace("gw-042", "gw-007").Replace("plant1", "plant2").Replace("below/", "../"));
        Write("more.csv", "");
        File.Delete(At("a.csv"));
        var register = await File.ReadAllTextAsync(At("ca/register.json"));

        Assert.Equal(ToolExitCode.Refused, await MakeAsync("--list", At("more.csv")));

        Assert.Contains("gateway.id is 'gw-007', and this bundle is for 'gw-042'", said, StringComparison.Ordinal);
        Assert.Contains("gateway.site is 'plant2'", said, StringComparison.Ordinal);
        Assert.Contains("more.csv is a list that no source", said, StringComparison.Ordinal);
        Assert.Contains("'../b.csv' is no name of a list", said, StringComparison.Ordinal);
        Assert.Contains($"There is no {At("a.csv")}", said, StringComparison.Ordinal);
        Assert.Equal(register, await File.ReadAllTextAsync(At("ca/register.json")));
        Assert.False(File.Exists(StickLayout.BundleOf(At("stick"), Gateway)));
    }

    [Theory]
    [InlineData("nothing", "cannot be read")]
    [InlineData("[]", "is no configuration")]
    [InlineData(null, "There is no ")]
    public async Task What_is_no_configuration_is_refused(string? text, string words)
    {
        File.Delete(At("gateway.json"));
        if (text is not null)
        {
            Write("gateway.json", text);
        }

        Assert.Equal(ToolExitCode.Refused, await MakeAsync());
        Assert.Contains(words, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_too_large_is_refused()
    {
        Write("a.csv", new string('x', BundleConfiguration.BytesMax - 10));

        Assert.Equal(ToolExitCode.Refused, await MakeAsync());
        Assert.Contains("more than 2 MiB", said, StringComparison.Ordinal);
    }

    private string At(string name) => Path.Combine(directory, name);

    private void Write(string name, string text) => File.WriteAllText(At(name), text);

    private Task<int> MakeAsync(params string[] more) => RunAsync(["--configuration", At("gateway.json"), .. more]);

    private async Task<int> RunAsync(params string[] more)
    {
        using var text = new StringWriter();
        var code = await new ToolCommandLine { Output = text, Error = text, IsTerminal = false }.InvokeAsync(
            ["bundle", Gateway, "--out", At("stick"), "--ca", At("ca"), "--passphrase-file", At("passphrase"), .. more],
            CancellationToken.None);
        said = text.ToString();
        return code;
    }
}
