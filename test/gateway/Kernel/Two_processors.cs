using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Kernel;

/// <summary>
/// A gateway with two processors: one makes edges while the other handles them, and the interrupts of a free-running
/// burst coalesce before the kernel numbers them. So what is counted is printed; only that nothing is invented is held.
/// </summary>
[Collection(nameof(VirtualGateway))]
public sealed class Two_processors
{
    [Fact]
    public async Task A_free_running_burst_is_never_counted_higher_than_it_was()
    {
        const int burst = 2_000;
        await using var machine = VirtualGateway.Of(GuestMake.Small(2));
        await machine.InitializeAsync();
        Assert.Equal("2", (await machine.RunAsync("nproc")).Trim());
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        await using var probe = await Probe.WatchAsync(
            machine, chip.Device, "/tmp/free", "press=gpio:DI1,Count,Rising,0,AsIs,high",
            "lost=gpio:DI1,Lost,Rising,0,AsIs,high");
        await chip.PulseAsync(0, burst);

        // A last edge with nobody near it: when it is counted, everything before it has been.
        await machine.RunAsync("usleep 500000");
        await probe.LookAsync();
        var before = probe.Value("press");
        await chip.SetAsync(0, true);
        await probe.UntilAsync(() => probe.Value("press") > before);
        await machine.RunAsync("usleep 200000");
        await probe.LookAsync();
        var (counted, lost) = (probe.Value("press"), probe.Value("lost"));
        Figures.Say($"free-running, two processors: {burst + 1} made, {counted} counted, {lost} lost and told");
        Assert.InRange(counted + lost, 1, burst + 1);
    }
}
