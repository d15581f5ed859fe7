using Sluice.Agent.Health;
using Sluice.Mes;
using Sluice.Mes.Link;
using Sluice.Plant.Broker;
using Sluice.Plant.Gateway;
using Sluice.Plant.Keys;
using Sluice.Plant.Machines;

namespace Sluice.Plant.Demo;

/// <summary>
/// Everything between a press and an MES on one machine: simulated devices, a broker with keys made on the spot, the
/// agent as a process of its own, the receiver. All its files lie in one temporary directory that goes with it.
/// </summary>
public sealed class PlantInABox : IAsyncDisposable
{
    public const string Site = "plant1";
    public const string GatewayId = "gw-042";

    private static readonly TimeSpan StartBound = TimeSpan.FromSeconds(20);

    private readonly string directory;
    private readonly PlantKeys keys;

    private PlantInABox(string directory, TimeProvider clock)
    {
        this.directory = directory;
        keys = new PlantKeys(Site, clock);
        Broker = new EmbeddedBroker(keys, new EmbeddedBrokerOptions { Site = Site });
        Cell = new PressCell(seed: 7, clock);
    }

    public EmbeddedBroker Broker { get; }

    public PressCell Cell { get; }

    public MesSubscriber? Mes { get; private set; }

    public AgentProcess? Agent { get; private set; }

    /// <summary>Starts all of it; an <see cref="IOException"/> says what did not come up.</summary>
    public static async Task<PlantInABox> StartAsync(string agent, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        if (!File.Exists(agent))
        {
            throw new IOException($"there is no agent at {agent}: build it first, or name one with --agent");
        }

        var box = new PlantInABox(Directory.CreateTempSubdirectory("sluice-demo-").FullName, clock);
        try
        {
            await box.StartPartsAsync(agent, clock, cancellationToken).ConfigureAwait(false);
            return box;
        }
        catch
        {
            await box.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// How far the values that arrived agree with those that the plant gave away; inside Mes.Read only.
    /// </summary>
    public RecordCheck Record { get; } = new();

    /// <summary>
    /// Readings that wait in the buffer, asked at the agent's own status socket: while the broker is away the MES
    /// cannot know. Null where it does not answer.
    /// </summary>
    public async Task<long?> AskWaitingAsync(TimeProvider clock, CancellationToken cancellationToken)
    {
        var (report, _) = await StatusClient
            .AskAsync(AgentProcess.SocketOf(Path.Combine(directory, "gateway.json")), clock, cancellationToken)
            .ConfigureAwait(false);
        return report?.Buffer.Waiting;
    }

    public async ValueTask DisposeAsync()
    {
        if (Agent is not null)
        {
            await Agent.StopAsync(TimeSpan.FromSeconds(5)).ConfigureAwait(false);
            await Agent.DisposeAsync().ConfigureAwait(false);
        }

        if (Mes is not null)
        {
            await Mes.DisposeAsync().ConfigureAwait(false);
        }

        await Broker.DisposeAsync().ConfigureAwait(false);
        await Cell.DisposeAsync().ConfigureAwait(false);
        keys.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private async Task StartPartsAsync(string agent, TimeProvider clock, CancellationToken cancellationToken)
    {
        await Broker.StartAsync(cancellationToken).ConfigureAwait(false);
        Mes = new MesSubscriber(Broker.MesDoor(), keys.Identity(keys.IssueClient("mes")), "mes", Site, clock);
        Mes.Read(ledger => ledger.Arrived = (_, reading) =>
        {
            if (reading.Signal == PressCell.RecordSignal)
            {
                Record.Take(reading);
            }
        });
        if (!await Mes.UntilSubscribedAsync(StartBound, cancellationToken).ConfigureAwait(false))
        {
            throw new IOException($"the MES side cannot subscribe at the demo's own broker: {Mes.LastError}");
        }

        keys.WriteIdentityDirectory(Path.Combine(directory, "identity"), GatewayId).Dispose();
        var configuration = new GatewayFiles
        {
            Site = Site,
            Id = GatewayId,
            BrokerHost = Broker.Host,
            BrokerPort = Broker.Port,
            Sources = [Cell.PanelSource, Cell.PlcSource],
        }.Write(directory);
        Agent = AgentProcess.Start(agent, configuration);
        await UntilReadingsAsync(clock, cancellationToken).ConfigureAwait(false);
    }

    private async Task UntilReadingsAsync(TimeProvider clock, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        while (Mes!.Read(ledger => ledger.Gateway(GatewayId).Readings) == 0)
        {
            if (Agent!.HasExited || clock.GetElapsedTime(start) > StartBound)
            {
                var what = Agent.HasExited ? "the agent ended by itself" : "no reading arrived within 20 s";
                var log = string.Join('\n', Agent.Log.TakeLast(20));
                var refusals = string.Join('\n', Broker.Refusals.TakeLast(5));
                throw new IOException($"{what}. It said last:\n{log}\n{refusals}".TrimEnd());
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), clock, cancellationToken).ConfigureAwait(false);
        }
    }
}
