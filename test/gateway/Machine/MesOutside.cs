using System.Net;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Mes;
using Sluice.Mes.Link;
using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Gateway.Machine;

/// <summary>
/// What stands outside of the gateway: a real mosquitto with mutual TLS, which the guest reaches over QEMU's user
/// network, and the reference receiver, which takes what comes and judges it.
/// </summary>
internal sealed class MesOutside : IAsyncDisposable
{
    /// <summary>This machine's loopback as the guest sees it.</summary>
    public const string AddressForGuest = "10.0.2.2";

    public const string Site = "plant1";

    /// <summary>An emulated processor on a loaded machine takes its time; so does a broker that was away.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly Lock gate = new();
    private readonly List<MesReading> readings = [];
    private readonly FieldDirectory directory;
    private readonly PlantKeys? keys;
    private readonly MesSubscriber receiver;

    private MesOutside(
        FieldDirectory directory, PlantKeys? keys, MosquittoBroker broker, (string Certificate, string Key) identity)
    {
        this.directory = directory;
        this.keys = keys;
        Broker = broker;
        receiver = new MesSubscriber(
            new MesBroker(new IPEndPoint(IPAddress.Loopback, Broker.Port), MosquittoBroker.Host),
            MesIdentity.Read(identity.Certificate, identity.Key, Broker.Files.Authority), "mes", Site,
            TimeProvider.System);
        receiver.Read(ledger => ledger.Arrived = (_, reading) =>
        {
            lock (gate)
            {
                readings.Add(reading);
            }
        });
    }

    /// <summary>Who signs a gateway's certificate, where a test makes them itself.</summary>
    public PlantKeys Keys => keys ?? throw new InvalidOperationException("The plant's own CA signs.");

    public MosquittoBroker Broker { get; }

    public static Task<MesOutside> StartAsync()
    {
        var (directory, keys) = (new FieldDirectory(), new PlantKeys());
        return StartAsync(new MesOutside(
            directory, keys, new MosquittoBroker(directory, keys), keys.WriteClientFiles(directory.At("mes"), "mes")));
    }

    /// <summary>With a broker and an identity from the plant's own CA.</summary>
    public static Task<MesOutside> StartAsync(
        FieldDirectory directory, MosquittoBroker broker, (string Certificate, string Key) identity) =>
        StartAsync(new MesOutside(directory, null, broker, identity));

    /// <summary>Each reading of a signal that had not come before, in the order in which they came.</summary>
    public IReadOnlyList<MesReading> Readings(string signal)
    {
        lock (gate)
        {
            return [.. readings.Where(reading => reading.Signal == signal)];
        }
    }

    /// <summary>Value and quality of each.</summary>
    public IReadOnlyList<string> Course(string signal) => [.. Readings(signal).Select(Text)];

    /// <summary>The last of them; empty before the first.</summary>
    public string Latest(string signal) => Readings(signal) is { Count: > 0 } came ? Text(came[^1]) : "";

    /// <summary>What the reference receiver says of the gateway.</summary>
    public T Judge<T>(Func<GatewayStream, T> judgement) =>
        receiver.Read(ledger => judgement(ledger.Gateway(GuestAgent.Id)));

    /// <summary>Waits until the receiver has it; what came and what the agent said stand in the failure.</summary>
    public async Task UntilAsync(Func<bool> condition, ISpeakingAgent agent)
    {
        if (!await receiver.UntilAsync(_ => condition(), Patience, TestContext.Current.CancellationToken))
        {
            Assert.Fail($"Not within {Patience.TotalSeconds} s. {Account()}\nThe agent said:\n"
                + await agent.SaidAsync());
        }
    }

    /// <summary>Waits until nothing is on its way any more; then nothing may be wrong, lost or unexplained.</summary>
    public async Task HasEverythingAsync(ISpeakingAgent agent)
    {
        await UntilAsync(() => Judge(stream => stream is { Ledger: not null, OpenGaps: 0, Readings: > 0 }), agent);
        Assert.Equal(0, Judge(stream => stream.Lost));
        Assert.Equal(0, Judge(stream => stream.Explained));
        Assert.Empty(receiver.Read(ledger => ledger.Violations.Select(each => each.ToString()).ToList()));
    }

    public async ValueTask DisposeAsync()
    {
        await receiver.DisposeAsync();
        await Broker.DisposeAsync();
        keys?.Dispose();
        directory.Dispose();
    }

    private static async Task<MesOutside> StartAsync(MesOutside outside)
    {
        await outside.Broker.StartAsync();
        Assert.True(
            await outside.receiver.UntilSubscribedAsync(Patience, TestContext.Current.CancellationToken),
            outside.receiver.LastError);
        return outside;
    }

    private static string Text(MesReading reading) =>
        $"{reading.Value} {reading.Quality}{(reading.Reason.Length > 0 ? "/" : "")}{reading.Reason}".Trim();

    private string Account()
    {
        lock (gate)
        {
            return $"{readings.Count} readings came, the last ones:\n"
                + string.Join('\n', readings.TakeLast(10).Select(each => $"{each.Signal} {Text(each)}"));
        }
    }
}
