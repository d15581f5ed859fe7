using Sluice.Gateway.Machine;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Xunit;

namespace Sluice.Gateway.Kernel;

/// <summary>What a real kernel says of its clock (adjtimex), before a time service and after, and what becomes of it.
/// </summary>
[Collection(nameof(VirtualGateway))]
public sealed class Clock_on_a_real_kernel(VirtualGateway machine)
{
    private static readonly TimeSpan Behind = TimeSpan.FromMinutes(-10);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Readings_are_uncertain_until_a_time_service_has_set_it()
    {
        await GuestClock.SetByHandAsync(machine);
        await using var outside = await MesOutside.StartAsync();
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        await using var agent = await GuestAgent.PrepareAsync(machine, outside, chip, ["lamp,gpio:DI1,bool"]);
        await agent.StartAsync();
        await outside.UntilAsync(() => outside.Course("line/lamp").Contains("false Uncertain/ClockNotSet"), agent);
        await outside.UntilAsync(() => outside.Judge(stream => stream.Ledger?.Clock is { IsSet: false }), agent);
        var boot = Guid.Parse(await machine.RunAsync("cat /proc/sys/kernel/random/boot_id")).ToString("N");
        Assert.Equal(boot, outside.Judge(stream => stream.Ledger!.Clock!.Boot));

        Assert.StartsWith("state 0 status 0 ", await GuestClock.DeclareSynchronisedAsync(machine));
        await outside.UntilAsync(() => outside.Judge(stream => stream.Ledger!.Clock!.IsSet), agent);
        await chip.SetAsync(0, true);
        await outside.UntilAsync(() => outside.Latest("line/lamp") == "true Good", agent);
        await outside.HasEverythingAsync(agent);
    }

    [Fact]
    public async Task What_waited_for_the_link_gets_its_right_time_when_the_clock_is_set()
    {
        await GuestClock.SetByHandAsync(machine, Behind);
        await using var outside = await MesOutside.StartAsync();
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        await using var agent = await GuestAgent.PrepareAsync(machine, outside, chip, ["lamp,gpio:DI1,bool"]);
        await agent.StartAsync();
        await outside.UntilAsync(() => outside.Course("line/lamp").Contains("false Uncertain/ClockNotSet"), agent);
        await outside.Broker.StopAsync();
        var before = DateTime.UtcNow;
        await chip.SetAsync(0, true);
        await machine.RunAsync("usleep 1000000");
        var after = DateTime.UtcNow;
        await GuestClock.SetAsync(machine);
        await outside.Broker.StartAsync();
        await outside.UntilAsync(() => outside.Readings("line/lamp").Any(each => each.Value == "true"), agent);
        await outside.HasEverythingAsync(agent);

        var stored = outside.Readings("line/lamp").First(each => each.Value == "true");
        Assert.Equal("Good", stored.Quality);
        Assert.InRange(stored.SourceTimestamp, before - (2 * Second), after + (2 * Second));
        await outside.UntilAsync(() => outside.Judge(Rules).Count > 0, agent);
        var rule = outside.Judge(Rules).Single();
        Assert.InRange(stored.Position, rule.Range.From, rule.Range.To);
        var offset = TimeSpan.FromMilliseconds(rule.OffsetMilliseconds);
        Assert.InRange(offset, -Behind - (2 * Second), -Behind + (2 * Second));
        Assert.Equal("Uncertain", outside.Readings("line/lamp")[0].Quality);
    }

    private static List<CorrectionAccount> Rules(GatewayStream stream) =>
        [.. stream.Ledger!.Stores.SelectMany(store => store.Corrections)];
}
