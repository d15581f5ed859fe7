using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Sluice.Agent;
using Sluice.Agent.Binding;
using Sluice.Agent.Configuration;
using Sluice.Agent.Health;
using Sluice.Hal.Modbus;
using Sluice.Mes;
using Sluice.Mes.Link;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Sluice.Plant.Broker;
using Sluice.Plant.Clock;
using Sluice.Plant.Demo;
using Sluice.Plant.Gateway;
using Sluice.Plant.Keys;
using Sluice.Plant.Machines;
using Sluice.Plant.Modbus;
using Xunit;

namespace Sluice.Fast.EndToEnd;

/// <summary>
/// A whole agent in this process between a real Modbus TCP server and a real broker with mutual TLS, all on loopback,
/// its buffer on disk in a directory of its own. Small times, so that a test takes a second.
/// </summary>
internal sealed class SmallPlant : IAsyncDisposable
{
    public const string GatewayId = "gw-042";
    public const string Level = "plc/level";

    private const string RecordSignal = "plc/record/count";
    private const int RecordAddress = 5000;

    private readonly CancellationTokenSource bound = new(TimeSpan.FromSeconds(30));
    private readonly ConcurrentQueue<MesReading> levels = new();
    private readonly ConcurrentQueue<MesReading> arrivals = new();
    private readonly RecordCheck record = new();
    private readonly KeptLog kept = new();
    private readonly ReadRecord given;
    private CancellationTokenSource? stop;
    private Task<int>? running;
    private int starts;

    private SmallPlant()
    {
        Broker = new EmbeddedBroker(Keys);
        given = new ReadRecord(Server.Responder, RecordAddress);
        Server.Map.SetRegister(ModbusTable.HoldingRegister, 10, 7);
    }

    public PlantKeys Keys { get; } = new();

    public EmbeddedBroker Broker { get; }

    public ModbusTcpServer Server { get; } = new(IPAddress.Loopback, 0);

    public MesSubscriber Mes { get; private set; } = null!;

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("sluice-e2e-").FullName;

    /// <summary>What the agent that was started last runs on.</summary>
    public GatewayConfiguration Configuration { get; private set; } = null!;

    public string IdentityDirectory => Path.Combine(Directory, "identity");

    /// <summary>
    /// The deadline of the agents started from now on. A value that was given and came too late is missing from the
    /// record: on a busy machine nothing may come too late.
    /// </summary>
    public string AnswersWithin { get; set; } = "3 s";

    /// <summary>The status light of the agents started from now on; null for none.</summary>
    public LightSettings? Light { get; set; }

    /// <summary>The clock of the agents started from now on; null for this machine's, which is trusted.</summary>
    public MovedClock? Clock { get; set; }

    /// <summary>The machine of the agents started from now on; null for this one.</summary>
    public MachineFacts? Machine { get; set; }

    /// <summary>What arrived, in the order of its arrival.</summary>
    public IReadOnlyList<MesReading> Arrivals => [.. arrivals];

    /// <summary>What the agents wrote into their log.</summary>
    public IReadOnlyList<string> Logged => [.. kept.Lines];

    public CancellationToken Bound => bound.Token;

    /// <summary>What the plant answered for the record so far.</summary>
    public uint Given => given.Given;

    /// <summary>Readings of the level, which never changes its value, in the order of their arrival.</summary>
    public IReadOnlyList<MesReading> Levels => [.. levels];

    /// <summary>Broker, MES and machine run; the agent does not yet.</summary>
    public static async Task<SmallPlant> StartAsync()
    {
        var plant = new SmallPlant();
        await plant.Broker.StartAsync(plant.Bound);
        plant.Mes = new MesSubscriber(
            plant.Broker.MesDoor(), plant.Keys.Identity(plant.Keys.IssueClient("mes")), "mes", "plant1",
            TimeProvider.System);
        plant.Mes.Read(ledger => ledger.Arrived = plant.OnArrived);
        Assert.True(await plant.Mes.UntilSubscribedAsync(TimeSpan.FromSeconds(10), plant.Bound), plant.Mes.LastError);
        return plant;
    }

    /// <summary>Starts the agent with its own identity.</summary>
    public void StartAgent()
    {
        if (!System.IO.Directory.Exists(IdentityDirectory))
        {
            Keys.WriteIdentityDirectory(IdentityDirectory, GatewayId).Dispose();
        }

        StartAgentAsItIs();
    }

