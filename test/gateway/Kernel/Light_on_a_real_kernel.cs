using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Gateway.Machine;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Gateway.Kernel;

/// <summary>The status light as whoever stands before the cabinet sees it: the level of its line, from the chip's side.
/// </summary>
[Collection(nameof(VirtualGateway))]
public sealed class Light_on_a_real_kernel(VirtualGateway machine)
{
    [Fact]
    public async Task It_is_steady_while_publishing_blinks_slowly_while_storing_and_fast_when_somebody_is_needed()
    {
        await GuestClock.SetAsync(machine);
        await using var outside = await MesOutside.StartAsync();
        await using var chip = await SimulatedChip.MakeAsync(machine, "LED1", "DI1");
        await using var agent = await GuestAgent.PrepareAsync(
            machine, outside, chip, ["lamp,gpio:DI1,bool"], light: "LED1");
        Assert.False(await chip.LevelAsync(0));
        await agent.StartAsync();
        await ShowsAsync(chip, agent, "publishing", Steady);
        await outside.Broker.StopAsync();
        await ShowsAsync(chip, agent, "storing", Slow);
        await chip.SetAsync(1, true);

        using var elsewhere = new PlantKeys("elsewhere");
        var files = Path.GetDirectoryName(outside.Broker.Files.Certificate)!;
        elsewhere.WriteBrokerFiles(files, MosquittoBroker.Host);
        await outside.Broker.StartAsync();
        await ShowsAsync(chip, agent, "a broker with a foreign certificate", Fast);

        await outside.Broker.StopAsync();
        outside.Keys.WriteBrokerFiles(files, MosquittoBroker.Host);
        await outside.Broker.StartAsync();
        await ShowsAsync(chip, agent, "publishing again", Steady);
        await outside.UntilAsync(() => outside.Latest("line/lamp") == "true Good", agent);
        await outside.HasEverythingAsync(agent);
        await agent.StopAsync();
        Assert.False(await chip.LevelAsync(0), "no agent runs, and the light is on");
    }

    private static bool Steady(LineCourse seen) => seen.IsHigh && seen.Turns == 0;

    private static bool Slow(LineCourse seen) => seen.TurnsPerSecond is > 0.5 and < 1.6;

    /// <summary>Eight turns a second; a loaded machine looks away for some of them.</summary>
    private static bool Fast(LineCourse seen) => seen.TurnsPerSecond is > 3 and < 9;

    private static async Task ShowsAsync(
        SimulatedChip chip, GuestAgent agent, string state, Func<LineCourse, bool> pattern)
    {
        var seen = new List<LineCourse>();
        try
        {
            await Eventually.HoldsAsync(
                async () =>
                {
                    seen.Add(await chip.WatchAsync(0, TimeSpan.FromSeconds(4)));
                    return pattern(seen[^1]);
                },
                TimeSpan.FromSeconds(120), () => "");
        }
        catch (TimeoutException)
        {
            Assert.Fail(
                $"{state}: the light did {string.Join("; ", seen)}\nThe agent said:\n{await agent.SaidAsync()}");
        }

        Figures.Say($"light, {state}: {seen[^1]}");
    }
}
