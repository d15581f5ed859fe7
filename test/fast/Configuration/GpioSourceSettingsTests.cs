using Sluice.Agent.Configuration;
using Sluice.Hal;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Counting;
using Xunit;

namespace Sluice.Fast.Configuration;

public sealed class GpioSourceSettingsTests
{
    private const string Gateway = """
        {
          "gateway": { "site": "plant1", "id": "gw-042" },
          "broker": { "host": "mes-broker", "addresses": ["192.0.2.10"], "network": "192.0.2.0/28" },
          "sources": { "line": { "kind": "gpio", "chip": "/dev/gpiochip1", "signals": "line.csv" } }
        }
        """;

    [Fact]
    public void A_list_of_lines_becomes_what_the_source_takes()
    {
        var settings = Load(
            "signal,address,type,edge,debounce,bias,activeLow,every",
            "stack/red,gpio:17,bool,,,pull-up,true,",
            "press/cycles,gpio:DI2,count,both,2 ms,,,1 s",
            "press/hours,gpio:DI2,run-time,,2 ms,,,",
            "press/beat,gpio:DI2,cycle-time,,2 ms,,,");

        Assert.Equal("/dev/gpiochip1", settings.Chip);
        Assert.Equal(settings.Signals.Select(each => each.Signal), settings.Lines.Select(each => each.Signal));
        Assert.Equal(
            [
                ("line/stack/red", GpioQuantity.Level, EdgeKinds.Both),
                ("line/press/cycles", GpioQuantity.Count, EdgeKinds.Both),
                ("line/press/hours", GpioQuantity.RunTime, EdgeKinds.Both),
                ("line/press/beat", GpioQuantity.CycleTime, EdgeKinds.Rising),
            ],
            settings.Lines.Select(each => (each.Signal.Name, each.Quantity, each.Edges)));
        Assert.Equal(new LineSettings(true, LineBias.PullUp, TimeSpan.Zero), settings.Lines[0].Settings);
        Assert.Equal(
            new LineSettings(false, LineBias.AsIs, TimeSpan.FromMilliseconds(2)), settings.Lines[1].Settings);
        Assert.Equal([SignalKind.Bool, SignalKind.Count, SignalKind.Float64, SignalKind.Float64],
            settings.Lines.Select(each => each.Signal.Type.Kind));
        Assert.Equal(["", "", "s", "s"], settings.Lines.Select(each => each.Signal.EngineeringUnit));
        Assert.Equal([0.25, 1, 0.25, 0.25], settings.Signals.Select(each => each.Every.TotalSeconds));
    }

    private static GpioSettings Load(params string[] list)
    {
        var loaded = MemoryFolder.Load(Gateway, string.Join('\n', list) + "\n");
        Assert.Empty(loaded.Problems);
        return Assert.IsType<GpioSettings>(Assert.Single(loaded.Configuration!.Sources));
    }
}
