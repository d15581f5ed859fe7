using System.Globalization;
using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Kernel;

/// <summary>
/// How long the binary that ships takes on an ARM64 machine, from exec to the first reading that a broker has
/// acknowledged over mutual TLS: identity, jail, buffer, line and session are all in it. Every start is one with an
/// empty buffer, so that no reading of an earlier one counts. The machine is emulated: a real one is quicker.
/// </summary>
[Collection(nameof(VirtualGateway))]
public sealed class Start_on_a_real_kernel
{
    private const int Starts = 5;
    private const string CommitEvery = "50 ms";

    [Fact]
    public async Task A_reading_is_acknowledged_within_seconds_of_the_start()
    {
        await using var machine = VirtualGateway.Of(GuestMake.Small(2));
        await machine.InitializeAsync();
        await GuestClock.SetAsync(machine);
        await using var outside = await MesOutside.StartAsync();
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1");
        var took = new List<double>();
        for (var start = 0; start < Starts; start++)
        {
            await using var agent = await GuestAgent.PrepareAsync(
                machine, outside, chip, ["lamp,gpio:DI1,bool"], commitEvery: CommitEvery);
            took.Add((await agent.StartMeasuredAsync()).TotalMilliseconds);
            var came = start + 1;
            await outside.UntilAsync(() => outside.Readings("line/lamp").Count >= came, agent);
        }

        took.Sort();
        Figures.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"start in the virtual gateway, commitEvery {CommitEvery}: {took[Starts / 2]:F0} ms median of {Starts} "
            + $"({took[0]:F0} to {took[^1]:F0})"));
        Assert.InRange(took[Starts / 2], 50, 20_000);
    }
}
