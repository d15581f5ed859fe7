using System.Text.RegularExpressions;

using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Systemd;

/// <summary>What is in the guest's TPM, by other tools than the agent, and gateways of another directory beside it.
/// </summary>
internal static partial class GuestTpm
{
    public const string Beside = "/var/lib/sluice/beside";

    /// <summary>Every place that outlasts the power, 0x81534C00 and so on.</summary>
    public static async Task<IReadOnlyList<string>> PlacesAsync(this SystemGateway gateway) =>
    [
        .. Place().Matches(await gateway.Machine.RunAsync(
            "TPM2TOOLS_TCTI=device:/dev/tpmrm0 tpm2_getcap handles-persistent")).Select(match => match.Value),
    ];

    /// <summary>Another gateway's configuration on the same machine, which wants its keys in the TPM.</summary>
    public static async Task ConfigureBesideAsync(this SystemGateway gateway)
    {
        var files = Directory.CreateTempSubdirectory("sluice-beside-").FullName;
        await File.WriteAllTextAsync(Path.Combine(files, "list.csv"), "signal,address,type\ncount,holding:0,uint16\n");
        await File.WriteAllTextAsync(Path.Combine(files, "gateway.json"), $$"""
            {
              "gateway": { "site": "plant1", "id": "gw-beside" },
              "broker": { "host": "b", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
              "identity": { "directory": "{{Beside}}/identity", "key": "tpm" },
              "buffer": { "directory": "{{Beside}}/buffer" },
              "sources": { "a": { "kind": "modbus-tcp", "address": "10.1.1.1", "signals": "list.csv" } }
            }
            """);
        await gateway.Machine.CopyInAsync(files, Beside);
        await gateway.Machine.RunAsync($"chown -R sluice:sluice {Beside}");
        Directory.Delete(files, recursive: true);
    }

    [GeneratedRegex("0x81[0-9a-fA-F]{6}")]
    private static partial Regex Place();
}

public sealed partial class Agent_under_systemd_257
{
    /// <summary>Inside unit and jail the renewal makes each new key there, and lets go of the one that is retired.
    /// </summary>
    [Fact]
    public async Task Every_key_is_in_the_TPM_and_none_in_a_file()
    {
        Assert.Matches("^this board's TPM 2.0 at 0x81534C0[0-9A-F]$", gateway.Protection);
        await gateway.BeginAuthorityAsync();
        var seen = new HashSet<string>();
        for (var renewals = 0; renewals < 3; renewals++)
        {
            Assert.Contains("retired", await gateway.AsServiceAsync("sluice-agent identity renew --wait 100"));
            var files = await gateway.Machine.RunAsync(
                "cd /var/lib/sluice/identity; cat versions/*/key.pem; ls versions; ! grep -r 'PRIVATE KEY' . ");
            Assert.Equal(2, files.Split("BEGIN SLUICE TPM KEY").Length - 1);
            var places = await gateway.PlacesAsync();
            Assert.Equal(2, places.Count);
            seen.UnionWith(places);
        }

        Assert.InRange(seen.Count, 3, 4);
        Figures.Say(string.Join(' ', seen.Order()));
        await gateway.Machine.RunAsync("systemctl restart sluice-agent");
        await gateway.ReadsOnAsync("panel/count");
        Assert.Contains("yes", await gateway.AsServiceAsync(
            "sluice-agent identity verify --active >/dev/null && echo yes"), StringComparison.Ordinal);
        await gateway.Outside.HasEverythingAsync(gateway);
    }

    [Fact]
    public async Task A_wipe_lets_go_of_its_own_keys_and_of_nobody_elses()
    {
        var before = await gateway.PlacesAsync();
        await gateway.ConfigureBesideAsync();
        var made = await gateway.AsServiceAsync(
            $"sluice-agent identity init --config {GuestTpm.Beside}/gateway.json --json");
        Assert.Equal(before.Count + 1, (await gateway.PlacesAsync()).Count);
        var wiped = await gateway.AsServiceAsync(
            $"sluice-agent identity wipe --confirm gw-beside --config {GuestTpm.Beside}/gateway.json");
        Assert.Equal(before, await gateway.PlacesAsync());
        Assert.Contains("keys in the TPM", wiped, StringComparison.Ordinal);
        Assert.Contains("this board's TPM 2.0", made, StringComparison.Ordinal);
    }
}

public sealed partial class Agent_under_systemd_252
{
    /// <summary>Its provider for the TPM is too old, which is found out by trying.</summary>
    [Fact]
    public async Task A_key_in_the_TPM_is_refused_with_a_sentence_and_no_file_takes_its_place()
    {
        await gateway.ConfigureBesideAsync();
        var said = await gateway.AsServiceAsync(
            $"sluice-agent identity init --config {GuestTpm.Beside}/gateway.json 2>&1; true");
        Figures.Say(said);
        Assert.Contains("tpm2-openssl 1.2 or newer", said, StringComparison.Ordinal);
        Assert.Empty(await gateway.PlacesAsync());
        await gateway.Machine.RunAsync($"! grep -r 'KEY' {GuestTpm.Beside}/identity");
        Assert.Equal("a file of mode 0600; the TPM 2.0 is not used", gateway.Protection);
    }
}
