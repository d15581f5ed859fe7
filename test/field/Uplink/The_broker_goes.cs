using System.Diagnostics;
using System.Globalization;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Wires;
using Xunit;

namespace Sluice.Field.Uplink;

/// <summary>
/// The other end of the one flow stops, dies, goes silent, or has nobody behind it. Nothing may be lost.
/// </summary>
public sealed class The_broker_goes(ITestOutputHelper output)
{
    [Fact]
    public async Task Stopped_and_started_the_MES_gets_birth_then_live_then_what_was_stored()
    {
        await using var plant = await FieldPlant.StartAsync();

        // Small messages on a narrow road: the backlog takes a while, and live readings must not wait behind it.
        plant.Configure(plant.Configuration with { MessageBytesMax = "2 KiB", RateMax = "16 KiB/s" });
        plant.Gateway.Start();
        await plant.ServesAsync(10);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);
        var before = plant.Mes.Arrivals.Count;

        await plant.Broker.StopAsync();
        var away = plant.Machine.Record()[^1].Count;
        await plant.ServesAsync(150);
        var back = plant.Machine.Record()[^1].Count;
        await plant.Broker.StartAsync();
        await plant.ServesAsync(20);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, plant.Gateway);

        var after = plant.Mes.Arrivals.Skip(before).Where(arrival => arrival.Topic is "birth" or "data").ToList();
        Assert.Equal("birth", after[0].Topic);
        var data = after.Where(arrival => arrival.Topic == "data").ToList();
        var firstLive = data.FindIndex(arrival => arrival.Payload.Contains("\"historical\":false"));
        var lastHistorical = data.FindLastIndex(arrival => arrival.Payload.Contains("\"historical\":true"));
        Assert.InRange(firstLive, 0, lastHistorical);
        var stored = plant.Mes.Readings.Where(reading => reading.Signal == "plc/count").ToDictionary(
            reading => reading.Json.GetProperty("v").GetInt64(), reading => reading.Historical);

        // Well inside the outage; at its edges a reading may be either.
        Assert.All(stored.Where(pair => pair.Key > away + 10 && pair.Key < back - 10), pair => Assert.True(pair.Value));
    }

    [Fact]
    public async Task Killed_and_started_everything_arrives_compressed_or_not()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Configure(plant.Configuration with { Compress = "gzip" });
        plant.Gateway.Start();
        for (var turn = 0; turn < 3; turn++)
        {
            await plant.ServesAsync(15);
            await plant.Broker.KillAsync();
            await plant.ServesAsync(15);
            await plant.Broker.StartAsync();
            await plant.Gateway.ConnectedAsync(FieldPlant.Later);
        }

        await plant.ServesAsync(5);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, plant.Gateway);
        var packed = plant.Mes.Arrivals.Where(arrival => arrival.WireBytes > 0).ToList();
        var (plain, wire) = (packed.Sum(one => one.Payload.Length), packed.Sum(one => one.WireBytes));
        output.WriteLine($"{packed.Count} messages compressed: {plain} bytes became {wire}");
        Assert.All(packed, one => Assert.Equal("data", one.Topic));
        Assert.InRange(wire, 1, plain / 2);
    }

    [Fact]
    public async Task Silent_it_is_found_within_twice_the_keep_alive_and_everything_arrives()
    {
        await using var plant = await FieldPlant.StartAsync();
        await using var cable = new SilentProxy(plant.Broker.Port);
        plant.Configure(plant.Configuration with { BrokerPort = cable.Port, KeepAlive = "5 s" });
        plant.Gateway.Start();
        await plant.ServesAsync(10);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);

        var pulled = Stopwatch.StartNew();
        cable.Pull();
        await Eventually.HoldsAsync(
            async () => (await plant.Gateway.StatusJsonAsync())
                .GetProperty("uplink").GetProperty("state").GetString() != "connected",
            TimeSpan.FromSeconds(15),
            () => $"the dead link was not found. {plant.Gateway.Process.Tail()}");
        var found = pulled.Elapsed;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"found after {found.TotalSeconds:0.0} s"));
        Assert.True(found <= TimeSpan.FromSeconds(10), $"found after {found}");

        await plant.ServesAsync(20);
        cable.Plug();
        await plant.ServesAsync(10);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, plant.Gateway);
        output.WriteLine(plant.Mes.Account());
    }

    [Fact]
    public async Task Nobody_subscribed_it_has_delivered_to_nobody_so_nothing_is_forgotten()
    {
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        plant.Gateway.Start();
        await plant.Gateway.StatusSaysAsync("subscri", FieldPlant.Soon);
        await plant.ServesAsync(30);
        var status = await plant.Gateway.StatusJsonAsync();
        Assert.Equal(0, status.GetProperty("uplink").GetProperty("acknowledged").GetInt64());

        await plant.StartMesAsync();

        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, plant.Gateway);
    }
}
