using System.Buffers;
using System.Net;
using System.Text;
using Sluice.Agent.Configuration;
using Sluice.Agent.Uplink;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Plant.Keys;
using Xunit;

namespace Sluice.Field.Uplink;

/// <summary>The link itself and a real broker: what it may, and how the broker's end is noticed.</summary>
public sealed class The_link_and_mosquitto : IAsyncLifetime
{
    private const string Id = "gw-042";

    private readonly FieldDirectory directory = new();
    private readonly PlantKeys keys = new();
    private readonly MosquittoBroker broker;

    public The_link_and_mosquitto() => broker = new MosquittoBroker(directory, keys);

    public async ValueTask InitializeAsync() => await broker.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await broker.DisposeAsync();
        keys.Dispose();
        directory.Dispose();
    }

    [Fact]
    public async Task A_good_gateway_is_taken_and_told_when_nobody_listens()
    {
        await using var link = Link(keys.IssueClient(Id));
        var outcome = await link.ConnectAsync(Message("status", retain: true), CancellationToken.None);
        Assert.Equal("", outcome.Sentence);
        Assert.StartsWith("TLS 1.3", outcome.Terms!.Tls);

        var status = await link.DeliverAsync(Message("status", retain: true), CancellationToken.None);
        Assert.Equal(DeliveryVerdict.Accepted, status.Verdict);
        var data = await link.DeliverAsync(Message("data"), CancellationToken.None);
        Assert.Equal((DeliveryVerdict.Unheard, 0x10), (data.Verdict, data.ReasonCode));
        var foreign = await link.DeliverAsync(Message("data", "gw-043"), CancellationToken.None);
        Assert.Equal((DeliveryVerdict.Refused, 0x87), (foreign.Verdict, foreign.ReasonCode));
    }

    [Fact]
    public async Task A_broker_that_is_killed_or_stopped_is_noticed()
    {
        await using var link = Link(keys.IssueClient(Id));
        await link.ConnectAsync(Message("status", retain: true), CancellationToken.None);
        await broker.KillAsync();
        Assert.NotEmpty((await link.Lost.WaitAsync(TimeSpan.FromSeconds(10))).Sentence);

        await broker.StartAsync();
        await link.ConnectAsync(Message("status", retain: true), CancellationToken.None);
        await broker.StopAsync();
        Assert.NotEmpty((await link.Lost.WaitAsync(TimeSpan.FromSeconds(10))).Sentence);
    }

    private static OutboundMessage Message(string kind, string gateway = Id, bool retain = false) => new()
    {
        Topic = $"sluice/v1/plant1/{gateway}/{kind}",
        Payload = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes("{}")),
        Retain = retain,
    };

    private MqttBrokerLink Link(IssuedCertificate client)
    {
        var identity = directory.At("identity");
        keys.WriteIdentityVersion(identity, Id, client, "0001");
        return new MqttBrokerLink(Configuration(identity), TimeProvider.System);
    }

    private GatewayConfiguration Configuration(string identity) => new()
    {
        Gateway = new GatewayName("plant1", Id),
        Broker = new BrokerSettings
        {
            Host = MosquittoBroker.Host,
            Addresses = [IPAddress.Loopback],
            Port = broker.Port,
            Network = IPNetwork.Parse("127.0.0.0/8"),
        },
        Identity = new IdentitySettings { Directory = identity },
        Buffer = new BufferSettings { Directory = directory.At("buffer") },
        Sources = [],
        Hash = new string('0', 64),
    };
}