    /// <summary>Starts the agent with whatever stands in its identity directory.</summary>
    public void StartAgentAsItIs()
    {
        var loaded = ConfigurationLoader.Load(new GatewayFiles
        {
            BrokerHost = Broker.Host,
            BrokerPort = Broker.Port,
            CommitEvery = "50 ms",
            Sources =
            [
                SourceFile.ModbusTcp(
                    "plc", Server.Port,
                    "record/count,holding:5000,uint32,,,,,always,,,50 ms,1,",
                    "level,holding:10,int16,,,,mm,change,,60 s,50 ms,1,Never changes") with
                {
                    Timeout = AnswersWithin,
                },
            ],
        }.Write(Directory));
        Assert.Empty(loaded.Problems.Select(problem => problem.ToString()));
        Configuration = loaded.Configuration!;
        stop = new CancellationTokenSource();
        var surroundings = new HostSurroundings(
            Clock ?? TimeProvider.System, new SoonRandom(++starts), log => log.AddProvider(new KeptLogProvider(kept)))
        {
            HostClock = Clock,
            Machine = Machine,
        };
        running = Task.Run(() => GatewayHost.RunAsync(
            loaded.Configuration! with { Light = Light },
            new RunOptions { SocketPath = Path.Combine(Directory, "s") },
            surroundings,
            stop.Token));
    }

    /// <summary>Stops the agent as systemd does, and returns its exit code.</summary>
    public async Task<int> StopAgentAsync()
    {
        await stop!.CancelAsync();
        var code = await running!.WaitAsync(Bound);
        stop.Dispose();
        running = null;
        return code;
    }

    /// <summary>Waits until the agent ends by itself, and returns its exit code.</summary>
    public async Task<int> AgentEndedAsync()
    {
        var code = await running!.WaitAsync(Bound);
        stop!.Dispose();
        running = null;
        return code;
    }

    public T See<T>(Func<GatewayStream, T> look) => Mes.Read(ledger => look(ledger.Gateway(GatewayId)));

    /// <summary>Waits for it, or fails with what was seen and what the contract did not allow.</summary>
    public async Task UntilAsync(string what, Func<GatewayStream, bool> condition)
    {
        if (!await Mes.UntilAsync(ledger => condition(ledger.Gateway(GatewayId)), TimeSpan.FromSeconds(15), Bound))
        {
            Assert.Fail($"{what}: not within 15 s. {Account()}");
        }
    }

    /// <summary>
    /// How many record values are there, and that none is missing, none came twice and nothing broke the contract.
    /// </summary>
    public void Prove()
    {
        var (missing, twice, violations) = Mes.Read(ledger => (
            record.Missing, record.Twice, ledger.Violations.Select(violation => violation.Sentence).ToArray()));
        Assert.True(missing == 0 && twice == 0, $"missing {missing}, twice {twice}. {Account()}");
        Assert.Empty(violations);
        Assert.Equal(0, Broker.Dropped);
    }

    /// <summary>The last value of the record that arrived.</summary>
    public long RecordLast() => Mes.Read(_ => record.Last);

    public async Task<StatusReport?> AskStatusAsync() =>
        (await StatusClient.AskAsync(Path.Combine(Directory, "s"), TimeProvider.System, Bound)).Report;

    public async ValueTask DisposeAsync()
    {
        if (running is not null)
        {
            await StopAgentAsync();
        }

        await Mes.DisposeAsync();
        await Broker.DisposeAsync();
        await Server.DisposeAsync();
        Keys.Dispose();
        bound.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private void OnArrived(DataMessage message, MesReading reading)
    {
        arrivals.Enqueue(reading);
        if (reading.Signal == RecordSignal)
        {
            record.Take(reading);
        }
        else if (reading.Signal == Level)
        {
            levels.Enqueue(reading);
        }
    }

    private string Account() => Mes.Read(ledger =>
    {
        var stream = ledger.Gateway(GatewayId);
        var gaps = string.Join(',', stream.Stores.Values.SelectMany(store => store.OpenGaps()));
        var broken = string.Join("; ", ledger.Violations.Select(violation => violation.Sentence));
        return $"readings {stream.Readings}, historical {stream.Historical}, duplicates {stream.Duplicates}, open "
            + $"[{gaps}], record {record.Arrived} of {Given}, status {stream.Status}, violations [{broken}], "
            + $"refused [{string.Join("; ", Broker.Refusals)}], MES {Mes.LastError}";
    });

    /// <summary>
    /// Dice that always say "soon": a first reconnect comes after 0.34 s. Each run needs an id of its own.
    /// </summary>
    private sealed class SoonRandom(int seed) : Random(seed)
    {
        public override double NextDouble() => 0.1;
    }
}
