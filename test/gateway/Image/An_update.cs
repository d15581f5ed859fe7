using System.Diagnostics;
using System.Globalization;
using Sluice.Field.Parts;
using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Image;

/// <summary>
/// A newer version comes on a stick, is tried, and is kept; one whose agent cannot reach the broker goes back by
/// itself. No reading of the panel is lost by either.
/// </summary>
[Trait("suite", "all")]
public sealed class An_update : FlashedBench
{
    private const string RootOffsetMegabytes = "193";
    private static readonly string Report = $"{GuestAgent.Id}.update.txt";


    protected override async Task PrepareAsync()
    {
        Directory.CreateDirectory(Home.At("tried"));
        await FlashedGateway.DoAsync(
            Path.Combine(Figures.Root, "test/gateway/Image/make-tried.sh"), Home.At("tried"),
            Plant.Outside.Broker.Port.ToString(CultureInfo.InvariantCulture));
        await FlashedGateway.DoAsync("/bin/dd", $"if={Home.At("tried", "base.squashfs")}", $"of={Gateway.Disk}",
            "bs=1M", $"seek={RootOffsetMegabytes}", "conv=notrunc", "status=none");
    }

    [Fact]
    public async Task That_holds_is_kept_and_one_that_cannot_reach_the_broker_goes_back_by_itself()
    {
        await Plant.ProvisionAsync(Gateway, Home);
        await Plant.ReadsOnAsync(Gateway);

        var brought = Stopwatch.GetTimestamp();
        var said = await BringAsync("good");
        Assert.Contains("Version 99.0.1 is in slot b, and is tried at the next start.", said);
        Assert.Contains("It is kept when panel, the broker do as they do now.", said);
        await Gateway.StartsAnewAsync(StartMax);
        await Gateway.PowerOnAsync();
        await EntryAsync("sluice-b.conf");
        Figures.Say($"update of a flashed gateway, from the stick to kept, emulated: "
            + $"{Stopwatch.GetElapsedTime(brought).TotalSeconds:F0} s");
        await Plant.ReadsOnAsync(Gateway);

        said = await BringAsync("bad");
        Assert.Contains("Version 99.0.2 is in slot a", said);
        await Gateway.StartsAnewAsync(StartMax);
        await Gateway.PowerOnAsync();
        await EntryAsync("sluice-a+0-1.conf");

        // It runs, reads the panel, reaches no broker, and starts anew when its time is over; nobody did anything.
        await Gateway.StartsAnewAsync(StartMax);
        await Gateway.PowerOnAsync();
        await Plant.ReadsOnAsync(Gateway);
        Assert.Equal(["sluice-a+0-1.conf", "sluice-b.conf"], await Gateway.EntriesAsync());
        await Plant.Outside.HasEverythingAsync(Plant);

        // The same stick again: it tells what became of it, and leaves it at that.
        said = await BringAsync("bad", "Nothing was changed");
        Assert.Contains("did not hold: The broker acknowledged nothing yet", said);
        await Plant.ReadsOnAsync(Gateway);
    }

    /// <summary>A stick with an update, in for as long as the gateway needs; what it says of it.</summary>
    private async Task<string> BringAsync(string update, string words = "comes back by itself")
    {
        var stick = await new FatStick(Home).MakeAsync("256M");
        var name = $"sluice-gateway_{update}_arm64.update";
        await FlashedGateway.DoAsync("/usr/bin/mcopy", "-i", stick.Image, Home.At("tried", update + ".update"),
            $"::/sluice/{name}");
        return await Gateway.StickAsync(stick, Report, words);
    }

    private Task<TimeSpan> EntryAsync(string name) => Eventually.HoldsAsync(
        async () =>
        {
            await Task.Delay(1000);
            return (await Gateway.EntriesAsync()).Contains(name);
        },
        StartMax, () => $"{name} never was on the loader's partition");
}
