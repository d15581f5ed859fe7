using System.Globalization;
using Sluice.Field.Parts;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field.Uplink;

/// <summary>Somebody with the rights of the MES sends the published agent whatever he likes.</summary>
public sealed class Hostile_asks
{
    private const string Good = """{"v":1,"ask":"ledger"}""";
    private const int Flood = 2_000;

    [Fact]
    public async Task Are_refused_counted_and_told_and_every_reading_arrives()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        await plant.ServesAsync(10);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);
        var hash = await ConfigurationHashAsync(plant);
        var large = plant.Directory.At("large");
        await File.WriteAllTextAsync(large, new string(' ', 20 << 10) + Good);

        // This one the broker itself keeps back: the gateway said in its CONNECT what it takes at most.
        var huge = plant.Directory.At("huge");
        await File.WriteAllTextAsync(huge, new string(' ', 2 << 20) + Good);
        await PublishAsync(plant, $"-f {huge}");

        await PublishAsync(plant, "-m 'not json'");
        await PublishAsync(plant, $"-f {large}");
        await PublishAsync(plant, $"-m '{Good}' -r");
        await PublishAsync(plant, $"-m '{Good}' -D publish response-topic sluice/v1/plant1/{FieldGateway.Id}/data");
        await PublishAsync(plant, """-m '{"v":1,"ask":"write","signal":"plc/count","value":0}'""");
        const int Refused = 5;
        await PublishAsync(plant, "-l", $"yes '{Good}' | head -{Flood} | ");

        var (granted, refused) = (0L, 0L);
        await Eventually.HoldsAsync(
            async () =>
            {
                var uplink = (await plant.Gateway.StatusJsonAsync()).GetProperty("uplink");
                granted = uplink.GetProperty("asksGranted").GetInt64();
                refused = uplink.GetProperty("asksRefused").GetInt64();
                return granted + refused == Refused + Flood;
            },
            FieldPlant.Later, () => $"{granted} asks granted, {refused} refused. {plant.Gateway.Process.Tail()}");
        Assert.InRange(granted, 1, Flood / 2);
        var log = plant.Gateway.Process.Tail(1000);
        Assert.All(
            (string[])["Malformed", "TooLarge", "Retained", "ResponseTopic", "Unknown", "TooMany"],
            reason => Assert.Contains($"An ask over MQTT was refused: {reason}", log));

        await plant.ServesAsync(10);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);
        Assert.Equal(hash, await ConfigurationHashAsync(plant));
        Assert.Empty(plant.Mes.Arrivals.Select(arrival => arrival.Topic).Distinct()
            .Except(["status", "birth", "ledger", "data", "posture", "ask"]));
        Assert.Equal(1, plant.Mes.Arrivals.Count(arrival => arrival.Topic == "birth"));
    }

    private static async Task<string?> ConfigurationHashAsync(FieldPlant plant) =>
        (await plant.Gateway.StatusJsonAsync()).GetProperty("configuration").GetProperty("hash").GetString();

    private static async Task PublishAsync(FieldPlant plant, string what, string from = "")
    {
        var (certificate, key) = plant.Keys.WriteClientFiles(plant.Directory.At("asker"), "mes");
        var (code, said) = await ChildProcess.RunAsync("/bin/sh", "-c", string.Create(
            CultureInfo.InvariantCulture,
            $"{from}/usr/bin/mosquitto_pub -h 127.0.0.1 -p {plant.Broker.Port} --cafile {plant.Broker.Files.Authority} "
            + $"--cert {certificate} --key {key} -V mqttv5 -q 1 -i mes-asker "
            + $"-t sluice/v1/plant1/{FieldGateway.Id}/ask {what}"));
        Assert.True(code == 0, said);
    }
}
