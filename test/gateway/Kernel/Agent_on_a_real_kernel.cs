using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Kernel;

/// <summary>
/// The binary that ships, on the machine that it ships for: lines of a real kernel's GPIO chip, through the agent and
/// its buffer, over mutual TLS to a real mosquitto outside, judged by the reference receiver.
/// </summary>
[Collection(nameof(VirtualGateway))]
public sealed class Agent_on_a_real_kernel(VirtualGateway machine)
{
    [Fact]
    public async Task Levels_and_counts_reach_the_MES_over_mutual_TLS_and_survive_a_stop_and_a_kill()
    {
        await GuestClock.SetAsync(machine);
        await using var outside = await MesOutside.StartAsync();
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1", "DI2");
        await using var agent = await GuestAgent.PrepareAsync(
            machine, outside, chip, ["press,gpio:DI1,count", "lamp,gpio:1,bool"]);
        await agent.StartAsync();
        await outside.UntilAsync(() => outside.Course("line/lamp").Contains("false Good"), agent);
        await chip.SetAsync(1, true);
        await chip.PulseAsync(0, 40);
        await outside.UntilAsync(() => outside.Latest("line/press") == "40 Good", agent);
        await outside.UntilAsync(() => outside.Latest("line/lamp") == "true Good", agent);
        Assert.Equal(["false Good", "true Good"], outside.Course("line/lamp"));
        Assert.True(
            outside.Broker.Process.Lines.Any(line => line.Contains($"u'{GuestAgent.Id}'", StringComparison.Ordinal)),
            "mosquitto does not know it by the name in its certificate");

        await agent.StopAsync();
        await agent.StartAsync();
        await outside.UntilAsync(() => outside.Course("line/press").Contains("40 Uncertain/EdgesLost"), agent);
        await chip.PulseAsync(0, 25);
        await outside.UntilAsync(() => outside.Latest("line/press") == "65 Good", agent);

        await agent.UntilKeptAsync(65, "press");
        await agent.KillAsync();
        await chip.PulseAsync(0, 7);
        await agent.StartAsync();
        await outside.UntilAsync(() => outside.Course("line/press").Contains("65 Uncertain/EdgesLost"), agent);
        await chip.PulseAsync(0, 10);
        await outside.UntilAsync(() => outside.Latest("line/press") == "75 Good", agent);
        await outside.HasEverythingAsync(agent);
        Figures.Say($"agent in the guest: {outside.Judge(stream => stream.Readings)} readings at the MES, "
            + $"{outside.Judge(stream => stream.Births)} births, nothing open");
    }
}
