using System.Globalization;
using Npgsql;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Disks;
using Sluice.Field.Parts.Peers;
using Sluice.Field.Parts.Wires;
using Sluice.Plant.Day;

namespace Sluice.Field.Day;

/// <summary>
/// What a day of faults happens to: three devices, an agent in a network of its own with a clock and a disk of its own,
/// a broker with OpenSSL's keys and a short queue, and an MES with PostgreSQL that acknowledges what it stored.
/// </summary>
internal sealed class DayPlant : IAsyncDisposable
{
    public const int QueuedMessagesMax = 20;

    private static readonly string[] Counters = ["press/count", "oven/count", "saw/count"];

    private readonly List<IAsyncDisposable> parts = [];
    private readonly List<PymodbusServer> machines = [];
    private ChildProcess? receiving;

    private DayPlant()
    {
    }

    public FieldDirectory Directory { get; } = new();

    public OpenSslKeys Keys { get; private set; } = null!;

    public MosquittoBroker Broker { get; private set; } = null!;

    public NetworkCables Cables { get; private set; } = null!;

    public SteppedClock Clock { get; private set; } = null!;

    public FieldGateway Gateway { get; private set; } = null!;

    public PostgresServer Database { get; private set; } = null!;

    public ReferenceReceiver Receiver { get; private set; } = null!;

    /// <summary>Where somebody else may fill the buffer's disk.</summary>
    public string SomebodyElsesFile => Directory.At("disk", "log");

    public static async Task<DayPlant> StartAsync()
    {
        var plant = new DayPlant();
        try
        {
            await plant.BeginAsync();
            return plant;
        }
        catch
        {
            await plant.DisposeAsync();
            throw;
        }
    }

    public void StartReceiver() => receiving = Receiver.Start("--acknowledge");

    public async Task KillReceiverAsync()
    {
        if (receiving is not null)
        {
            await receiving.DisposeAsync();
            receiving = null;
        }
    }

    /// <summary>The shift is over. Returns all that the devices gave away, by their own records.</summary>
    public async Task<IReadOnlyList<GivenValue>> CloseAsync()
    {
        foreach (var machine in machines)
        {
            await machine.KillAsync();
        }

        return Given();
    }

    private IReadOnlyList<GivenValue> Given() =>
        [.. machines.Zip(Counters).SelectMany(pair => pair.First.Record().Select(
            served => new GivenValue(pair.Second, served.Count, served.AtMilliseconds)))];

    /// <summary>The MES's table, row by row.</summary>
    public Task<IReadOnlyList<KeptReading>> KeptAsync() => RowsAsync(
        "SELECT signal, store, p, v, q, r, t FROM reading",
        row => new KeptReading(
            row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetString(3), row.GetString(4), row.GetString(5),
            DateTimeOffset.Parse(row.GetString(6), CultureInfo.InvariantCulture).ToUnixTimeMilliseconds()));

    /// <summary>Stores that the MES was told are volatile, of runs that are over.</summary>
    public Task<IReadOnlyList<EndedMemory>> EndedMemoriesAsync() => RowsAsync(
        """
        SELECT memory.store, COALESCE(account.next, 1)
        FROM memory JOIN present_run ON present_run.gateway = memory.gateway AND present_run.run <> memory.run
        LEFT JOIN account ON account.gateway = memory.gateway AND account.store = memory.store
        """,
        row => new EndedMemory(row.GetString(0), row.GetInt64(1)));

    private async Task<IReadOnlyList<T>> RowsAsync<T>(string query, Func<NpgsqlDataReader, T> read)
    {
        await using var source = NpgsqlDataSource.Create(Database.Where["postgres:".Length..]);
        await using var command = source.CreateCommand(query);
        await using var rows = await command.ExecuteReaderAsync();
        List<T> all = [];
        while (await rows.ReadAsync())
        {
            all.Add(read(rows));
        }

        return all;
    }

    public async ValueTask DisposeAsync()
    {
        await KillReceiverAsync();
        for (var at = parts.Count - 1; at >= 0; at--)
        {
            await parts[at].DisposeAsync();
        }

        Directory.Dispose();
    }

