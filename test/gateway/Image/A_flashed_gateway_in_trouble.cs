using Sluice.Field.Parts;
using Sluice.Gateway.Machine;
using Sluice.Gateway.Power;
using Xunit;

namespace Sluice.Gateway.Image;

/// <summary>
/// What goes wrong in a cabinet that nobody can log into: power, the disk, the card's files, a bundle that comes by the
/// card, a kernel that stops. Each of them is a start of the emulated machine or several, so these are not for every
/// day.
/// </summary>
[Trait("suite", "all")]
public sealed class A_flashed_gateway_in_trouble : IAsyncLifetime
{
    private const string LastLine = "End of this report.";

    /// <summary>Where the data partition begins: packaging/image/make-image.sh.</summary>
    private const int DataMegabyte = 1217;

    private static readonly string Report = $"{GuestAgent.Id}.report.txt";
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(300);

    private readonly FieldDirectory directory = new();
    private BenchPlant bench = null!;
    private FlashedGateway gateway = null!;

    public async ValueTask InitializeAsync()
    {
        bench = new BenchPlant(directory);
        await bench.MakeAsync();
        gateway = new FlashedGateway(directory);
        await gateway.FlashAsync();
        await gateway.PutAsync(await bench.CardFilesAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await gateway.DisposeAsync();
        await bench.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task The_card_alone_brings_the_bundle_once_and_not_at_each_start()
    {
        await StartAsync();
        await gateway.CutPowerAsync();
        await BundleOntoTheCardAsync();
        await gateway.PowerOnAsync();
        await bench.ReadsOnAsync(gateway);
        await gateway.SaysAsync(Report, LastLine, StartMax);
        var said = await gateway.SaysAsync(Report, "is in use", StartMax);
        await Task.Delay(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken); // that it is done is noted
        await gateway.CutPowerAsync();

        await gateway.PowerOnAsync();
        await bench.ReadsOnAsync(gateway);
        await Task.Delay(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(said, await gateway.ReadAsync(Report));
        await bench.Outside.HasEverythingAsync(bench);
    }

    /// <summary>From the loader's time on to the agent's: whatever it came between, the next start ends well.</summary>
    [Fact]
    public async Task Power_cuts_in_the_first_start_leave_a_gateway_that_begins_again()
    {
        foreach (var seconds in new[] { 6, 9, 11, 13, 16, 20, 26 })
        {
            await gateway.PowerOnAsync();
            await Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
            await gateway.CutPowerAsync();
        }

        await StartAsync();
        Assert.DoesNotContain("What is wrong", await gateway.SaysAsync("card.report.txt", LastLine, StartMax));
        await gateway.CutPowerAsync();
        var data = await gateway.DataAsync();
        Assert.True(await data.FileSystemBytesAsync() > data.Bytes - (8 << 20), "it did not grow");
        Assert.Matches("^[0-9a-f]{32}$", (await data.ReadAsync("/machine-id")).Trim());
    }

    [Fact]
    public async Task A_data_partition_that_is_no_file_system_any_more_stops_no_start_and_is_told_and_left_alone()
    {
        await StartAsync();
        await gateway.CutPowerAsync();
        await Shell.RunAsync(
            $"head -c 829M /dev/urandom | dd of={gateway.Disk} bs=1M seek={DataMegabyte} conv=notrunc status=none");
        var damaged = await SumAsync();
        await gateway.PowerOnAsync();
        var said = await gateway.SaysAsync("card.report.txt", "What is wrong with this machine", StartMax);
        Assert.Contains("the gateway runs in memory", said);
        Assert.Contains("Taken from the card", said);
        await Eventually.HoldsAsync(
            async () => (await gateway.WatchLightAsync(TimeSpan.FromSeconds(4))).Turns > 0, StartMax,
            () => "the light does not blink");
        await gateway.CutPowerAsync();
        Assert.Equal(damaged, await SumAsync());

        async Task<string> SumAsync() => (await ChildProcess.RunAsync("/bin/sh", "-c",
            $"dd if={gateway.Disk} bs=1M skip={DataMegabyte} count=300 status=none | sha256sum")).Text;
    }

    [Fact]
    public async Task A_data_partition_that_somebody_filled_up_stops_no_start()
    {
        await StartAsync();
        await gateway.CutPowerAsync();
        var data = await gateway.DataAsync();
        var blocks = Path.Combine(directory.Root, "much");
        await Shell.RunAsync($"head -c {data.Bytes} /dev/zero | tr '\\0' x >{blocks}; "
            + $"debugfs -w -R 'write {blocks} /var/much' {data.File} >/dev/null 2>&1; "
            + $"rm {blocks}; "
            + $"dd if={data.File} of={gateway.Disk} bs=512 seek={data.Start / 512} conv=notrunc status=none");
        await gateway.PowerOnAsync();
        await Eventually.HoldsAsync(
            async () => (await gateway.WatchLightAsync(TimeSpan.FromSeconds(4))).Turns > 0, StartMax,
            () => "the light does not blink");
        Assert.Contains("It has what is on the card", await gateway.SaysAsync("card.report.txt", LastLine, StartMax));
    }

    [Fact]
    public async Task A_mistake_on_the_card_is_told_there_at_its_line_and_what_was_right_stays()
    {
        await StartAsync();
        await gateway.CutPowerAsync();
        await File.WriteAllTextAsync(directory.At("s.csv"), "signal,address,type\ncount,holding:0,flaot32\n");
        await gateway.PutAsync(directory.At("s.csv"));
        await gateway.PowerOnAsync();
        var said = await gateway.SaysAsync("card.report.txt", "Something on the card is wrong", StartMax);
        Assert.Contains("s.csv:2", said);
        Assert.Contains("did you mean \"float32\"", said);
        await Eventually.HoldsAsync(
            async () => (await gateway.WatchLightAsync(TimeSpan.FromSeconds(4))).Turns > 0, StartMax,
            () => "what was right before does not run");
    }

    /// <summary>Nothing that the loader could start stands in its way for ever: it comes to its end and starts
    /// anew.</summary>
    [Fact]
    public async Task A_kernel_that_panics_and_a_root_that_is_damaged_start_the_machine_anew()
    {
        await Shell.RunAsync($"cp {gateway.Disk} {gateway.Disk}.whole --sparse=always");
        await File.WriteAllTextAsync(directory.At("initrd"), "no initrd");
        await gateway.PutOnLoaderAsync(directory.At("initrd"), "/sluice/a/initrd");
        await gateway.PowerOnAsync();
        await gateway.StartsAnewAsync(StartMax);

        await Shell.RunAsync($"mv {gateway.Disk}.whole {gateway.Disk}; "
            + $"dd if=/dev/zero of={gateway.Disk} bs=1M seek=193 count=1 conv=notrunc status=none");
        await gateway.PowerOnAsync();
        await gateway.StartsAnewAsync(StartMax);
    }

    /// <summary>Until it has left a request, by a key of its own.</summary>
    private async Task StartAsync()
    {
        await gateway.PowerOnAsync();
        Assert.Contains("request: done", await gateway.SaysAsync(Report, LastLine, StartMax));
    }

    private async Task BundleOntoTheCardAsync()
    {
        var key = (await gateway.ReadAsync(Report))!.Split("Its key is ")[1].Split('.')[0];
        var laptop = Directory.CreateDirectory(directory.At("laptop", "sluice")).FullName;
        await gateway.TakeAsync($"{GuestAgent.Id}.request.pem", laptop);
        await bench.Ca.SignAsync(directory.At("laptop"), key);
        await gateway.PutAsync(Path.Combine(laptop, $"{GuestAgent.Id}.bundle"));
    }
}
