using Sluice.Field.Parts;
using Sluice.Field.Parts.Disks;
using Xunit;

namespace Sluice.Field.Disks;

/// <summary>
/// Worn flash turns read-only. Root ignores file modes, so the test mounts the buffer's directory read-only.
/// </summary>
public sealed class Storage_fails
{
    [Fact]
    public async Task Read_only_from_the_start_the_data_goes_on_from_memory_and_returns_to_disk()
    {
        await using var plant = await FieldPlant.StartAsync();
        await using var mount = await BindMount.OverAsync(plant.Gateway.BufferDirectory);
        var (_, before) = await plant.Gateway.CheckAsync();
        await mount.ReadOnlyAsync();

        var (_, said) = await plant.Gateway.CheckAsync();
        plant.Gateway.Start();
        await plant.ServesAsync(20);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);

        Assert.DoesNotContain("is read-only", before);
        Assert.Contains($"{plant.Gateway.BufferDirectory}: warning: is read-only", said);
        var status = await plant.Gateway.StatusJsonAsync();
        Assert.Equal("memory", status.GetProperty("buffer").GetProperty("storage").GetString());
        Assert.NotEqual("", status.GetProperty("buffer").GetProperty("fault").GetString());
        Assert.Equal("memory", plant.Mes.Judge((_, stream) => stream.Birth!.Storage));

        await mount.WritableAsync();
        await ReturnsToDiskAsync(plant);

        // What is on disk again outlives a kill.
        await plant.Broker.StopAsync();
        await plant.ServesAsync(20);
        var durable = plant.Machine.Record();
        await Task.Delay(TimeSpan.FromMilliseconds(600));
        await plant.Gateway.KillAsync();
        plant.Gateway.Start();
        await plant.Broker.StartAsync();
        await plant.ServesAsync(5);
        await plant.Mes.HasEverythingAsync(durable, FieldPlant.Later, plant.Gateway);
    }

    [Fact]
    public async Task Worn_out_in_the_middle_of_a_run_nothing_that_was_read_is_missing()
    {
        await using var plant = await FieldPlant.StartAsync();
        await using var disk = await WornDisk.OverAsync(plant.Gateway.BufferDirectory, megabytes: 64);
        plant.Gateway.Start();
        await plant.ServesAsync(20);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);

        await disk.WearOutAsync();
        await plant.ServesAsync(40);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);
        var worn = await plant.Gateway.StatusJsonAsync();
        Assert.Equal("memory", worn.GetProperty("buffer").GetProperty("storage").GetString());
        Assert.Contains("read-only", worn.GetProperty("attention")[0].GetString());

        await disk.ReplaceAsync();
        await ReturnsToDiskAsync(plant);
    }

    private static async Task ReturnsToDiskAsync(FieldPlant plant)
    {
        await Eventually.HoldsAsync(
            async () => (await plant.Gateway.StatusJsonAsync())
                .GetProperty("buffer").GetProperty("storage").GetString() == "disk",
            FieldPlant.Later,
            () => $"it never returned to disk. {plant.Gateway.Process.Tail()}");
        await plant.ServesAsync(20);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, plant.Gateway);
        Assert.Equal("disk", plant.Mes.Judge((_, stream) => stream.Birth!.Storage));
    }
}