    private async Task BeginAsync()
    {
        Keys = await OpenSslKeys.MakeAsync(Directory.At("keys"));
        Clock = await SteppedClock.MakeAsync(Directory);
        Cables = Mine(await NetworkCables.LayAsync());
        Broker = Mine(new MosquittoBroker(Directory, Keys.Broker)
        {
            Addresses = ["127.0.0.1", Cables.BrokerAddress], QueuedMessagesMax = QueuedMessagesMax,
        });
        await Broker.StartAsync();
        Database = Mine(await PostgresServer.StartAsync());
        Receiver = new ReferenceReceiver(Broker, Keys.Client("mes"), Database.Where);
        StartReceiver();
        var serial = Mine(await SerialCable.StartAsync(Directory));
        await MachineAsync("press", FieldDirectory.FreePort(), "tcp", Cables.MachineAddress);
        await MachineAsync("oven", FieldDirectory.FreePort(), "rtu-over-tcp", Cables.MachineAddress);
        await MachineAsync("saw", 0, "serial", serial.MachineEnd);
        Gateway = Mine(new FieldGateway(Directory) { Inside = [.. Cables.Exec, .. Clock.Inside] });
        Keys.WriteIdentityVersion(Gateway.IdentityDirectory, "gateway", "0001");
        Mine(await WornDisk.OverAsync(Directory.At("disk"), megabytes: 32));
        System.IO.Directory.CreateDirectory(Directory.At("disk", "buffer"));
        System.IO.Directory.CreateSymbolicLink(Gateway.BufferDirectory, Directory.At("disk", "buffer"));
        System.IO.Directory.CreateDirectory(Directory.At("etc"));
        await File.WriteAllTextAsync(Directory.At("etc", "machine.csv"), Signals);
        await File.WriteAllTextAsync(Gateway.ConfigurationFile, Configuration(serial.GatewayEnd));
        Gateway.Start();
    }

    private T Mine<T>(T part)
        where T : IAsyncDisposable
    {
        parts.Add(part);
        return part;
    }

    private async Task MachineAsync(string name, int port, string wire, string address) =>
        machines.Add(Mine(await PymodbusServer.StartAsync(Directory.At(name + ".record"), port, wire, address)));

    private const string Signals = """
        signal,address,type,order,report,counter
        count,holding:0,uint32,ABCD,always,32
        half,holding:2,float32,ABCD,always,
        below,holding:4,int16,,,
        name,holding:10,string:10,,,
        level,input:0,uint16,,,
        running,coil:0,bool,,,

        """;

    private string Configuration(string serialPort) => $$"""
        {
          "gateway": { "site": "plant1", "id": "{{FieldGateway.Id}}" },
          "broker": {
            "host": "{{MosquittoBroker.Host}}", "addresses": ["{{Cables.BrokerAddress}}"], "port": {{Broker.Port}},
            "network": "{{Cables.BrokerNetwork}}", "keepAlive": "5 s", "tlsMin": "1.3"
          },
          "time": { "clock": "trusted" },
          "identity": { "directory": "{{Gateway.IdentityDirectory}}", "key": "file" },
          "buffer": { "directory": "{{Gateway.BufferDirectory}}", "sizeMax": "16 MiB", "commitEvery": "50 ms" },
          "publish": { "acknowledgedBy": "mes", "messageBytesMax": "8 KiB", "compress": "gzip" },
          "sources": {
            "press": { "kind": "modbus-tcp", "address": "{{Cables.MachineAddress}}", "port": {{machines[0].Port}},
                       "unitId": 1, "every": "40 ms", "timeout": "500 ms", "signals": "machine.csv" },
            "oven": { "kind": "modbus-rtu-over-tcp", "address": "{{Cables.MachineAddress}}",
                      "port": {{machines[1].Port}}, "unitId": 1, "every": "100 ms", "timeout": "500 ms",
                      "signals": "machine.csv" },
            "saw": { "kind": "modbus-rtu", "port": "{{serialPort}}", "baud": 19200, "parity": "none", "unitId": 1,
                     "every": "200 ms", "timeout": "500 ms", "signals": "machine.csv" },
          },
        }
        """;
}
