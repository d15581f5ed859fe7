using Sluice.Field.Parts;
using Sluice.Field.Parts.Disks;
using Sluice.Field.Parts.Peers;
using Sluice.Field.Parts.Wires;
using Xunit;

namespace Sluice.Field.Service;

/// <summary>
/// The agent as it is shipped, and what systemd hears of it, by which it would be ended and started anew.
/// </summary>
public sealed class Fed_watchdog
{
    private const string Word = "WATCHDOG=1";

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(4);

    /// <summary>Longer than a request and the half minute that a loop is given on top of it.</summary>
    private static readonly TimeSpan Stuck = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_poll_loop_that_hangs_stops_the_feed_although_all_else_works()
    {
        await using var plant = await FieldPlant.StartAsync(withMes: false);
        await using var systemd = await ServiceManager.ListenAsync(plant.Directory);
        await using var cable = await SerialCable.StartAsync(plant.Directory);
        await using var drive = await PymodbusServer.StartAsync(
            plant.Directory.At("drive.record"), 0, "serial", cable.MachineEnd);
        plant.Configure(plant.Configuration with
        {
            MoreSources = $$"""
                "bus": { "kind": "modbus-rtu", "port": "{{cable.GatewayEnd}}", "parity": "none", "unitId": 1,
                         "every": "200 ms", "signals": "plant.csv", "quirks": { "listenFirst": "0 ms" } },
                """,
        });
        await using var gateway = new FieldGateway(plant.Directory) { Inside = systemd.Around(Period) };
        gateway.Start();
        await systemd.HearsAsync("READY=1");
        await systemd.HearsAsync(Word);
        await Eventually.HoldsAsync(() => drive.Record().Count > 5, FieldPlant.Soon, () => gateway.Process.Tail());

        using (await FrozenThread.OfSerialLineAsync(gateway.Process.Id))
        {
            await gateway.Process.SaysAsync("Source bus is stuck: it reads", Stuck);
            var before = systemd.Times(Word);
            await plant.ServesAsync(gateway, 50);
            await Task.Delay(Period * 1.5);
            Assert.Equal(before, systemd.Times(Word));
        }

        // Here nobody ended it. It comes on, and so does the feed.
        await FedAsync(systemd, 3);
        Assert.Equal(0, await gateway.StopAsync());
    }

    [Fact]
    public async Task A_silent_machine_an_absent_broker_and_a_disk_that_hangs_do_not()
    {
        await using var plant = await FieldPlant.StartAsync();
        await using var systemd = await ServiceManager.ListenAsync(plant.Directory);
        await using var disk = await TroubledDisk.OverAsync(
            plant.Gateway.BufferDirectory, writeTakes: TimeSpan.Zero, megabytes: 96);
        await using var gateway = new FieldGateway(plant.Directory) { Inside = systemd.Around(Period) };
        gateway.Start();
        await plant.ServesAsync(gateway, 20);
        await plant.Broker.StopAsync();
        plant.Machine.Hang();
        await disk.HangAsync();
        await FedAsync(systemd, 12);

        await disk.GoOnAsync();
        plant.Machine.GoOn();
        await plant.Broker.StartAsync();
        await plant.ServesAsync(gateway, 20);
        await plant.Mes.HasNoGapAsync(FieldPlant.Later, gateway);
        Assert.DoesNotContain("stuck", gateway.Process.Tail(1000), StringComparison.Ordinal);
    }

    private static Task<TimeSpan> FedAsync(ServiceManager systemd, int more)
    {
        var target = systemd.Times(Word) + more;
        return Eventually.HoldsAsync(
            () => systemd.Times(Word) >= target, Period * more, () => "the watchdog was not fed");
    }
}
