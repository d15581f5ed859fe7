using System.Text.Json;
using Sluice.Fast.Provisioning.Bundles;
using Sluice.Plant.Clock;
using Sluice.Provision;
using Sluice.Provision.Authority;
using Sluice.Provisioning.Revocation;
using Xunit;

namespace Sluice.Fast.Provisioning.Tool;

/// <summary>The root's own revocation list is made anew with a key that lies elsewhere.</summary>
public sealed class RootListTests : IDisposable
{
    private const string RootPassphrase = "the root's passphrase";

    private static readonly DateTimeOffset Begin = new(2027, 3, 1, 6, 0, 0, TimeSpan.Zero);

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-root-").FullName;
    private readonly SimulatedMachine machine = new(Begin, isSynchronised: true);
    private string said = "";

    public RootListTests()
    {
        Make("ca");
        File.WriteAllText(At("passphrase"), BundleBench.Passphrase + "\n");
        File.WriteAllText(At("root-passphrase"), RootPassphrase + "\n");

        // The root's key is in its safe.
        Directory.Move(At("ca/root"), At("safe"));
    }

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task It_gets_a_higher_number_and_a_later_date_and_goes_to_the_broker()
    {
        var before = Lists()[1];
        machine.Advance(TimeSpan.FromDays(3640));

        Assert.Equal(ToolExitCode.Fine, await RunAsync("list"));
        Assert.Contains("The list of O=plant1, CN=Root of plant1 must be replaced by", said, StringComparison.Ordinal);
        Assert.Contains("--root-key", said, StringComparison.Ordinal);

        Assert.Equal(ToolExitCode.Fine, await RunAsync("crl", "--root-key", At("safe/root.key"),
            "--root-passphrase-file", At("root-passphrase"), "--out", At("both.pem"), "--json"));
        using var json = JsonDocument.Parse(said);
        Assert.Equal(2, json.RootElement.GetProperty("revocationLists").GetArrayLength());
        var after = Lists()[1];
        Assert.True(after.NextUpdate > before.NextUpdate && after.ThisUpdate > before.ThisUpdate);
        Assert.True(after.IsSignedBy(Authority().Root));
        Assert.Equal(2, Register().RootCrlNumber);
        Assert.Equal(after.NextUpdate, RevocationFile.Read(File.ReadAllBytes(At("both.pem")))[1].List!.NextUpdate);

        Assert.Equal(ToolExitCode.Fine, await RunAsync("list"));
        Assert.DoesNotContain("must be replaced", said, StringComparison.Ordinal);
        Assert.Contains("CN=Root of plant1", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_passphrase_and_the_key_of_another_root_change_nothing()
    {
        Make("other");
        var before = File.ReadAllText(At("ca/root-crl.pem")) + File.ReadAllText(At("ca/crl.pem"));

        Assert.Equal(ToolExitCode.NoPermission, await RunAsync("crl", "--root-key", At("safe/root.key"),
            "--root-passphrase-file", At("passphrase")));
        Assert.Equal(ToolExitCode.Storage, await RunAsync("crl", "--root-key", At("other/root/root.key"),
            "--root-passphrase-file", At("root-passphrase")));
        Assert.Contains("is the key of another root", said, StringComparison.Ordinal);
        Assert.Equal(ToolExitCode.Storage, await RunAsync("crl", "--root-key", At("nowhere.key"),
            "--root-passphrase-file", At("root-passphrase")));

        Assert.Equal(before, File.ReadAllText(At("ca/root-crl.pem")) + File.ReadAllText(At("ca/crl.pem")));
        Assert.Equal((1, 0), (Register().CrlNumber, Register().RootCrlNumber));
    }

    private void Make(string name)
    {
        using var folder = AuthorityFolder.Open(At(name));
        new PlantAuthority(folder, machine) { PassphraseRounds = 1000 }
            .Make("plant1", RootPassphrase, BundleBench.Passphrase);
    }

    private string At(string name) => Path.Combine(directory, name);

    private PlantAuthority Authority()
    {
        using var folder = AuthorityFolder.Open(At("ca"));
        return new PlantAuthority(folder, machine);
    }

    private IReadOnlyList<RevocationList> Lists() => Authority().Lists();

    private Register Register()
    {
        using var folder = AuthorityFolder.Open(At("ca"));
        return folder.ReadRegister();
    }

    private async Task<int> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        string[] passphrase = arguments[0] == "list" ? [] : ["--passphrase-file", At("passphrase")];
        var code = await new ToolCommandLine
        {
            Output = output, Error = output, IsTerminal = false, Clock = machine,
        }.InvokeAsync([.. arguments, "--ca", At("ca"), .. passphrase], CancellationToken.None);
        said = output.ToString();
        return code;
    }
}
