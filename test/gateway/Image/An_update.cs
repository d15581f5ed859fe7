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
public sealed class An_update : IAsyncLifetime
{
    private const string RootOffsetMegabytes = "193";
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(300);
    private static readonly string Report = $"{GuestAgent.Id}.update.txt";

    private readonly FieldDirectory directory = new();
    private BenchPlant bench = null!;
    private FlashedGateway gateway = null!;

    public async ValueTask InitializeAsync()
    {
        bench = new BenchPlant(directory);
        await bench.MakeAsync();
        gateway = new FlashedGateway(directory);
        await gateway.FlashAsync();
        Directory.CreateDirectory(directory.At("tried"));
        await FlashedGateway.DoAsync(
            Path.Combine(Figures.Root, "test/gateway/Image/make-tried.sh"), directory.At("tried"),
            bench.Outside.Broker.Port.ToString(CultureInfo.InvariantCulture));
        await FlashedGateway.DoAsync("/bin/dd", $"if={directory.At("tried", "base.squashfs")}", $"of={gateway.Disk}",
            "bs=1M", $"seek={RootOffsetMegabytes}", "conv=notrunc", "status=none");
    }

    public async ValueTask DisposeAsync()
    {
        await gateway.DisposeAsync();
        await bench.DisposeAsync();
        directory.Dispose();
    }

    [Fact]
    public async Task That_holds_is_kept_and_one_that_cannot_reach_the_broker_goes_back_by_itself()
    {
        await bench.ProvisionAsync(gateway, directory);
        await bench.ReadsOnAsync(gateway);

        var brought = Stopwatch.GetTimestamp();
        var said = await BringAsync("good");
        Assert.Contains("Version 99.0.1 is in slot b, and is tried at the next start.", said);
        Assert.Contains("It is kept when panel, the broker do as they do now.", said);
        await gateway.StartsAnewAsync(StartMax);
        await gateway.PowerOnAsync();
        await EntryAsync("sluice-b.conf");
        Figures.Say($"update of a flashed gateway, from the stick to kept, emulated: "
            + $"{Stopwatch.GetElapsedTime(brought).TotalSeconds:F0} s");
        await bench.ReadsOnAsync(gateway);

        said = await BringAsync("bad");
        Assert.Contains("Version 99.0.2 is in slot a", said);
        await gateway.StartsAnewAsync(StartMax);
        await gateway.PowerOnAsync();
        await EntryAsync("sluice-a+0-1.conf");

        // It runs, reads the panel, reaches no broker, and starts anew when its time is over; nobody did anything.
        await gateway.StartsAnewAsync(StartMax);
        await gateway.PowerOnAsync();
        await bench.ReadsOnAsync(gateway);
        Assert.Equal(["sluice-a+0-1.conf", "sluice-b.conf"], await gateway.EntriesAsync());
        await bench.Outside.HasEverythingAsync(bench);

        // The same stick again: it tells what became of it, and leaves it at that.
        said = await BringAsync("bad", "Nothing was changed");
        Assert.Contains("did not hold: The broker acknowledged nothing yet", said);
        await bench.ReadsOnAsync(gateway);
    }

    /// <summary>A stick with an update, in for as long as the gateway needs; what it says of it.</summary>
    private async Task<string> BringAsync(string update, string words = "comes back by itself")
    {
        var stick = await new FatStick(directory).MakeAsync("256M");
        var name = $"sluice-gateway_{update}_arm64.update";
        await FlashedGateway.DoAsync("/usr/bin/mcopy", "-i", stick.Image, directory.At("tried", update + ".update"),
            $"::/sluice/{name}");
        return await gateway.StickAsync(stick, Report, words);
    }

    private Task<TimeSpan> EntryAsync(string name) => Eventually.HoldsAsync(
        async () =>
        {
            await Task.Delay(1000);
            return (await gateway.EntriesAsync()).Contains(name);
        },
        StartMax, () => $"{name} never was on the loader's partition");
}
