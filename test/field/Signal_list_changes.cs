using System.Text;
using System.Text.Json;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field;

/// <summary>Another signal list while readings of the old one wait, or are kept: the MES can read all of them.
/// </summary>
public sealed class Signal_list_changes
{
    private const string Other = """
        signal,address,type,order,unit,report
        count,holding:0,uint32,ABCD,,always
        twice,holding:2,float32,ABCD,,always
        below,holding:4,int16,,degC,

        """;

    [Fact]
    public async Task A_new_signal_is_born_before_it_is_read_and_a_removed_one_described_until_its_readings_are_gone()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Configure(plant.Configuration with { SizeMax = "16 MiB", RateMax = "128 KiB/s" });
        plant.Gateway.Start();
        await plant.ServesAsync(20);

        // The last readings of the old list wait for a broker that is away.
        await plant.Broker.StopAsync();
        await plant.ServesAsync(20);
        Assert.Equal(0, await plant.Gateway.StopAsync());
        plant.Configure(plant.Configuration with { Signals = Other });
        plant.Gateway.Start();
        await plant.ServesAsync(10);
        await plant.Broker.StartAsync();
        await plant.Mes.HasEverythingAsync(
            plant.Machine.Record(), FieldPlant.Later, plant.Gateway, plant.Gateway.WasOnItsWayAtAStop);
        Assert.True(First(plant, "birth", "plc/twice") < First(plant, "data", "plc/twice"));

        // What is removed, and what has another unit now, holds for what was read before, and for nothing else.
        var birth = Last(plant);
        var (store, before) = Until(birth, "plc/half")!.Value;
        Assert.Equal((store, before), Until(birth, "plc/below")!.Value);
        Assert.Null(Until(birth, "plc/count"));
        Assert.DoesNotContain(birth.GetProperty("signals").EnumerateArray(), IsHalf);
        var halves = plant.Mes.Readings.Where(reading => reading.Signal == "plc/half").ToList();
        Assert.Contains(halves, reading => reading.Historical);
        Assert.All(halves, reading => Assert.True(reading.Store == store && reading.Position < before));
        Assert.All(
            plant.Mes.Readings.Where(reading => reading.Signal == "plc/twice"),
            reading => Assert.True(reading.Store != store || reading.Position >= before));

        // It is the buffer that remembers it, through a kill, and although one of its files is garbage.
        await plant.Gateway.KillAsync();
        var kept = Path.Combine(plant.Gateway.BufferDirectory, "signals");
        await File.WriteAllTextAsync(Path.Combine(kept, "described.txt"), "garbage");
        var births = Births(plant).Count;
        plant.Gateway.Start();
        await Eventually.HoldsAsync(
            () => Births(plant).Count > births, FieldPlant.Soon, () => $"no birth:\n{plant.Gateway.Process.Tail()}");
        Assert.Equal((store, before), Until(Last(plant), "plc/half")!.Value);
        await plant.Gateway.Process.SaysAsync("What was kept of earlier signal lists is damaged", FieldPlant.Soon);
        await GoesWithItsReadingsAsync(plant, before);
    }

    /// <summary>So many readings that the buffer needs the room of the old ones, which the MES could have replayed.
    /// </summary>
    private static async Task GoesWithItsReadingsAsync(FieldPlant plant, long before)
    {
        Assert.Equal(0, await plant.Gateway.StopAsync());
        var many = new StringBuilder("signal,address,type,report\nwave,sine,float64,always\n");
        for (var number = 0; number < 400; number++)
        {
            many.Append("walk").Append(number).Append(",walk,float64,always\n");
        }

        plant.Configure(plant.Configuration with { MadeUp = many.ToString(), MadeUpEvery = "10 ms" });
        plant.Gateway.Start();
        await Eventually.HoldsAsync(
            () => Births(plant).Count > 0 && Until(Last(plant), "plc/half") is null, TimeSpan.FromMinutes(4),
            () => $"still described. {plant.Mes.Account()}\n{plant.Gateway.Process.Tail()}");

        // The ledger that says so may be a moment behind the birth.
        long held = 0;
        await Eventually.HoldsAsync(
            () => (held = plant.Mes.Judge((_, stream) => stream.Ledger!.Stores[^1].First)) >= before, FieldPlant.Soon,
            () => $"described no more while positions from {held} on are held");
        Assert.Empty(plant.Mes.Judge((ledger, _) => ledger.Violations.ToList()));
    }

    private static bool IsHalf(JsonElement signal) => signal.GetProperty("s").GetString() == "plc/half";

    private static List<string> Births(FieldPlant plant) =>
        [.. plant.Mes.Arrivals.Where(arrival => arrival.Topic == "birth").Select(arrival => arrival.Payload)];

    private static JsonElement Last(FieldPlant plant)
    {
        using var json = JsonDocument.Parse(Births(plant)[^1]);
        return json.RootElement.Clone();
    }

    /// <summary>Where among all arrivals a topic first names a signal.</summary>
    private static int First(FieldPlant plant, string topic, string signal) => plant.Mes.Arrivals.ToList().FindIndex(
        arrival => arrival.Topic == topic && arrival.Payload.Contains($"\"s\":\"{signal}\"", StringComparison.Ordinal));

    private static (string Store, long Before)? Until(JsonElement birth, string signal)
    {
        if (!birth.TryGetProperty("retired", out var retired))
        {
            return null;
        }

        foreach (var each in retired.EnumerateArray().Where(each => each.GetProperty("s").GetString() == signal))
        {
            var end = Assert.Single(each.GetProperty("until").EnumerateArray());
            return (end.GetProperty("store").GetString()!, end.GetProperty("before").GetInt64());
        }

        return null;
    }
}
