using Sluice.Agent;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field.Enrolment;

/// <summary>
/// The stick that does its part by itself, on a FAT image: at the gateway nobody types but once, for the root; at the
/// CA a person does, at a terminal.
/// </summary>
public sealed class Stick_by_itself : IAsyncLifetime
{
    private const string LastLine = "End of this report.";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly FieldDirectory directory = new();
    private readonly FieldGateway gateway;
    private readonly PlantCa ca;
    private readonly MosquittoBroker broker;
    private readonly FatStick stick;
    private string report = "";

    public Stick_by_itself()
    {
        gateway = new FieldGateway(directory);
        ca = new PlantCa(directory);
        stick = new FatStick(directory);
        string At(string file) => directory.At("broker", file);
        broker = new MosquittoBroker(
            directory, new BrokerFiles(At("server.pem"), At("server.key"), At("ca.pem"), At("crl.pem")));
    }

    public async ValueTask InitializeAsync()
    {
        await ca.MakeAsync();
        await ca.BrokerAsync(MosquittoBroker.Host, broker.Port, directory.At("broker"));
        gateway.WithConfiguration(new FieldConfiguration { BrokerPort = broker.Port, PlantPort = broker.Port });
        await stick.MakeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await gateway.DisposeAsync();
        await broker.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task Carries_a_request_out_a_bundle_in_and_a_rollback_with_a_report_each_time()
    {
        await PlugInAsync(ExitCode.Fine, "request: unasked, the gateway has no identity yet");
        await stick.InAsync("laptop", SignByHandAsync);

        await PlugInAsync(ExitCode.Unclear, "nobody confirmed that its root is the plant's");
        await stick.InAsync("console", ImportByHandAsync);
        await PlugInAsync(ExitCode.Unavailable, "It was not put into use: what is in use is as it was.");

        await broker.StartAsync();
        await PlugInAsync(ExitCode.Fine, "Version 0001 is in use");
        await stick.InAsync("laptop", mount => ca.JsonAsync(
            "bundle", FieldGateway.Id, "--out", mount, "--passphrase-file", ca.PassphraseFile));
        await PlugInAsync(ExitCode.Fine, "Version 0002 is in use");

        await stick.InAsync("laptop", mount => File.WriteAllTextAsync(
            Path.Combine(mount, "sluice", "gw-1.jobs.txt"), "rollback\r\ndiagnostics\r\n"));
        await PlugInAsync(ExitCode.Fine, "Version 0001 is in use again");
        await stick.InAsync("laptop", async mount =>
        {
            var told = await File.ReadAllTextAsync(Path.Combine(mount, "sluice", "gw-1.diagnostics.txt"));
            Assert.Contains("at a stick: rollback done.", told);
            Assert.Contains("ok    configuration-there", told);
            Assert.Contains("ok    broker-accepts", told);
            Assert.False(File.Exists(Path.Combine(mount, "sluice", "gw-1.jobs.txt")));
        });
        await PlugInAsync(ExitCode.Unclear, "already taken in version 2");
    }

    [Fact]
    public async Task Needs_nobody_at_the_gateway_where_the_bench_laid_a_site_token_and_printed_a_label()
    {
        await broker.StartAsync();
        await ca.JsonAsync("token", "--out", directory.At("token"));
        await VerbAsync("init", "--token", directory.At("token"));
        var label = await LabelScanner.ScanAsync(directory, await VerbAsync("label"));
        Assert.StartsWith($"SLUICE1 plant1 {FieldGateway.Id} ", label);

        await PlugInAsync(ExitCode.Fine, "request: unasked, one waits for its certificate");
        await stick.InAsync("laptop", mount => ca.JsonAsync(
            "sign", mount, "--label", label, "--passphrase-file", ca.PassphraseFile));
        await PlugInAsync(ExitCode.Fine, "Version 0001 is in use");
        Assert.Contains("The root was confirmed by the site token of the bench.", report);
    }

    private async Task<string> VerbAsync(string verb, params string[] more)
    {
        var (code, text) = await ChildProcess.RunAsync(FieldGateway.Binary("linux-x64"),
            ["identity", verb, .. more, "--config", gateway.ConfigurationFile]);
        Assert.True(code == 0, text);
        return text;
    }

    /// <summary>As the unit does it, with the stick's content where the kernel would have mounted it.</summary>
    private Task PlugInAsync(int code, string words) => stick.InAsync("gateway", async mount =>
    {
        var ended = await ChildProcess.RunAsync(
            FieldGateway.Binary("linux-x64"), "stick", "run", mount, "--config", gateway.ConfigurationFile, "--socket",
            gateway.Socket);
        report = await File.ReadAllTextAsync(Path.Combine(mount, "sluice", "gw-1.report.txt"));
        Assert.True(code == ended.Code, $"{ended.Code}: {ended.Text}\n{report}");
        Assert.Contains(words, report);
        Assert.EndsWith(LastLine + "\r\n", report);
    });

    private async Task SignByHandAsync(string mount)
    {
        await using var terminal = await Terminal.StartAsync(
            directory, PlantCa.Binary, "sign", mount, "--ca", ca.Folder);
        await terminal.SaysAsync("does its own screen or label show", Patience);
        await terminal.TypeAsync("yes");
        await terminal.SaysAsync("Passphrase", Patience);
        await terminal.TypeAsync(PlantCa.Passphrase);
        await terminal.ExitAsync(Patience);
        Assert.True(terminal.ExitCode == 0, terminal.Text);
    }

    private async Task ImportByHandAsync(string mount)
    {
        await using var terminal = await Terminal.StartAsync(
            directory, FieldGateway.Binary("linux-x64"), "identity", "import", mount, "--config",
            gateway.ConfigurationFile);
        await terminal.SaysAsync(ca.Root, Patience);
        await terminal.TypeAsync("yes");
        await terminal.ExitAsync(Patience);
        Assert.True(terminal.ExitCode == ExitCode.Fine, terminal.Text);
    }
}
