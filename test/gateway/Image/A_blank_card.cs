using System.Diagnostics;
using Sluice.Field.Parts;
using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Image;

/// <summary>
/// From a blank card to readings at the MES: through the firmware and the loader, with what an installer does and
/// nothing else. Nobody logs in, because nobody can.
/// </summary>
public sealed class A_blank_card : FlashedBench
{


    [Fact]
    public async Task Becomes_a_gateway_by_its_card_and_a_stick_and_stays_the_same_one_over_a_power_cut()
    {
        await Gateway.PutAsync(await Plant.CardFilesAsync());
        await Gateway.PowerOnAsync();

        // The card: what it took, and a request by a key that was made here.
        var report = await Gateway.SaysAsync($"{GuestAgent.Id}.report.txt", "End of this report.", StartMax);
        Assert.Contains("request: done", report);
        var taken = await Gateway.SaysAsync("card.report.txt", "End of this report.", StartMax);
        Assert.Contains($"Taken from the card: plant1/{GuestAgent.Id}", taken);
        Assert.Contains("2 of its network cards have addresses", taken);
        Assert.Contains(FlashedGateway.DmzCard, taken);
        Assert.Null(await Gateway.ReadAsync("site-token"));
        var waits = await Gateway.WatchLightAsync(TimeSpan.FromSeconds(4));
        Assert.True(waits.Turns > 0, $"a gateway without a certificate shows it: {waits}");

        // The CA, by the letters of the report here, which come by another way in a plant; then the stick.
        var stick = await new FatStick(Home).MakeAsync();
        await stick.InAsync("laptop", async folder =>
        {
            await Gateway.TakeAsync($"{GuestAgent.Id}.request.pem", Path.Combine(folder, "sluice"));
            var key = report.Split("Its key is ")[1].Split('.')[0];
            await Plant.Ca.SignAsync(folder, key);
        });
        var said = await Gateway.StickAsync(stick, $"{GuestAgent.Id}.report.txt", "End of this report.");
        Assert.Contains("The root was confirmed by the site token of the bench.", said);
        Assert.Contains("is in use", said);
        await Plant.ReadsOnAsync(Gateway);
        await Eventually.HoldsAsync(
            async () => await Gateway.WatchLightAsync(TimeSpan.FromSeconds(3)) is { IsHigh: true, Turns: 0 },
            StartMax, () => "the light does not stand while readings are published");

        await Gateway.CutPowerAsync();
        var first = await Gateway.DataAsync();
        var machine = await first.ReadAsync("/machine-id");
        Assert.Matches("^[0-9a-f]{32}$", machine.Trim());
        Assert.True(first.Start + first.Bytes > (2L << 30) - (4 << 20), "the partition did not grow to the medium");
        Assert.True(await first.FileSystemBytesAsync() > first.Bytes - (8 << 20), "the file system did not grow");
        var identity = await first.ListAsync("/var/lib/sluice/identity/versions");

        // The same gateway again, and how long a start takes until the broker has acknowledged something.
        var began = Stopwatch.GetTimestamp();
        await Gateway.PowerOnAsync();
        await Plant.ReadsOnAsync(Gateway, 1);
        Figures.Say($"flashed gateway: power on to first acknowledged reading, emulated, through UEFI: "
            + $"{Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
        await Plant.ReadsOnAsync(Gateway);
        await Plant.Outside.HasEverythingAsync(Plant);
        var again = await Gateway.SaysAsync("card.report.txt", "It has what is on the card", StartMax);
        Assert.DoesNotContain("What is wrong", again);
        await Gateway.CutPowerAsync();
        var second = await Gateway.DataAsync();
        Assert.Equal(machine, await second.ReadAsync("/machine-id"));
        Assert.Equal(identity, await second.ListAsync("/var/lib/sluice/identity/versions"));
        Assert.Equal((first.Start, first.Bytes), (second.Start, second.Bytes));
        Assert.True(new FileInfo(FlashedGateway.Released(".zst")).Length < 250_000_000);
    }
}
