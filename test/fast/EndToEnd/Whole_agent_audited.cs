using System.Text;
using Sluice.Agent;
using Sluice.Agent.Enrolment;
using Sluice.Provisioning.Audit;
using Xunit;

namespace Sluice.Fast.EndToEnd;

/// <summary>The whole agent, and what its audit log says of it afterwards.</summary>
public sealed class Whole_agent_audited
{
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
        Assert.Equal(("start", "stop"), (lines[0].Verb, lines[^1].Verb));
        Assert.Equal(plant.Configuration.Hash, lines[0].NewSerial);
        Assert.Equal("MQTT", lines.Single(entry => entry.Verb == "ask").Terminal);
        Assert.Contains("Unknown", lines.Single(entry => entry.Verb == "ask").Text, StringComparison.Ordinal);
        Assert.Empty(audit.Check(null).Problems);
        Assert.NotNull(told.Audit);
        Assert.Empty(audit.Check($"{told.Audit.Line} {told.Audit.Hash}").Problems);
    }
}
