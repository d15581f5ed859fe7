using Sluice.Agent;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Sluice.Plant.Clock;
using Xunit;

namespace Sluice.Fast.EndToEnd;

/// <summary>The whole agent on a machine whose clock is set late, or jumps.</summary>
public sealed class Whole_agent_and_the_clock
{
    private static readonly TimeSpan Behind = TimeSpan.FromMinutes(30);

    [Fact]
    public async Task What_was_stored_before_the_clock_was_set_is_corrected_once_and_what_was_sent_stays()
    {
        await using var plant = await SmallPlant.StartAsync();
        var clock = plant.Clock = new MovedClock();
        clock.Step(-Behind);
        plant.StartAgent();
        await plant.UntilAsync("readings of a clock that is not set", stream => Unset(stream) >= 5
            && stream.Ledger is { Clock.IsSet: false });
        Assert.Equal("ClockNotSet", plant.See(stream => stream.Signals[SmallPlant.Level].Current?.Reason));

        plant.Broker.CutGateways();
        await GivesAsync(plant, 3);
        clock.Step(Behind);
        clock.Synchronised = true;
        await GivesAsync(plant, 2);
        await plant.Broker.MendGatewaysAsync(plant.Bound);

        await plant.UntilAsync("a correction in the ledger", stream => Corrections(stream).Count > 0);
        await plant.UntilAsync("good readings and no gap", stream => stream.OpenGaps == 0
            && stream.Signals["plc/record/count"].Current?.Quality == "Good");
        plant.Prove();

        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var corrections = plant.See(Corrections);
        var ledger = plant.See(stream => stream.Ledger!);
        Assert.True(ledger.Clock!.IsSet);
        var step = Assert.Single(ledger.Clock.Steps);
        Assert.InRange(step.OffsetMilliseconds, Behind.TotalMilliseconds - 100, Behind.TotalMilliseconds + 100);
        Assert.All(corrections, rule => Assert.Equal(step.OffsetMilliseconds, rule.OffsetMilliseconds));
        var corrected = plant.Arrivals.Where(reading => corrections.Any(
            rule => reading.Position >= rule.Range.From && reading.Position <= rule.Range.To));
        Assert.NotEmpty(corrected);
        Assert.All(plant.Arrivals, reading => Assert.Equal(
            reading.Reason == "ClockNotSet", now - reading.SourceTimestamp > Behind / 2));
        Assert.All(corrected, reading => Assert.Equal("Good", reading.Quality));
    }

    [Fact]
    public async Task A_wall_clock_that_jumps_by_decades_changes_no_order_no_delivery_and_no_position()
    {
        await using var plant = await SmallPlant.StartAsync();
        var clock = plant.Clock = new MovedClock { Synchronised = true };
        plant.StartAgent();
        await plant.UntilAsync("readings", stream => stream.Readings >= 8);

        clock.Step(TimeSpan.FromDays(-20 * 365));
        await GivesAsync(plant, 4);
        await AllArriveAsync(plant);
        clock.Step(TimeSpan.FromDays(35 * 365));
        await GivesAsync(plant, 4);
        await AllArriveAsync(plant);
        clock.Step(TimeSpan.FromDays(-15 * 365));

        // What was sent live came live, but for the few that a busy machine kept waiting: the jump made nothing
        // history, and nothing waits for the year 2041.
        await plant.UntilAsync("three steps in the ledger", stream => stream.Ledger?.Clock?.Stepped == 3);
        plant.Prove();
        var positions = plant.Arrivals.Select(reading => reading.Position).ToArray();
        Assert.Equal(positions.Order(), positions);
        Assert.InRange(plant.See(stream => stream.Historical), 0, positions.Length / 4);
        Assert.Contains(plant.Arrivals, reading => reading.SourceTimestamp.Year < 2010);
        Assert.Contains(plant.Arrivals, reading => reading.SourceTimestamp.Year > 2038);

        Assert.Equal(ExitCode.Fine, await plant.StopAgentAsync());
        plant.StartAgent();
        await plant.UntilAsync("a stop in the ledger", stream => stream.Ledger?.Gaps.Count == 1);
        var gap = plant.See(stream => stream.Ledger!.Gaps[0]);
        Assert.Equal(("Stopped", 0L, false, true), (gap.Reason, gap.LossMilliseconds, gap.IsRebooted, gap.IsClockSet));
        Assert.True(gap.To > gap.From);
        Assert.Single(plant.See(stream => stream.Stores.Keys.ToArray()));
        plant.Prove();
    }

    private static long Unset(GatewayStream stream) => stream.Stores.Values.Sum(store => store.ClockNotSet);

    private static IReadOnlyList<CorrectionAccount> Corrections(GatewayStream stream) =>
        stream.Ledger?.Stores.SelectMany(store => store.Corrections).ToArray() ?? [];

    private static async Task AllArriveAsync(SmallPlant plant)
    {
        var given = plant.Given;
        await plant.UntilAsync("all that was given", _ => plant.RecordLast() >= given);
    }

    private static async Task GivesAsync(SmallPlant plant, int more)
    {
        var given = plant.Given;
        while (plant.Given < given + more)
        {
            await Task.Delay(5, plant.Bound);
        }
    }
}
