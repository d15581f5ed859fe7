using System.Text.Json;
using Sluice.Agent;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field.Enrolment;

/// <summary>
/// A technician with a stick: both published programs, real mosquitto, and the CA that is ours. The stick is a folder.
/// </summary>
public sealed class Enrolled : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FieldDirectory directory = new();
    private readonly FieldGateway gateway;
    private readonly PlantCa ca;
    private readonly MosquittoBroker broker;
    private readonly List<string> said = [];

    public Enrolled()
    {
        gateway = new FieldGateway(directory);
        ca = new PlantCa(directory);
        string At(string file) => directory.At("broker", file);
        broker = new MosquittoBroker(
            directory, new BrokerFiles(At("server.pem"), At("server.key"), At("ca.pem"), At("crl.pem")));
    }

    private string Stick => directory.At("stick");

    private string Bundle => Path.Combine(Stick, "sluice", FieldGateway.Id + ".bundle");

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(Stick);
        await ca.MakeAsync();
        await ca.BrokerAsync(MosquittoBroker.Host, broker.Port, directory.At("broker"));
        gateway.WithConfiguration(new FieldConfiguration { BrokerPort = broker.Port, PlantPort = broker.Port });
    }

    public async ValueTask DisposeAsync()
    {
        await gateway.DisposeAsync();
        await broker.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task From_a_key_that_never_leaves_the_gateway_to_readings_at_the_MES_and_back_again()
    {
        await ca.JsonAsync("client", "mes", "--out", directory.At("mes"), "--passphrase-file", ca.PassphraseFile);
        await broker.StartAsync();
        await using var machine = await PymodbusServer.StartAsync(directory);
        gateway.WithConfiguration(new FieldConfiguration { BrokerPort = broker.Port, PlantPort = machine.Port });
        await using var mes = await FieldMes.StartAsync(
            (directory.At("mes", "mes.pem"), directory.At("mes", "mes.key")), broker);

        var fingerprint = (await FineAsync("init")).GetProperty("keyFingerprint").GetString()!;
        await FineAsync("export", Stick);
        await SignByHandAsync(fingerprint);
        await ImportByHandAsync();
        await FineAsync("verify", "--socket", gateway.Socket);
        await FineAsync("activate");
        gateway.Start();
        await Eventually.HoldsAsync(() => mes.Counts().Count > 0, FieldPlant.Soon,
            () => $"nothing arrived. {gateway.Process.Tail()}\nThe broker: {broker.Process.Tail()}");

        // The next one, tried beside the agent that runs, which keeps its session.
        var next = (await FineAsync("init", "--again")).GetProperty("keyFingerprint").GetString()!;
        Assert.NotEqual(fingerprint, next);
        await FineAsync("export", Stick);
        await ca.SignAsync(Stick, next);
        await FineAsync("import", Stick);
        var steps = (await FineAsync("verify", "--socket", gateway.Socket)).GetProperty("steps").EnumerateArray();
        Assert.Equal(7, steps.Count(step => step.GetProperty("passed").GetBoolean()));
        Assert.Equal("connected",
            (await gateway.StatusJsonAsync()).GetProperty("uplink").GetProperty("state").GetString());
        Assert.DoesNotContain(gateway.Process.Lines, line => line.Contains("another client", StringComparison.Ordinal));
        await FineAsync("activate");
        await RunsAsAsync("0002", mes);

        await FineAsync("rollback");
        await RunsAsAsync("0001", mes);
        Assert.Equal("0002", (await FineAsync("status")).GetProperty("identity").GetProperty("previous").GetString());
        await FineAsync("audit", "verify");
        await HoldsNoKeyAsync();
    }

    [Fact]
    public async Task A_bundle_that_is_wrong_changes_nothing_and_is_told_why()
    {
        var other = await new PlantCa(directory, "other-ca").MakeAsync();
        var fingerprint = (await FineAsync("init")).GetProperty("keyFingerprint").GetString()!;
        await FineAsync("export", Stick);
        await other.SignAsync(Stick, fingerprint);
        var foreign = await File.ReadAllBytesAsync(Bundle);
        await ca.SignAsync(Stick, fingerprint);
        var first = await File.ReadAllBytesAsync(Bundle);
        await ca.JsonAsync("bundle", FieldGateway.Id, "--out", Stick, "--passphrase-file", ca.PassphraseFile);
        var second = await File.ReadAllBytesAsync(Bundle);

        await RefusedAsync(first, "RootNotConfirmed", ca.Root);
        await RefusedAsync(first, "RootNotConfirmed", ca.Root, "--root-fingerprint", other.Root);
        await RefusedAsync(foreign, "RootNotConfirmed", other.Root, "--root-fingerprint", ca.Root);
        await File.WriteAllBytesAsync(Bundle, second);
        await FineAsync("import", Stick, "--root-fingerprint", ca.Root);

        await RefusedAsync(first, "OldVersion", "already taken in version 2");
        await RefusedAsync(foreign, "ForeignSigner", "does not lead to the root that this gateway trusts");
        await RefusedAsync(second[..^1], "NotABundle", "cut short");
        await RefusedAsync([], "NotABundle", "begins differently");
        second[^80] ^= 1;
        await RefusedAsync(second, "BrokenSignature", "signature is broken");
        await RefusedAsync(await BundleOfAsync("gw-2", "plant1", ca), "WrongGateway", "is for gateway 'gw-2'");
        File.Delete(Bundle);
        var (code, text) = await VerbAsync("import", Stick);
        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains($"There is no {Bundle}", text);
        await FineAsync("audit", "verify");
    }

    [Fact]
    public async Task Verify_names_the_step_at_which_the_broker_refuses()
    {
        await StageAsync();
        await FailsAtAsync("connection", ExitCode.Unavailable, "does not listen");
        var early = await VerbAsync("activate");
        Assert.Equal(ExitCode.Unclear, early.Code);

        await broker.StartAsync();
        var acl = await File.ReadAllTextAsync(directory.At("broker", "acl"));
        var rule = "pattern write sluice/v1/plant1/%u/#";
        await broker.StopAsync();
        broker.WriteAcl(acl.Replace(rule, "pattern write sluice/v1/plant1/%u/data", StringComparison.Ordinal));
        await broker.StartAsync();
        await FailsAtAsync("access list, publishing", ExitCode.Unclear, "ACL");
        await broker.StopAsync();
        broker.WriteAcl(acl);

        await ca.JsonAsync("revoke", FieldGateway.Id, "--passphrase-file", ca.PassphraseFile);
        await ca.JsonAsync(
            "crl", "--out", directory.At("broker", "crl.pem"), "--passphrase-file", ca.PassphraseFile);
        await broker.StartAsync();
        await FailsAtAsync("MQTT, the gateway's certificate", ExitCode.Unclear, "revoked");
        await broker.StopAsync();

        await ca.BrokerAsync("other.dmz.plant1", broker.Port, directory.At("broker"));
        await broker.StartAsync();
        await FailsAtAsync("TLS, the broker's certificate", ExitCode.Unclear, "other.dmz.plant1");
    }

    [Fact]
    public async Task The_configuration_that_the_tool_writes_is_one_that_mosquitto_runs_with()
    {
        await StageAsync();
        var file = directory.At("broker", "own.conf");
        await File.WriteAllTextAsync(file, "user root\nlog_dest stderr\n"
            + await File.ReadAllTextAsync(directory.At("broker", "sluice.conf")));
        await using var child = ChildProcess.Start("/usr/sbin/mosquitto", ["-c", file]);
        await child.SaysAsync("running", Patience);

        await FineAsync("verify", "--socket", gateway.Socket);
    }

    private async Task StageAsync()
    {
        var fingerprint = (await FineAsync("init")).GetProperty("keyFingerprint").GetString()!;
        await FineAsync("export", Stick);
        await ca.SignAsync(Stick, fingerprint);
        await FineAsync("import", Stick, "--root-fingerprint", ca.Root);
    }

    /// <summary>As a person at the CA does it: the letters are compared, and the passphrase is typed.</summary>
    private async Task SignByHandAsync(string fingerprint)
    {
        await using var terminal = await Terminal.StartAsync(
            directory, PlantCa.Binary, "sign", Stick, "--ca", ca.Folder);
        await terminal.SaysAsync(fingerprint, Patience);
        await terminal.TypeAsync("yes");
        await terminal.SaysAsync("Passphrase", Patience);
        await terminal.TypeAsync(PlantCa.Passphrase);
        await terminal.ExitAsync(Patience);
        Assert.True(terminal.ExitCode == 0, terminal.Text);
        Assert.Contains("Signed 1 of 1: gw-1", terminal.Text);
        Assert.DoesNotContain(PlantCa.Passphrase, terminal.Text);
        said.Add(terminal.Text);
    }

    private async Task ImportByHandAsync()
    {
        await using (var doubtful = await Terminal.StartAsync(
            directory, FieldGateway.Binary("linux-x64"), "identity", "import", Stick, "--config",
            gateway.ConfigurationFile))
        {
            await doubtful.SaysAsync(ca.Root, Patience);
            await doubtful.TypeAsync("no");
            await doubtful.ExitAsync(Patience);
            Assert.True(doubtful.ExitCode == ExitCode.Unclear, doubtful.Text);
        }

        await using var terminal = await Terminal.StartAsync(
            directory, FieldGateway.Binary("linux-x64"), "identity", "import", Stick, "--config",
            gateway.ConfigurationFile);
        await terminal.SaysAsync(ca.Root, Patience);
        await terminal.TypeAsync("yes");
        await terminal.ExitAsync(Patience);
        Assert.True(terminal.ExitCode == ExitCode.Fine, terminal.Text);
        Assert.Contains("Version 1 is staged", terminal.Text);
        said.Add(terminal.Text);
    }

    private async Task RunsAsAsync(string version, FieldMes mes)
    {
        Assert.Equal(0, await gateway.StopAsync());
        var before = mes.Counts().Count;
        gateway.Start();
        await gateway.ConnectedAsync(FieldPlant.Soon);
        await Eventually.HoldsAsync(() => mes.Counts().Count > before, FieldPlant.Soon, () => gateway.Process.Tail());
        Assert.Equal(version,
            (await FineAsync("status")).GetProperty("identity").GetProperty("active").GetString());
    }

    private async Task RefusedAsync(byte[] bundle, string refusal, string words, params string[] more)
    {
        await File.WriteAllBytesAsync(Bundle, bundle);
        var before = Snapshot();
        var (code, text) = await VerbAsync("import", [Stick, .. more]);
        Assert.True(code == ExitCode.Unclear, $"{refusal}: {code}: {text}");
        Assert.Contains(words, text);
        Assert.Contains("Nothing was changed", text);
        Assert.Contains("What to do: ", text);
        Assert.Equal(before, Snapshot());
        var (_, json) = await VerbAsync("import", [Stick, .. more, "--json"]);
        using var report = JsonDocument.Parse(json);
        Assert.Equal(refusal, report.RootElement.GetProperty("refusal").GetString());
    }

    private async Task<byte[]> BundleOfAsync(string id, string site, PlantCa signer)
    {
        var elsewhere = Directory.CreateDirectory(directory.At("elsewhere", id)).FullName;
        var configuration = Path.Combine(elsewhere, "gateway.json");
        var own = await File.ReadAllTextAsync(gateway.ConfigurationFile);
        await File.WriteAllTextAsync(configuration, own
            .Replace("\"id\": \"gw-1\"", $"\"id\": \"{id}\"", StringComparison.Ordinal)
            .Replace("\"site\": \"plant1\"", $"\"site\": \"{site}\"", StringComparison.Ordinal)
            .Replace(gateway.IdentityDirectory, Path.Combine(elsewhere, "identity"), StringComparison.Ordinal));
        foreach (var list in Directory.EnumerateFiles(Path.GetDirectoryName(gateway.ConfigurationFile)!, "*.csv"))
        {
            File.Copy(list, Path.Combine(elsewhere, Path.GetFileName(list)), overwrite: true);
        }

        async Task<JsonElement> DoAsync(params string[] verb) => Fine(await ChildProcess.RunAsync(
            FieldGateway.Binary("linux-x64"), ["identity", .. verb, "--config", configuration, "--json"]));
        var fingerprint = (await DoAsync("init")).GetProperty("keyFingerprint").GetString()!;
        await DoAsync("export", elsewhere);
        await signer.SignAsync(elsewhere, fingerprint);
        return await File.ReadAllBytesAsync(Path.Combine(elsewhere, "sluice", id + ".bundle"));
    }

    private async Task FailsAtAsync(string step, int code, string words)
    {
        var (ended, text) = await VerbAsync("verify", "--socket", gateway.Socket);
        Assert.True(ended == code, $"{step}: {ended}: {text}");
        Assert.Contains($"FAILED  {step}: ", text);
        Assert.Contains(words, text);
        Assert.Equal(1, text.Split("FAILED").Length - 1);
    }

    /// <summary>The gateway's keys, in whatever form, stand in no log, no report and nothing on the stick.</summary>
    private async Task HoldsNoKeyAsync()
    {
        var secrets = new List<string>();
        foreach (var version in Directory.EnumerateDirectories(Path.Combine(gateway.IdentityDirectory, "versions")))
        {
            var pem = await File.ReadAllLinesAsync(Path.Combine(version, "key.pem"));
            secrets.Add(pem[1][^40..]);
        }

        Assert.Equal(2, secrets.Count);
        var audit = Directory.EnumerateFiles(Path.Combine(gateway.IdentityDirectory, "audit"));
        var files = Directory.EnumerateFiles(Stick, "*", SearchOption.AllDirectories).Concat(audit);
        var texts = files.Select(File.ReadAllText).Concat(said).Concat(gateway.Process.Lines).ToList();
        Assert.All(secrets, secret => Assert.All(
            texts, text => Assert.DoesNotContain(secret, text, StringComparison.Ordinal)));
    }

    /// <summary>Everything in the identity directory but the log of what was refused.</summary>
    private string Snapshot() => string.Join('\n', new DirectoryInfo(gateway.IdentityDirectory)
        .EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
        .Where(entry => !entry.FullName.Contains("/audit", StringComparison.Ordinal))
        .OrderBy(entry => entry.FullName, StringComparer.Ordinal)
        .Select(entry => $"{entry.FullName} {entry.LinkTarget} {(entry is FileInfo { LinkTarget: null } file
            ? Convert.ToHexString(File.ReadAllBytes(file.FullName)) : "")}"));

    private async Task<JsonElement> FineAsync(params string[] verb)
    {
        var (code, text) = await VerbAsync(verb[0], [.. verb[1..], "--json"]);
        return Fine((code, text));
    }

    private static JsonElement Fine((int Code, string Text) ended)
    {
        Assert.True(ended.Code == 0, $"{ended.Code}: {ended.Text}");
        using var report = JsonDocument.Parse(ended.Text);
        return report.RootElement.Clone();
    }

    private async Task<(int Code, string Text)> VerbAsync(string verb, params string[] arguments)
    {
        var ended = await ChildProcess.RunAsync(
            FieldGateway.Binary("linux-x64"),
            ["identity", verb, .. arguments, "--config", gateway.ConfigurationFile]);
        said.Add(ended.Text);
        return ended;
    }
}
