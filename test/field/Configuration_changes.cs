using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field;

/// <summary>A bad new configuration is refused and reported, and the last good one goes on.</summary>
public sealed class Configuration_changes
{
    [Fact]
    public async Task A_bad_new_one_is_refused_and_the_last_good_one_runs_on()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        await plant.ServesAsync(10);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);
        Assert.Equal(0, await plant.Gateway.StopAsync());
        var good = plant.Configuration;

        plant.Configure(good with { BrokerAddress = "203.0.113.9", CommitEvery = "200" });
        plant.Gateway.Start();
        await plant.ServesAsync(10);
        await plant.Mes.HasEverythingAsync(
            plant.Machine.Record(), FieldPlant.Soon, plant.Gateway, plant.Gateway.WasOnItsWayAtAStop);

        var configuration = (await plant.Gateway.StatusJsonAsync()).GetProperty("configuration");
        Assert.Equal("last-good", configuration.GetProperty("origin").GetString());
        var problems = string.Join('\n', configuration.GetProperty("problems").EnumerateArray());
        Assert.Contains("broker.network", problems);
        Assert.Contains("commitEvery", problems);
        Assert.Contains("broker.network", plant.Gateway.Process.Tail());
        Assert.Equal(0, await plant.Gateway.StopAsync());

        plant.Configure(good with { Every = "100 ms" });
        plant.Gateway.Start();
        await plant.ServesAsync(5);
        await plant.Mes.HasEverythingAsync(
            plant.Machine.Record(), FieldPlant.Soon, plant.Gateway, plant.Gateway.WasOnItsWayAtAStop);
        var now = (await plant.Gateway.StatusJsonAsync()).GetProperty("configuration");
        Assert.Equal("file", now.GetProperty("origin").GetString());
    }

    [Fact]
    public async Task Two_mistakes_are_both_said_with_file_line_path_and_what_to_write()
    {
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        plant.Configure(plant.Configuration with { BrokerAddress = "203.0.113.9", CommitEvery = "200" });

        var (code, text) = await plant.Gateway.CheckAsync();

        Assert.Equal(78, code);
        var lines = text.Split('\n');
        var file = await File.ReadAllLinesAsync(plant.Gateway.ConfigurationFile);
        foreach (var (path, written) in new[]
            { ("broker.addresses[0]", "203.0.113.9"), ("buffer.commitEvery", "\"200\"") })
        {
            var number = 1 + Array.FindIndex(file, line => line.Contains(written, StringComparison.Ordinal));
            Assert.True(
                lines.Any(line => line.Contains($"gateway.json:{number}:") && line.Contains(path)),
                $"{path} in line {number}\n{text}");
        }
    }
}
