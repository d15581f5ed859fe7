using Sluice.Agent;
using Sluice.Field.Parts;
using Sluice.Field.Renewal;
using Xunit;

namespace Sluice.Field.Enrolment;

/// <summary>
/// A configuration and its signal lists come inside a signed bundle on a stick: both published programs, a real broker,
/// and the agent that runs meanwhile.
/// </summary>
public sealed class Configured_by_a_stick
{
    private const string List = "signal,address,type,report\nwave,sine,float64,always\n";

    [Fact]
    public async Task It_is_judged_first_counts_with_the_bundle_and_goes_with_a_rollback()
    {
        await using var bench = await EnrolmentBench.MakeAsync();
        await using var renewal = await RenewalBench.MakeAsync(bench);
        await bench.Broker.StartAsync();
        await using var mes = await renewal.StartMesAsync();
        await renewal.EnrolAsync();
        bench.Gateway.Start();
        await bench.Gateway.ConnectedAsync(FieldPlant.Soon);
        var before = await HashAsync(bench);

        // One mistake in the list: nothing changes, and the agent runs on.
        await BundleAsync(bench, List + "extra,sinus,float64,always\n");
        var (code, report) = await PlugInAsync(bench);
        Assert.True(code == ExitCode.Unclear, report);
        Assert.Contains("The configuration in the bundle is refused: 1 problem.", report);
        Assert.Contains("made-up.csv:3", report);
        Assert.Contains("0001", await renewal.VersionAsync());
        Assert.Equal(before, await HashAsync(bench));

        await BundleAsync(bench, List + "extra,sine,float64,always\n");
        (code, report) = await PlugInAsync(bench);
        Assert.True(code == ExitCode.Fine, report);
        Assert.Contains("It brings a configuration: 9 signals of 2 sources.", report);
        await StartsAgainAsync(bench);
        Assert.NotEqual(before, await HashAsync(bench));
        Assert.Contains("bundle 0003", (await bench.Gateway.StatusAsync()).Text);
        await Eventually.HoldsAsync(() => mes.Readings.Any(reading => reading.Signal == "demo/extra"), FieldPlant.Soon,
            () => $"the new signal never came.\n{bench.Gateway.Process.Tail()}");

        await File.WriteAllTextAsync(Path.Combine(bench.Stick, "sluice", "gw-1.jobs.txt"), "rollback\n");
        (code, report) = await PlugInAsync(bench);
        Assert.True(code == ExitCode.Fine, report);
        await StartsAgainAsync(bench);
        Assert.Equal(before, await HashAsync(bench));
    }

    private static async Task BundleAsync(EnrolmentBench bench, string list)
    {
        var folder = bench.Directory.At("new");
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(bench.Directory.At("etc")))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        }

        File.WriteAllText(Path.Combine(folder, "made-up.csv"), list);
        await bench.Ca.JsonAsync("bundle", FieldGateway.Id, "--configuration", Path.Combine(folder, "gateway.json"),
            "--out", bench.Stick, "--passphrase-file", bench.Ca.PassphraseFile);
    }

    private static async Task<(int Code, string Report)> PlugInAsync(EnrolmentBench bench)
    {
        var (code, text) = await ChildProcess.RunAsync(FieldGateway.Binary("linux-x64"), "stick", "run", bench.Stick,
            "--config", bench.Gateway.ConfigurationFile, "--socket", bench.Gateway.Socket);
        var report = await File.ReadAllTextAsync(Path.Combine(bench.Stick, "sluice", "gw-1.report.txt"));
        return (code, $"{report}\n{text}");
    }

    /// <summary>As its service does it: the agent ends by itself, and is started.</summary>
    private static async Task StartsAgainAsync(EnrolmentBench bench)
    {
        await bench.Gateway.Process.ExitAsync(FieldPlant.Soon);
        Assert.Equal(ExitCode.Fine, bench.Gateway.Process.ExitCode);
        bench.Gateway.Start();
        await bench.Gateway.ConnectedAsync(FieldPlant.Soon);
    }

    private static async Task<string> HashAsync(EnrolmentBench bench) =>
        (await bench.Gateway.StatusJsonAsync()).GetProperty("configuration").GetProperty("hash").GetString()!;
}
