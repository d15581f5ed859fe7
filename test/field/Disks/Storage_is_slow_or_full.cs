using System.Globalization;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Disks;
using Xunit;

namespace Sluice.Field.Disks;

/// <summary>
/// A worn card takes seconds for one write, and somebody else's log fills the disk: neither may cost the plant a
/// reading, and the gateway says what is going on.
/// </summary>
public sealed class Storage_is_slow_or_full(ITestOutputHelper output)
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(6);
    private const int MoreKilobytesMax = 24 << 10;

    [Fact]
    public async Task Filled_by_somebody_else_what_was_stored_stays_new_readings_go_to_memory_and_return()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Configure(plant.Configuration with { CommitEvery = "50 ms", Every = "20 ms", SizeMax = "16 MiB" });
        await using var disk = await WornDisk.OverAsync(plant.Directory.At("disk"), megabytes: 32);
        Directory.CreateDirectory(plant.Directory.At("disk", "buffer"));
        Directory.CreateSymbolicLink(plant.Gateway.BufferDirectory, plant.Directory.At("disk", "buffer"));
        plant.Gateway.Start();
        await plant.Gateway.ConnectedAsync(FieldPlant.Soon);
        await plant.Broker.StopAsync();
        await plant.ServesAsync(40);

        var somebodyElses = plant.Directory.At("disk", "log");
        WornDisk.Fill(somebodyElses);
        await StorageIsAsync(plant, "memory");
        var full = await plant.Gateway.StatusJsonAsync();
        output.WriteLine(full.GetProperty("buffer").GetProperty("fault").GetString()!);
        Assert.Contains("No space left", full.GetProperty("attention")[0].GetString());
        await plant.ServesAsync(20);
        await plant.Broker.StartAsync();
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, plant.Gateway);

        File.Delete(somebodyElses);
        await StorageIsAsync(plant, "disk");
        await plant.ServesAsync(20);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, plant.Gateway);
    }

    [Fact]
    public async Task Hanging_for_seconds_the_plant_is_read_on_and_everything_arrives()
    {
        await using var plant = await FieldPlant.StartAsync();
        await using var disk = await TroubledDisk.OverAsync(
            plant.Gateway.BufferDirectory, writeTakes: TimeSpan.FromMilliseconds(100), megabytes: 96);
        plant.Gateway.Start();
        await plant.ServesAsync(40);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);
        var before = Resident(plant.Gateway.Process.Id);

        await disk.HangAsync();
        var witness = Task.Run(() => File.WriteAllText(
            Path.Combine(plant.Gateway.BufferDirectory, "lost+found", "witness"), "written"));
        var hung = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await Task.Delay(Hang);
        var late = plant.Machine.Record().Count(
            served => served.AtMilliseconds > hung + Hang.TotalMilliseconds - 1000);
        var more = Resident(plant.Gateway.Process.Id) - before;
        Assert.False(witness.IsCompleted, "The disk took a write while it hung.");
        await disk.GoOnAsync();
        await witness;

        output.WriteLine($"in the last second of a hang of {Hang.TotalSeconds} s: {late} values read; {more} KiB more");
        Assert.True(late > 0, "The plant was not read while the disk hung.");
        Assert.InRange(more, long.MinValue, MoreKilobytesMax);
        await plant.ServesAsync(20);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, plant.Gateway);
        var storage = plant.Mes.Judge((_, stream) => stream.Birth!.Storage);
        Assert.True(storage == "disk", $"Readings went to {storage}: {plant.Gateway.Process.Tail()}");
    }

    private static Task<TimeSpan> StorageIsAsync(FieldPlant plant, string storage) => Eventually.HoldsAsync(
        async () => (await plant.Gateway.StatusJsonAsync())
            .GetProperty("buffer").GetProperty("storage").GetString() == storage,
        FieldPlant.Later,
        () => $"new readings never went to {storage}. {plant.Gateway.Process.Tail()}");

    private static long Resident(int process) => long.Parse(
        File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);
}
