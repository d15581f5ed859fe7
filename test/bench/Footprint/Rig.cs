using Sluice.Agent.Health;
using Sluice.Mes;
using Sluice.Mes.Link;
using Sluice.Plant.Broker;
using Sluice.Plant.Gateway;
using Sluice.Plant.Keys;

namespace Sluice.Bench.Footprint;

/// <summary>
/// An agent process between a broker over mutual TLS and the sources that are asked for, in a directory of its own; the
/// MES subscribes, because a broker without one refuses data.
/// </summary>
internal sealed class Rig : IAsyncDisposable
{
    private const string GatewayId = "gw-bench";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(2);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("sluice-bench-");
    private readonly PlantKeys keys;
    private readonly EmbeddedBroker broker;
    private readonly TimeProvider clock;
    private readonly MesSubscriber mes;
    private AgentProcess? agent;
    private string configuration = "";

    private Rig(PlantKeys keys, EmbeddedBroker broker, TimeProvider clock)
    {
        (this.keys, this.broker, this.clock) = (keys, broker, clock);
        mes = new MesSubscriber(broker.MesDoor(), keys.Identity(keys.IssueClient("mes")), "mes", "plant1", clock);
    }

    /// <summary>From just before the process was made to the first reading that the broker acknowledged.</summary>
    public TimeSpan FirstAcknowledged { get; private set; }

    public ProcessFigures Figures => ProcessFigures.Of(agent!.Id);

    public static async Task<Rig> StartAsync(
        string file,
        string commitEvery,
        IReadOnlyList<SourceFile> sources,
        TimeProvider clock,
        CancellationToken cancel)
    {
        var keys = new PlantKeys("plant1", clock);
        var broker = new EmbeddedBroker(keys, new EmbeddedBrokerOptions { Site = "plant1" });
        await broker.StartAsync(cancel);
        var rig = new Rig(keys, broker, clock);
        try
        {
            await rig.StartAgentAsync(file, commitEvery, sources, cancel);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    /// <summary>Readings acknowledged since start, as the agent's own status counts them.</summary>
    public async Task<StatusReport> AskAsync(CancellationToken cancel)
    {
        var (report, problem) = await StatusClient.AskAsync(AgentProcess.SocketOf(configuration), clock, cancel);
        return report ?? throw new IOException(problem);
    }

    public async ValueTask DisposeAsync()
    {
        if (agent is not null)
        {
            await agent.StopAsync(TimeSpan.FromSeconds(10));
            await agent.DisposeAsync();
        }

        await mes.DisposeAsync();
        await broker.DisposeAsync();
        keys.Dispose();
        directory.Delete(recursive: true);
    }

    private async Task StartAgentAsync(
        string file, string commitEvery, IReadOnlyList<SourceFile> sources, CancellationToken cancel)
    {
        if (!await mes.UntilSubscribedAsync(Bound, cancel))
        {
            throw new IOException($"the MES side cannot subscribe: {mes.LastError}");
        }

        keys.WriteIdentityDirectory(Path.Combine(directory.FullName, "identity"), GatewayId).Dispose();
        configuration = new GatewayFiles
        {
            Id = GatewayId,
            BrokerHost = broker.Host,
            BrokerPort = broker.Port,
            CommitEvery = commitEvery,
            Sources = sources,
        }.Write(directory.FullName);
        var began = clock.GetTimestamp();
        agent = AgentProcess.Start(file, configuration);
        while (!await IsAcknowledgedAsync(cancel))
        {
            if (agent.HasExited || clock.GetElapsedTime(began) > Bound)
            {
                throw new IOException($"no reading was acknowledged:\n{string.Join('\n', agent.Log.TakeLast(20))}");
            }

            await Task.Delay(AskEvery, clock, cancel);
        }

        FirstAcknowledged = clock.GetElapsedTime(began);
    }

    private async Task<bool> IsAcknowledgedAsync(CancellationToken cancel)
    {
        var (report, _) = await StatusClient.AskAsync(AgentProcess.SocketOf(configuration), clock, cancel);
        return report?.Uplink.Acknowledged > 0;
    }
}
