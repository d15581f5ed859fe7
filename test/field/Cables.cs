using System.Diagnostics;
using System.Globalization;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Wires;
using Xunit;

namespace Sluice.Field;

/// <summary>The gateway in a network namespace of its own, with real interfaces that lose their carrier.</summary>
public sealed class Cables(ITestOutputHelper output)
{
    [Fact]
    public async Task The_one_to_the_DMZ_is_pulled_and_plugged_and_everything_arrives()
    {
        await using var plant = await FieldPlant.StartAsync();
        await using var cables = await plant.LayCablesAsync();
        await using var gateway = new FieldGateway(plant.Directory) { Inside = cables.Exec };
        gateway.Start();
        await plant.ServesAsync(gateway, 20);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, gateway);

        var pulled = Stopwatch.StartNew();
        await cables.PullBrokerAsync();
        await Eventually.HoldsAsync(
            async () => (await gateway.StatusJsonAsync()).GetProperty("uplink").GetProperty("state").GetString()
                != "connected",
            TimeSpan.FromSeconds(15),
            () => $"the dead link was not found. {gateway.Process.Tail()}");
        var found = pulled.Elapsed;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"found after {found.TotalSeconds:0.0} s"));
        Assert.True(found <= TimeSpan.FromSeconds(10), $"found after {found}");

        // The other cable carries on.
        await plant.ServesAsync(gateway, 20);
        await cables.PlugBrokerAsync();
        await plant.ServesAsync(gateway, 10);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Later, gateway);
        output.WriteLine(plant.Mes.Account());
    }
}
