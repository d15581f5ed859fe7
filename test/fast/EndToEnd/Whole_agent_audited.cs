using System.Text;
using Sluice.Agent;
using Sluice.Agent.CommandLine;
using Sluice.Agent.Enrolment;
using Sluice.Provisioning.Audit;
using Xunit;

namespace Sluice.Fast.EndToEnd;

/// <summary>The whole agent, and what its audit log says of it afterwards.</summary>
public sealed class Whole_agent_audited
{
    [Fact]
    public async Task A_certificate_reply_that_nobody_asked_for_is_a_line_and_changes_nothing()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.StartAgent();
        var audit = new AuditLog(LinuxIdentityDisk.Beside(plant.IdentityDirectory));
        await plant.UntilAsync("readings", stream => stream.Readings >= 4);

        await plant.Broker.RetainAsync(
            $"sluice/v1/plant1/{SmallPlant.GatewayId}/cert/reply", new byte[100], "application/vnd.sluice.bundle");
        await plant.UntilAsync("the reply in the log", _ => audit.Newest(9).Any(entry =>
            entry is { Verb: "certificate reply", Result: "refused" }));

        var line = audit.Newest(9).Single(entry => entry.Verb == "certificate reply");
        Assert.Contains("It answers nothing that was asked", line.Text, StringComparison.Ordinal);
        Assert.Equal("MQTT", line.Terminal);
        Assert.Equal("0001", Path.GetFileName(
            new FileInfo(Path.Combine(plant.IdentityDirectory, "current")).LinkTarget));
        plant.Prove();
    }

    [Fact]
    public async Task A_stick_that_orders_a_renewal_finds_the_agent_that_runs_and_asks_it()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.StartAgent();
        await plant.UntilAsync("readings", stream => stream.Readings >= 4);
        var stick = Directory.CreateDirectory(Path.Combine(plant.Directory, "stick", "sluice")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(stick, $"{SmallPlant.GatewayId}.jobs.txt"), "renew\r\n", plant.Bound);
        using var said = new StringWriter();

        var code = await new AgentCommandLine { Output = said, Error = said, IsTerminal = false }.InvokeAsync(
            ["stick", "run", Path.GetDirectoryName(stick)!, "--config", Path.Combine(plant.Directory, "gateway.json"),
                "--socket", Path.Combine(plant.Directory, "s")], plant.Bound);

        var report = await File.ReadAllTextAsync(
            Path.Combine(stick, $"{SmallPlant.GatewayId}.report.txt"), plant.Bound);
        Assert.True(code == ExitCode.Fine, $"{said}\n{report}");
        Assert.Contains("renew: done", report, StringComparison.Ordinal);
        Assert.Contains("The running agent was asked to renew its certificate", report, StringComparison.Ordinal);
        while ((await plant.AskStatusAsync())!.Renewal!.AsksTaken < 1)
        {
            await Task.Delay(20, plant.Bound);
        }
    }

    [Fact]
    public async Task Its_start_a_refused_ask_and_its_stop_are_lines_and_the_mes_has_the_head()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.StartAgent();
        var audit = new AuditLog(LinuxIdentityDisk.Beside(plant.IdentityDirectory));
        await plant.UntilAsync("readings", stream => stream.Readings >= 4);
        await plant.Mes.PublishAsync(
            $"sluice/v1/plant1/{SmallPlant.GatewayId}/ask", Encoding.UTF8.GetBytes("{\"v\":1,\"ask\":\"reboot\"}"),
            CancellationToken.None);
        await plant.UntilAsync("the refused ask in the log", _ => audit.Newest(9).Any(entry =>
            entry is { Verb: "ask", Result: "refused" }));
        await plant.UntilAsync("a posture", stream => stream.Posture is not null);
        Assert.Equal(ExitCode.Fine, await plant.StopAgentAsync());

        var told = plant.See(stream => stream.Posture!);
        var lines = audit.Newest(100);
        // The loop that writes down and the one that binds the identity begin side by side: either may be first.
        var started = lines.Single(entry => entry.Verb == "start");
        Assert.All(lines.TakeWhile(entry => entry != started), entry => Assert.Equal("bind", entry.Verb));
        Assert.Equal("stop", lines[^1].Verb);
        Assert.Equal(plant.Configuration.Hash, started.NewSerial);
        Assert.Equal("MQTT", lines.Single(entry => entry.Verb == "ask").Terminal);
        Assert.Contains("Unknown", lines.Single(entry => entry.Verb == "ask").Text, StringComparison.Ordinal);
        Assert.Empty(audit.Check(null).Problems);
        Assert.NotNull(told.Audit);
        Assert.Empty(audit.Check($"{told.Audit.Line} {told.Audit.Hash}").Problems);
    }
}
