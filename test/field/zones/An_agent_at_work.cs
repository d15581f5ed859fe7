using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field.Zones;

/// <summary>
/// The agent as it is shipped between the zones: pymodbus as the PLC and a simulated panel in OT, mosquitto with mutual
/// TLS and an MES in the DMZ, both firewalls and the gateway's own rules in force.
/// </summary>
[Collection(nameof(ZonesLab))]
public sealed class An_agent_at_work(ITestOutputHelper output)
{
    [Fact]
    public async Task Brings_readings_to_the_MES_while_every_other_way_is_shut()
    {
        await using var plant = await ZonesPlant.StartAsync();
        await plant.Lab.StandAsync(Layers.Host | Layers.Firewalls);
        foreach (var host in ZonePolicy.Witnesses)
        {
            await Witness.ClearAsync(plant.Lab, host);
        }

        plant.Gateway.Start();
        await plant.ServesAsync(40);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);
        await Eventually.HoldsAsync(
            () => plant.Mes.Readings.Any(reading => reading.Signal == "hmi/pieces"), FieldPlant.Soon,
            () => $"nothing of the panel came. {plant.Mes.Account()}\n{plant.Gateway.Process.Tail()}");

        // What came to anybody since before the agent started: its one flow, its devices, and nothing else. No name was
        // asked for, nobody outside was called, nobody called the gateway.
        await ArrivedAsync(plant.Lab, "broker", "tcp/8883");
        await ArrivedAsync(plant.Lab, "plc", "tcp/502");
        await ArrivedAsync(plant.Lab, "hmi", "tcp/502");
        foreach (var host in new[] { "mes", "office", "gateway" })
        {
            await ArrivedAsync(plant.Lab, host);
        }

        // Beside it everybody tries every way, and readings go on coming.
        var matrix = await ZoneMatrix.RunAsync(plant.Lab, 0, Layers.Host | Layers.Firewalls);
        output.WriteLine(matrix.Table());
        Assert.True(matrix.Faults.Count == 0, matrix.Account());
        await plant.ServesAsync(40);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);
        string[] check = [FieldGateway.Binary("linux-x64"), .. plant.Lab.FirewallVerb("check")];
        var (code, said) = await plant.Lab.TryInAsync("gateway", check);
        Assert.True(code == 0, said);
        Assert.Equal(0, await plant.Gateway.StopAsync());
    }

    private static async Task ArrivedAsync(ZonesLab lab, string host, params string[] words) =>
        Assert.Equal(words, (await Witness.ReadAsync(lab, host)).Words);
}

/// <summary>Everything that serves in the zones, and the agent, not started.</summary>
internal sealed class ZonesPlant : IAsyncDisposable
{
    private readonly PlantKeys keys = new();
    private ChildProcess? panel;

    private ZonesPlant(ZonesLab lab)
    {
        Lab = lab;
        Gateway = new FieldGateway(lab.Directory) { Inside = lab.AsUser("gateway", ZonesLab.AgentUser) }
            .WithIdentity(keys);
        Broker = new MosquittoBroker(
            lab.Directory, keys.WriteBrokerFiles(lab.Directory.At("broker"), MosquittoBroker.Host, "198.18.3.10"))
        {
            Port = 8883, Addresses = ["198.18.3.10"], Inside = lab.Inside("broker"),
        };
    }

    public ZonesLab Lab { get; }

    public FieldGateway Gateway { get; }

    public MosquittoBroker Broker { get; }

    public PymodbusServer Machine { get; private set; } = null!;

    public FieldMes Mes { get; private set; } = null!;

    public static async Task<ZonesPlant> StartAsync()
    {
        var plant = new ZonesPlant(await ZonesLab.LayAsync("plc:502", "hmi:502", "broker:8883"));
        try
        {
            await plant.Broker.StartAsync();
            plant.Machine = await PymodbusServer.StartAsync(
                plant.Lab.Directory.At("plant.record"), 502, "tcp", "198.18.1.20", plant.Lab.Inside("plc"));
            await plant.StartPanelAsync();
            plant.Mes = await FieldMes.StartAsync(
                plant.keys.WriteClientFiles(plant.Lab.Directory.At("mes"), "mes"), plant.Broker,
                plant.Lab.Inside("mes"));
            await plant.Lab.HandOverAsync(plant.Gateway.IdentityDirectory);
            return plant;
        }
        catch
        {
            await plant.DisposeAsync();
            throw;
        }
    }

    public async Task ServesAsync(int more)
    {
        var target = Machine.Record().Count + more;
        await Eventually.HoldsAsync(
            () => Machine.Record().Count >= target, FieldPlant.Later,
            () => $"the plc was not read {more} times. The agent said:\n{Gateway.Process.Tail()}");
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        if (Mes is not null)
        {
            await Mes.DisposeAsync();
        }

        if (Machine is not null)
        {
            await Machine.DisposeAsync();
        }

        if (panel is not null)
        {
            await panel.DisposeAsync();
        }

        await Broker.DisposeAsync();
        await Lab.DisposeAsync();
        keys.Dispose();
    }

    private async Task StartPanelAsync()
    {
        string[] all =
        [
            .. Lab.Inside("hmi"), Path.Combine(AppContext.BaseDirectory, "sluice-plant"), "panel", "198.18.1.30", "502",
        ];
        panel = ChildProcess.Start(all[0], all[1..]);
        await panel.SaysAsync("listening", FieldPlant.Soon);
    }
}
