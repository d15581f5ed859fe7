using Sluice.Field.Parts.Peers;
using Sluice.Field.Parts.Wires;
using Sluice.Plant.Keys;

namespace Sluice.Field.Parts;

/// <summary>
/// Keys, a pymodbus server, a mosquitto, a mosquitto_sub as the MES and a gateway that is set up for them: what most
/// tests start from. The gateway is configured and not started.
/// </summary>
internal sealed class FieldPlant : IAsyncDisposable
{
    private FieldPlant()
    {
        Broker = new MosquittoBroker(Directory, Keys);
        Gateway = new FieldGateway(Directory).WithIdentity(Keys);
    }

    public static TimeSpan Soon { get; } = TimeSpan.FromSeconds(20);

    public static TimeSpan Later { get; } = TimeSpan.FromSeconds(60);

    public FieldDirectory Directory { get; } = new();

    public PlantKeys Keys { get; } = new();

    public MosquittoBroker Broker { get; }

    public FieldGateway Gateway { get; }

    public PymodbusServer Machine { get; private set; } = null!;

    public FieldMes Mes { get; private set; } = null!;

    /// <summary>What the gateway is configured with; change it with <see cref="Configure"/>.</summary>
    public FieldConfiguration Configuration { get; private set; } = null!;

    public static async Task<FieldPlant> StartAsync(bool withMes = true)
    {
        var plant = new FieldPlant();
        try
        {
            await plant.Broker.StartAsync();
            plant.Machine = await PymodbusServer.StartAsync(plant.Directory);
            plant.Configure(new FieldConfiguration
            {
                BrokerPort = plant.Broker.Port, PlantPort = plant.Machine.Port,
            });
            if (withMes)
            {
                await plant.StartMesAsync();
            }

            return plant;
        }
        catch
        {
            await plant.DisposeAsync();
            throw;
        }
    }

    public void Configure(FieldConfiguration configuration)
    {
        Configuration = configuration;
        Gateway.WithConfiguration(configuration);
    }

    /// <summary>Moves broker and machine to the far ends of two cables. The gateway goes where
    /// <see cref="NetworkCables.Exec"/> says.</summary>
    public async Task<NetworkCables> LayCablesAsync()
    {
        var cables = await NetworkCables.LayAsync();
        try
        {
            await Broker.StopAsync();
            Broker.Addresses = ["127.0.0.1", cables.BrokerAddress];
            await Broker.StartAsync();
            await Machine.MoveToAsync(cables.MachineAddress);
        }
        catch
        {
            await cables.DisposeAsync();
            throw;
        }

        Configure(Configuration with
        {
            BrokerAddress = cables.BrokerAddress, BrokerNetwork = cables.BrokerNetwork,
            PlantAddress = cables.MachineAddress, KeepAlive = "5 s",
        });
        return cables;
    }

    public async Task StartMesAsync() =>
        Mes = await FieldMes.StartAsync(Keys.WriteClientFiles(Directory.At("mes"), "mes"), Broker);

    /// <summary>Waits until the plant has served this many more values.</summary>
    public Task ServesAsync(int more) => ServesAsync(Gateway, more);

    public async Task ServesAsync(FieldGateway reader, int more)
    {
        var target = Machine.Record().Count + more;
        await Eventually.HoldsAsync(
            () => Machine.Record().Count >= target || reader.Process.HasExited, Later,
            () => $"the plant was not read {more} times. The agent said:\n{reader.Process.Tail()}");
        if (Machine.Record().Count < target)
        {
            throw new InvalidOperationException(
                $"The agent ended with {reader.Process.ExitCode}:\n{reader.Process.Tail()}");
        }
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

        await Broker.DisposeAsync();
        Keys.Dispose();
        Directory.Dispose();
    }
}
