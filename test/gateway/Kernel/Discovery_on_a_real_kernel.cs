using System.Text.Json;
using Sluice.Gateway.Machine;
using Xunit;

namespace Sluice.Gateway.Kernel;

/// <summary>What <c>sluice-agent discover gpio</c> tells an installer of a machine that has chips.</summary>
[Collection(nameof(VirtualGateway))]
public sealed class Discovery_on_a_real_kernel(VirtualGateway machine)
{
    private const string Draft = "/tmp/draft.csv";

    [Fact]
    public async Task The_chips_their_lines_and_who_has_them_are_listed_and_nothing_changes()
    {
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1", "DI2", "LED1");
        await chip.SetAsync(1, true);
        await using var probe = await Probe.WatchAsync(
            machine, chip.Device, "/tmp/discovered", "lamp=gpio:DI2,Level,Both,0,AsIs,high");
        var said = await machine.RunAsync("/app/sluice-agent discover gpio");
        Assert.Contains("/dev/gpiochip0 (label:9030000.pl061), 8 lines", said);
        Assert.Contains($"{chip.Device} ({chip.Label}), 3 lines, 2 free inputs", said);

        using var json = JsonDocument.Parse(await machine.RunAsync(
            $"/app/sluice-agent discover gpio --json --chip {chip.Label}"));
        var lines = json.RootElement[0].GetProperty("lines");
        Assert.Equal(
            ["0 DI1 gpio:DI1 False", "1 DI2 gpio:DI2 True", "2 LED1 gpio:LED1 False"],
            lines.EnumerateArray().Select(line =>
                $"{line.GetProperty("number")} {line.GetProperty("name")} {line.GetProperty("address")} "
                + $"{line.GetProperty("isUsed")}"));
        Assert.Equal("sluice-agent", lines[1].GetProperty("usedBy").GetString());
        await probe.LookAsync();
        Assert.Equal("true Good", probe["lamp"]);
        Assert.Single(probe.Course("lamp"));
    }

    [Fact]
    public async Task The_draft_of_a_chip_names_its_free_lines()
    {
        await using var chip = await SimulatedChip.MakeAsync(machine, "DI1", "DI2");
        await machine.RunAsync(
            $"rm -f {Draft}; /app/sluice-agent discover gpio --chip {chip.Device} --out {Draft}");
        var draft = await machine.RunAsync($"cat {Draft}");
        Assert.Contains("gpio:DI1", draft);
        Assert.Contains("gpio:DI2", draft);
    }
}
