using Sluice.Agent;
using Sluice.Agent.Configuration;
using Sluice.Hal.Gpio;
using Sluice.Mes;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Fast.EndToEnd;

/// <summary>From a register of a Modbus server to the MES, through the whole agent.</summary>
public sealed class Whole_agent
{
    [Fact]
    public async Task Each_reading_that_the_plant_gave_reaches_the_mes_once()
    {
        await using var plant = await SmallPlant.StartAsync();

        plant.StartAgent();

        await plant.UntilAsync("ten readings and a ledger", stream => stream.Readings >= 10
            && stream.Ledger is not null);
        await plant.UntilAsync("no gap", stream => stream.OpenGaps == 0);
        plant.Prove();
        Assert.Equal(["plc/level", "plc/record/count"], plant.See(stream => stream.Signals.Keys.Order().ToArray()));
        Assert.Equal(("disk", "mm"),
            plant.See(stream => (stream.Birth?.Storage, stream.Signals[SmallPlant.Level].Unit)));
        Assert.Equal("7", plant.See(stream => stream.Signals[SmallPlant.Level].Current?.Value));
        Assert.True(plant.See(stream => stream.Status?.IsOnline));
    }

    [Fact]
    public async Task What_was_read_while_the_broker_was_away_comes_as_history_without_a_gap()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.StartAgent();
        await plant.UntilAsync("live readings", stream => stream.Signals.Values.Any(signal => signal.Live >= 5));
        var before = plant.See(stream => (stream.Historical, stream.Births, Next: Next(stream)));

        plant.Broker.CutGateways();
        var given = plant.Given;
        while (plant.Given < given + 2)
        {
            await Task.Delay(5, plant.Bound);
        }

        // Mended before the first try of the agent, 0.34 s after the cut; what it reads until then is history.
        await plant.Broker.MendGatewaysAsync(plant.Bound);

        await plant.UntilAsync("a second birth", stream => stream.Births > before.Births);
        await plant.UntilAsync("history", stream => stream.Historical >= before.Historical + 3);
        await plant.UntilAsync("a younger ledger without a gap", stream =>
            Next(stream) > before.Next && stream.OpenGaps == 0);
        Assert.True(plant.RecordLast() > given + 3);
        plant.Prove();

        // History overtaken by live readings did not become the present.
        var (current, last) = plant.See(stream => (
            stream.Signals["plc/record/count"].Current!.Value.Position, stream.Stores.Values.Single().Last));
        Assert.InRange(current, last - 2, last);
    }

    [Fact]
    public async Task A_light_on_a_chip_that_is_not_there_keeps_nothing_from_the_mes()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.Light = new LightSettings("/dev/gpiochip-that-is-not-there", new GpioLine(-1, "LED1"));

        plant.StartAgent();

        await plant.UntilAsync("readings and no gap", stream => stream.Readings >= 5 && stream.OpenGaps == 0);
        Assert.Equal(ExitCode.Fine, await plant.StopAgentAsync());
        var line = Assert.Single(plant.Logged, line => line.Contains("status light", StringComparison.Ordinal));
        Assert.StartsWith("Warning", line, StringComparison.Ordinal);
        Assert.Contains("There is no GPIO chip /dev/gpiochip-that-is-not-there", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_stop_and_a_start_nothing_is_lost_and_no_position_is_used_twice()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.StartAgent();
        await plant.UntilAsync("readings", stream => stream.Readings >= 8);

        Assert.Equal(ExitCode.Fine, await plant.StopAgentAsync());
        await plant.UntilAsync("its goodbye", stream => stream.Status is { IsOnline: false, Reason: "stopped" });
        var (readings, run, next) = plant.See(stream => (stream.Readings, stream.Ledger?.Run, Next(stream)));
        plant.StartAgent();

        await plant.UntilAsync("readings of the second run", stream => stream.Readings >= readings + 8);
        await plant.UntilAsync("a ledger of the second run without a gap", stream =>
            stream.Ledger?.Run != run && Next(stream) > next && stream.OpenGaps == 0);
        Assert.Single(plant.See(stream => stream.Stores.Keys.ToArray()));
        plant.Prove();
    }

    [Fact]
    public async Task A_server_that_falls_silent_gives_bad_readings_and_both_edges_are_reported()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.AnswersWithin = "500 ms";
        plant.StartAgent();
        await plant.UntilAsync("the level", stream =>
            stream.Signals.GetValueOrDefault(SmallPlant.Level)?.Current is not null);
        await plant.UntilAsync("some time", stream => stream.Readings >= 10);

        plant.Server.Silent = true;
        await plant.UntilAsync("Bad", _ => plant.Levels.Any(reading => reading.Quality == "Bad"));
        plant.Server.Silent = false;
        await plant.UntilAsync("Good again", _ => plant.Levels[^1].Quality == "Good" && plant.Levels.Count > 2);

        var levels = plant.Levels;
        var fall = Enumerable.Range(0, levels.Count).First(at => levels[at].Quality == "Bad");
        var rise = Enumerable.Range(fall, levels.Count - fall).First(at => levels[at].Quality == "Good");
        Assert.Equal((null, "Timeout"), (Value(levels[fall]), levels[fall].Reason));

        // The level never changes, so it is reported once; the last Good reading before the fall is an edge of its own.
        Assert.Equal("7", Value(levels[fall - 1]));
        Assert.True(levels[fall - 1].SourceTimestamp > levels[0].SourceTimestamp);
        Assert.Equal("7", Value(levels[rise]));
        await plant.UntilAsync("the record again", stream =>
            stream.Signals["plc/record/count"].Current?.Quality == "Good");
        plant.Prove();
    }

    [Fact]
    public async Task An_identity_of_another_gateway_is_a_sentence_in_the_status_and_nothing_is_lost()
    {
        await using var plant = await SmallPlant.StartAsync();
        plant.Keys.WriteIdentityDirectory(plant.IdentityDirectory, "gw-043").Dispose();

        plant.StartAgentAsItIs();

        var sentence = await SentenceAsync(plant);
        Assert.Contains("gw-043", sentence, StringComparison.Ordinal);
        Assert.Equal(0, plant.See(stream => stream.Readings));
        await UntilWaitingAsync(plant);
    }

    [Fact]
    public async Task An_identity_of_a_foreign_ca_is_a_sentence_in_the_status_and_nothing_is_lost()
    {
        await using var plant = await SmallPlant.StartAsync();
        using var foreign = new PlantKeys("plant2");
        foreign.WriteIdentityDirectory(plant.IdentityDirectory, SmallPlant.GatewayId).Dispose();

        plant.StartAgentAsItIs();

        Assert.NotEmpty(await SentenceAsync(plant));
        await UntilWaitingAsync(plant);
    }

    private static string? Value(MesReading reading) => reading.Value == "null" ? null : reading.Value;

    private static long Next(GatewayStream stream) => stream.Ledger?.Stores.Sum(store => store.Next) ?? 0;

    private static async Task<string> SentenceAsync(SmallPlant plant)
    {
        while (true)
        {
            if (await plant.AskStatusAsync() is { Uplink.Sentence: { Length: > 0 } sentence })
            {
                return sentence;
            }

            await Task.Delay(20, plant.Bound);
        }
    }

    private static async Task UntilWaitingAsync(SmallPlant plant)
    {
        while (await plant.AskStatusAsync() is not { Buffer: { Storage: "disk", Waiting: >= 3 } })
        {
            await Task.Delay(20, plant.Bound);
        }
    }
}
