using Sluice.Agent;
using Sluice.Agent.Enrolment;
using Sluice.Provisioning.Audit;
using Sluice.Provisioning.Store;
using Xunit;

namespace Sluice.Fast.EndToEnd;

/// <summary>The whole agent, and a version of its identity that brings another configuration while it runs.</summary>
public sealed class Whole_agent_reconfigured
{
    [Fact]
    public async Task It_stops_by_itself_so_that_its_service_starts_it_with_the_new_one()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.StartAgent();
        await plant.UntilAsync("readings", stream => stream.Readings >= 5);

        await File.WriteAllTextAsync(
            Path.Combine(plant.IdentityDirectory, "current", IdentityStore.ConfigurationFile), "{}", plant.Bound);

        Assert.Equal(ExitCode.Fine, await plant.AgentEndedAsync());
        var audit = new AuditLog(LinuxIdentityDisk.Beside(plant.IdentityDirectory));
        Assert.Contains(audit.Newest(20), entry => entry is { Verb: "stop", Result: "done" });
    }
}
