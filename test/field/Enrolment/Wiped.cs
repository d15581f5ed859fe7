using Sluice.Agent;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field.Enrolment;

/// <summary>
/// The real agent and its verbs, two processes that write into one audit log; then a person wipes the gateway while
/// the agent runs, and the CA judges what it left.
/// </summary>
public sealed class Wiped
{
    [Fact]
    public async Task A_gateway_that_runs_is_wiped_by_a_person_and_its_receipt_holds_at_the_CA()
    {
        await using var bench = await EnrolmentBench.MakeAsync();
        await bench.Broker.StartAsync();
        var key = (await bench.FineAsync("init")).GetProperty("keyFingerprint").GetString()!;
        await bench.FineAsync("export", bench.Stick);
        await bench.Ca.SignAsync(bench.Stick, key);
        await bench.FineAsync("import", bench.Stick, "--root-fingerprint", bench.Ca.Root);
        await bench.FineAsync("verify", "--socket", bench.Gateway.Socket);
        await bench.FineAsync("activate");
        bench.Gateway.Start();
        await Eventually.HoldsAsync(() => File.Exists(bench.Gateway.Socket), FieldPlant.Soon,
            () => bench.Gateway.Process.Tail());

        await Task.WhenAll(AskAsync(bench), MakeKeysAsync(bench));
        await bench.FineAsync("audit", "verify");
        var export = bench.Directory.At("export");
        await bench.FineAsync("audit", "export", export);
        var lines = await File.ReadAllLinesAsync(export);
        Assert.Contains(lines, line => line.Contains("\"user\":\"agent\"", StringComparison.Ordinal)
            && line.Contains("\"tty\":\"socket\"", StringComparison.Ordinal));
        Assert.True(lines.Count(line => line.Contains("\"verb\":\"init\"", StringComparison.Ordinal)) >= 12);

        var screen = await bench.ByHandAsync(
            [FieldGateway.Binary("linux-x64"), "identity", "wipe", bench.Stick, "--config",
                bench.Gateway.ConfigurationFile, "--state", bench.Directory.At("state")],
            ("This destroys", FieldGateway.Id));
        Assert.Contains($"{FieldGateway.Id} is wiped.", screen, StringComparison.Ordinal);
        await bench.Gateway.Process.ExitAsync(EnrolmentBench.Patience);
        Assert.Equal(ExitCode.Fine, bench.Gateway.Process.ExitCode);
        Assert.DoesNotContain(
            Directory.EnumerateFiles(bench.Gateway.IdentityDirectory, "*", SearchOption.AllDirectories),
            file => File.ReadAllText(file).Contains("PRIVATE KEY", StringComparison.Ordinal));

        var receipt = Path.Combine(bench.Stick, "sluice", $"{FieldGateway.Id}.wiped.receipt");
        var (code, text) = await bench.ToolAsync("receipt", "verify", receipt);
        Assert.True(code == 0, text);
        Assert.Matches($"{FieldGateway.Id} +gateway +wiped", (await bench.ToolAsync("list")).Text);
        (code, text) = await bench.VerbAsync("status");
        Assert.Equal(ExitCode.Configuration, code);
        Assert.Contains("was wiped at", text, StringComparison.Ordinal);
    }

    /// <summary>The agent writes a line for each ask at its socket, and one for what came of it.</summary>
    private static async Task AskAsync(EnrolmentBench bench)
    {
        for (var at = 0; at < 6; at++)
        {
            await ChildProcess.RunAsync(FieldGateway.Binary("linux-x64"),
                ["identity", "renew", "--wait", "1", "--socket", bench.Gateway.Socket]);
        }
    }

    private static async Task MakeKeysAsync(EnrolmentBench bench)
    {
        for (var at = 0; at < 6; at++)
        {
            await bench.FineAsync("init", "--again");
        }
    }
}
