using System.Globalization;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Gateway;
using Sluice.Plant.Keys;

namespace Sluice.Bench.Uplink;

/// <summary>
/// mosquitto with mutual TLS 1.3 and a receiver, for all runs; agents and bare publishers come and go under the same
/// name.
/// </summary>
internal sealed class UplinkRig : IAsyncDisposable
{
    public const string GatewayId = "gw-bench";

    private readonly FieldDirectory directory = new();
    private readonly PlantKeys keys;
    private readonly TimeProvider clock;
    private int runs;

    private UplinkRig(TimeProvider clock)
    {
        this.clock = clock;
        keys = new PlantKeys("plant1", clock);
        Broker = new MosquittoBroker(directory, keys) { LogTypes = ["error", "warning", "notice", "information"] };
        Bare = keys.WriteClientFiles(directory.At("bare"), GatewayId);
    }

    public MosquittoBroker Broker { get; }

    public Receiver Receiver { get; private set; } = null!;

    /// <summary>What a bare publisher shows the broker.</summary>
    public (string Certificate, string Key) Bare { get; }

    public static async Task<UplinkRig> StartAsync(TimeProvider clock, CancellationToken cancel)
    {
        var rig = new UplinkRig(clock);
        try
        {
            await rig.Broker.StartAsync();
            rig.Receiver = await Receiver.StartAsync(rig.Broker, rig.keys, clock, cancel);
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    public string At(string name) => directory.At(name);

    /// <summary>An agent with a buffer of its own: an empty one, or one in which readings wait.</summary>
    public async Task<BenchAgent> StartAgentAsync(
        string file, GatewayFiles wish, bool withBacklog, CancellationToken cancel)
    {
        var home = directory.At(string.Create(CultureInfo.InvariantCulture, $"run{++runs}"));
        keys.WriteIdentityDirectory(Path.Combine(home, "identity"), GatewayId).Dispose();
        if (withBacklog)
        {
            Backlog.Fill(Path.Combine(home, "buffer"));
        }

        Receiver.Take();
        var configuration = wish.Write(home);
        var began = Spent.Others(this, clock);
        var agent = new BenchAgent(AgentProcess.Start(file, configuration), configuration, this, clock)
        {
            Began = began,
        };
        await agent.UntilAcknowledgedAsync(cancel);
        return agent;
    }

    /// <summary>What all runs have in common.</summary>
    public GatewayFiles Wish(string commitEvery, string compress, params IReadOnlyList<SourceFile> sources) => new()
    {
        Id = GatewayId,
        BrokerHost = MosquittoBroker.Host,
        BrokerPort = Broker.Port,
        CommitEvery = commitEvery,
        SizeMax = "1 GiB",
        RateMax = "1 GiB/s",
        Compress = compress,
        Sources = sources,
    };

    public async ValueTask DisposeAsync()
    {
        if (Receiver is not null)
        {
            await Receiver.DisposeAsync();
        }

        await Broker.DisposeAsync();
        keys.Dispose();
        directory.Dispose();
    }
}
