using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field;

/// <summary>Machine to MES when nothing goes wrong: pymodbus, the published agent, mosquitto, mosquitto_sub.</summary>
public sealed class First_light
{
    [Fact]
    public async Task A_reading_of_a_real_server_arrives_at_a_real_broker_over_mutual_TLS()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        await plant.ServesAsync(40);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);

        // The torn answer that never may be: half is made from count in the same answer of the server.
        var bySignal = plant.Mes.Readings.ToLookup(reading => reading.Signal, reading => reading.Json);
        var halves = bySignal["plc/half"].Select(json => json.GetProperty("v").GetDouble() * 2).ToHashSet();
        Assert.All(bySignal["plc/count"], json => Assert.Contains(json.GetProperty("v").GetDouble(), halves));
        Assert.Equal(-2, bySignal["plc/below"].First().GetProperty("v").GetInt64());
        Assert.Equal("pymodbus", bySignal["plc/name"].First().GetProperty("v").GetString());
        Assert.Equal(1234, bySignal["plc/level"].First().GetProperty("v").GetInt64());
        Assert.True(bySignal["plc/running"].First().GetProperty("v").GetBoolean());
        Assert.False(bySignal["plc/open"].First().GetProperty("v").GetBoolean());
        Assert.NotEmpty(bySignal["demo/wave"]);

        // Report on change: what does not change is told once, not forty times.
        Assert.Single(bySignal["plc/below"]);

        // The broker speaks TLS 1.3 only and demands a certificate; its own word: MQTT 5, and the identity as user.
        var connected = await plant.Broker.Process.SaysAsync($" as {FieldGateway.Id} (p5", FieldPlant.Soon);
        Assert.Contains($"u'{FieldGateway.Id}'", connected);
        Assert.Equal(0, await plant.Gateway.StopAsync());
    }

    [Fact]
    public async Task Status_and_birth_come_first_and_a_stop_says_goodbye()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        await plant.ServesAsync(10);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);

        Assert.Equal(0, await plant.Gateway.StopAsync());

        Assert.Equal(["status", "birth"], plant.Mes.Arrivals.Take(2).Select(arrival => arrival.Topic));
        await Eventually.HoldsAsync(
            () => plant.Mes.Arrivals[^1] is { Topic: "status", Payload: var last }
                && last.Contains("\"offline\"") && last.Contains("\"stopped\""),
            FieldPlant.Soon,
            () => $"the last word is {plant.Mes.Arrivals[^1]}\n{plant.Gateway.Process.Tail()}");
        Assert.Equal(8, plant.Mes.Judge((_, stream) => stream.Birth!.Signals.Count));
    }

    [Fact]
    public async Task Stop_and_start_loses_nothing_and_uses_no_position_twice()
    {
        await using var plant = await FieldPlant.StartAsync();
        for (var turn = 0; turn < 3; turn++)
        {
            plant.Gateway.Start();
            await plant.ServesAsync(20);
            Assert.Equal(0, await plant.Gateway.StopAsync());
        }

        plant.Gateway.Start();
        await plant.ServesAsync(5);

        // All of them: what was read up to a stop was durable before the process ended.
        await plant.Mes.HasEverythingAsync(
            plant.Machine.Record(), FieldPlant.Soon, plant.Gateway, plant.Gateway.WasOnItsWayAtAStop);
        Assert.Single(plant.Mes.Judge((_, stream) => stream.Stores.Keys.ToList()));
    }

    [Fact]
    public async Task A_machine_that_goes_silent_is_told_as_Bad_and_not_as_silence()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        await plant.ServesAsync(10);
        await plant.Machine.KillAsync();

        await Eventually.HoldsAsync(() => Qualities(plant).Contains("Bad"), FieldPlant.Soon,
            () => $"no Bad reading arrived. {plant.Gateway.Process.Tail()}");
        await plant.Machine.StartAsync();
        await plant.ServesAsync(5);
        await Eventually.HoldsAsync(() => Qualities(plant)[^1] == "Good", FieldPlant.Soon,
            () => $"the machine is back and its readings are not. {plant.Gateway.Process.Tail()}");

        var bad = plant.Mes.Readings.First(reading => reading.Json.TryGetProperty("q", out _)).Json;
        Assert.Contains(bad.GetProperty("r").GetString(), (string[])["Disconnected", "Timeout"]);
    }

    private static List<string> Qualities(FieldPlant plant) =>
        [.. plant.Mes.Readings
            .Where(reading => reading.Signal == "plc/count")
            .OrderBy(reading => reading.Position)
            .Select(reading => reading.Json.TryGetProperty("q", out var quality) ? quality.GetString()! : "Good")];
}
