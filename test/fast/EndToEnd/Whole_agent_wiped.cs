using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Enrolment.Wiping;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Bundles;
using Xunit;

namespace Sluice.Fast.EndToEnd;

/// <summary>The whole agent, and somebody who wipes its gateway while it runs.</summary>
public sealed class Whole_agent_wiped
{
    [Fact]
    public async Task It_stops_by_itself_nothing_is_left_and_the_next_start_says_why()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.StartAgent();
        await plant.UntilAsync("readings", stream => stream.Readings >= 5);
        var stick = Directory.CreateDirectory(Path.Combine(plant.Directory, "stick")).FullName;

        var (refused, _) = await RunAsync(plant, "identity", "wipe", stick, "--confirm", "gw-043");
        Assert.Equal(ExitCode.Unclear, refused);
        await plant.UntilAsync("more readings", stream => stream.Readings >= 10);

        var (code, said) = await RunAsync(plant, "identity", "wipe", stick, "--confirm", SmallPlant.GatewayId);
        Assert.True(code == ExitCode.Fine, said);
        Assert.Equal(ExitCode.Fine, await plant.AgentEndedAsync());

        Assert.DoesNotContain(
            Directory.EnumerateFiles(plant.Configuration.Buffer.Directory, "*", SearchOption.AllDirectories),
            file => Path.GetFileName(file) != "lock");
        Assert.DoesNotContain(Directory.EnumerateFiles(plant.Directory, "*", SearchOption.AllDirectories)
            .Where(file => file.StartsWith(plant.IdentityDirectory, StringComparison.Ordinal)),
            file => File.ReadAllText(file).Contains("PRIVATE KEY", StringComparison.Ordinal));
        Assert.False(File.Exists(Path.Combine(plant.Directory, "gateway.json")));
        Assert.Empty(Directory.EnumerateFiles(plant.Directory, "*.csv"));

        var receipt = await File.ReadAllBytesAsync(StickLayout.ReceiptOf(stick, SmallPlant.GatewayId), plant.Bound);
        Assert.True(BundleEnvelope.Open(EnvelopeKind.Receipt, receipt, out _)!.IsSignedBySigner());
        Assert.Equal(plant.Configuration.Hash, Wipe.Read(receipt)!.Configuration);
        Assert.True(Wipe.Read(receipt)!.BufferBytes > 0);
        var audit = new AuditLog(LinuxIdentityDisk.Beside(plant.IdentityDirectory));
        Assert.Empty(audit.Check(Wipe.Read(receipt)!.AuditHead).Problems);
        Assert.Contains(audit.Newest(20), entry => entry is { Verb: "stop", Result: "done" });

        (code, said) = await RunAsync(plant, "identity", "status");
        Assert.Equal(ExitCode.Configuration, code);
        Assert.Contains("was wiped at", said, StringComparison.Ordinal);
        (code, said) = await RunAsync(plant, "run");
        Assert.Equal(ExitCode.Configuration, code);
        Assert.Contains("was wiped at", said, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Said)> RunAsync(SmallPlant plant, params string[] verb)
    {
        var said = new StringWriter();
        string[] state = verb[^1] == "status" ? [] : ["--state", Path.Combine(plant.Directory, "state")];
        var code = await new AgentCommandLine
        {
            Run = (_, _, _) => throw new InvalidOperationException("A wiped gateway runs nothing."),
            Output = said,
            Error = said,
            IsTerminal = false,
        }.InvokeAsync(
            [.. verb, "--config", Path.Combine(plant.Directory, "gateway.json"), .. state], plant.Bound);
        return (code, said.ToString());
    }
}
