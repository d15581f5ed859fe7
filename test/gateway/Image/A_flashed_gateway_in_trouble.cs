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
public sealed class A_flashed_gateway_in_trouble : FlashedBench
{
    private const string LastLine = "End of this report.";

    /// <summary>Where the data partition begins: packaging/image/make-image.sh.</summary>
    private const int DataMegabyte = 1217;

    private static readonly string Report = $"{GuestAgent.Id}.report.txt";


    protected override async Task PrepareAsync()
    {
        await Gateway.PutAsync(await Plant.CardFilesAsync());
    }

    [Fact]
    public async Task The_card_alone_brings_the_bundle_once_and_not_at_each_start()
    {
        await StartAsync();
        await Gateway.CutPowerAsync();
        await BundleOntoTheCardAsync();
        await Gateway.PowerOnAsync();
        await Plant.ReadsOnAsync(Gateway);
        await Gateway.SaysAsync(Report, LastLine, StartMax);
        var said = await Gateway.SaysAsync(Report, "is in use", StartMax);
        await Task.Delay(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken); // that it is done is noted
        await Gateway.CutPowerAsync();

        await Gateway.PowerOnAsync();
        await Plant.ReadsOnAsync(Gateway);
        await Task.Delay(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(said, await Gateway.ReadAsync(Report));
        await Plant.Outside.HasEverythingAsync(Plant);
    }

    /// <summary>From the loader's time on to the agent's: whatever it came between, the next start ends well.</summary>
    [Fact]
    public async Task Power_cuts_in_the_first_start_leave_a_gateway_that_begins_again()
    {
        foreach (var seconds in new[] { 6, 9, 11, 13, 16, 20, 26 })
        {
            await Gateway.PowerOnAsync();
            await Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
            await Gateway.CutPowerAsync();
        }

        await StartAsync();
        Assert.DoesNotContain("What is wrong", await Gateway.SaysAsync("card.report.txt", LastLine, StartMax));
        await Gateway.CutPowerAsync();
        var data = await Gateway.DataAsync();
        Assert.True(await data.FileSystemBytesAsync() > data.Bytes - (8 << 20), "it did not grow");
        Assert.Matches("^[0-9a-f]{32}$", (await data.ReadAsync("/machine-id")).Trim());
    }

    [Fact]
    public async Task A_data_partition_that_is_no_file_system_any_more_stops_no_start_and_is_told_and_left_alone()
    {
        await StartAsync();
        await Gateway.CutPowerAsync();
        await Shell.RunAsync(
            $"head -c 829M /dev/urandom | dd of={Gateway.Disk} bs=1M seek={DataMegabyte} conv=notrunc status=none");
        var damaged = await SumAsync();
        await Gateway.PowerOnAsync();
        var said = await Gateway.SaysAsync("card.report.txt", "What is wrong with this machine", StartMax);
        Assert.Contains("the gateway runs in memory", said);
        Assert.Contains("Taken from the card", said);
        await Eventually.HoldsAsync(
            async () => (await Gateway.WatchLightAsync(TimeSpan.FromSeconds(4))).Turns > 0, StartMax,
            () => "the light does not blink");
        await Gateway.CutPowerAsync();
        Assert.Equal(damaged, await SumAsync());

        async Task<string> SumAsync() => (await ChildProcess.RunAsync("/bin/sh", "-c",
            $"dd if={Gateway.Disk} bs=1M skip={DataMegabyte} count=300 status=none | sha256sum")).Text;
    }

    [Fact]
    public async Task A_data_partition_that_somebody_filled_up_stops_no_start()
    {
        await StartAsync();
        await Gateway.CutPowerAsync();
        var data = await Gateway.DataAsync();
        var blocks = Path.Combine(Home.Root, "much");
        await Shell.RunAsync($"head -c {data.Bytes} /dev/zero | tr '\\0' x >{blocks}; "
            + $"debugfs -w -R 'write {blocks} /var/much' {data.File} >/dev/null 2>&1; "
            + $"rm {blocks}; "
            + $"dd if={data.File} of={Gateway.Disk} bs=512 seek={data.Start / 512} conv=notrunc status=none");
        await Gateway.PowerOnAsync();
        await Eventually.HoldsAsync(
            async () => (await Gateway.WatchLightAsync(TimeSpan.FromSeconds(4))).Turns > 0, StartMax,
            () => "the light does not blink");
        Assert.Contains("It has what is on the card", await Gateway.SaysAsync("card.report.txt", LastLine, StartMax));
    }

    [Fact]
    public async Task A_mistake_on_the_card_is_told_there_at_its_line_and_what_was_right_stays()
    {
        await StartAsync();
        await Gateway.CutPowerAsync();
        await File.WriteAllTextAsync(Home.At("s.csv"), "signal,address,type\ncount,holding:0,flaot32\n");
        await Gateway.PutAsync(Home.At("s.csv"));
        await Gateway.PowerOnAsync();
        var said = await Gateway.SaysAsync("card.report.txt", "Something on the card is wrong", StartMax);
        Assert.Contains("s.csv:2", said);
        Assert.Contains("did you mean \"float32\"", said);
        await Eventually.HoldsAsync(
            async () => (await Gateway.WatchLightAsync(TimeSpan.FromSeconds(4))).Turns > 0, StartMax,
            () => "what was right before does not run");
    }

    /// <summary>Out of service: by a stick, because nobody can type here.</summary>
    [Fact]
    public async Task A_wipe_takes_the_configuration_off_the_card_too_and_the_next_start_is_that_of_a_blank_one()
    {
        await Plant.ProvisionAsync(Gateway, Home);
        await Plant.ReadsOnAsync(Gateway);
        var stick = await new FatStick(Home).MakeAsync();
        await stick.InAsync("wipe", folder => File.WriteAllTextAsync(
            Path.Combine(folder, "sluice", $"{GuestAgent.Id}.jobs.txt"), $"wipe {GuestAgent.Id}\n"));
        var said = await Gateway.StickAsync(stick, Report, LastLine);
        Assert.Contains("wipe: done", said);
        var wiped = $"There is no configuration on the card. Gateway {GuestAgent.Id} of {MesOutside.Site} was wiped";
        await Gateway.SaysAsync("card.report.txt", wiped, StartMax);
        await IsBlankAsync();

        await Gateway.CutPowerAsync();
        await Gateway.PowerOnAsync();
        await Task.Delay(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Contains(wiped, await Gateway.ReadAsync("card.report.txt"));
        await IsBlankAsync();
        await Gateway.CutPowerAsync();
        var data = await Gateway.DataAsync();
        Assert.DoesNotContain("gateway.json\n", await data.ListAsync("/sluice"));
        Assert.DoesNotContain(".key", await data.ListAsync("/var/lib/sluice/identity/versions"));

        // Another plant's card makes another gateway of it.
        await Gateway.PutAsync(await Plant.CardFilesAsync());
        await Gateway.PowerOnAsync();
        await Gateway.SaysAsync("card.report.txt", "Taken from the card", StartMax);

        async Task IsBlankAsync()
        {
            foreach (var name in new[] { "gateway.json", "s.csv", "network.txt", "hostname" })
            {
                Assert.Null(await Gateway.ReadAsync(name));
            }
        }
    }

    /// <summary>Nothing that the loader could start stands in its way for ever: it comes to its end and starts
    /// anew.</summary>
    [Fact]
    public async Task A_kernel_that_panics_and_a_root_that_is_damaged_start_the_machine_anew()
    {
        await Shell.RunAsync($"cp {Gateway.Disk} {Gateway.Disk}.whole --sparse=always");
        await File.WriteAllTextAsync(Home.At("initrd"), "no initrd");
        await Gateway.PutOnLoaderAsync(Home.At("initrd"), "/sluice/a/initrd");
        await Gateway.PowerOnAsync();
        await Gateway.StartsAnewAsync(StartMax);

        await Shell.RunAsync($"mv {Gateway.Disk}.whole {Gateway.Disk}; "
            + $"dd if=/dev/zero of={Gateway.Disk} bs=1M seek=193 count=1 conv=notrunc status=none");
        await Gateway.PowerOnAsync();
        await Gateway.StartsAnewAsync(StartMax);
    }

    /// <summary>Until it has left a request, by a key of its own.</summary>
    private async Task StartAsync()
    {
        await Gateway.PowerOnAsync();
        Assert.Contains("request: done", await Gateway.SaysAsync(Report, LastLine, StartMax));
    }

    private async Task BundleOntoTheCardAsync()
    {
        var key = (await Gateway.ReadAsync(Report))!.Split("Its key is ")[1].Split('.')[0];
        var laptop = Directory.CreateDirectory(Home.At("laptop", "sluice")).FullName;
        await Gateway.TakeAsync($"{GuestAgent.Id}.request.pem", laptop);
        await Plant.Ca.SignAsync(Home.At("laptop"), key);
        await Gateway.PutAsync(Path.Combine(laptop, $"{GuestAgent.Id}.bundle"));
    }
}
