using System.Buffers;
using System.Net;
using System.Text;
using Sluice.Agent.Configuration;
using Sluice.Agent.Uplink;
using Sluice.Plant.Broker;
using Sluice.Plant.Keys;

namespace Sluice.Fast.Uplink;

/// <summary>A gateway's link and an embedded broker on loopback, with real keys and real TLS between them.</summary>
internal sealed class BrokerLinkBench : IAsyncDisposable
{
    public const string GatewayId = "gw-042";
    public const string Base = "sluice/v1/plant1/gw-042";

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-link-").FullName;

    private BrokerLinkBench(PlantKeys keys, EmbeddedBroker broker)
    {
        Keys = keys;
        Broker = broker;
    }

    public PlantKeys Keys { get; }

    public EmbeddedBroker Broker { get; }

    public string IdentityDirectory => Path.Combine(directory, "identity");

    /// <param name="broker">What kind of broker, from the plant's keys.</param>
    /// <param name="client">The gateway's certificate; null: a good one.</param>
    public static async Task<BrokerLinkBench> StartAsync(
        Func<PlantKeys, EmbeddedBrokerOptions>? broker = null, Func<PlantKeys, IssuedCertificate>? client = null)
    {
        var keys = new PlantKeys();
        var bench = new BrokerLinkBench(keys, new EmbeddedBroker(keys, broker?.Invoke(keys)));
        var certificate = client?.Invoke(keys) ?? keys.IssueClient(GatewayId);
        keys.WriteIdentityVersion(bench.IdentityDirectory, GatewayId, certificate, "0001");
        await bench.Broker.StartAsync(CancellationToken.None);
        return bench;
    }

    /// <summary>Another broker of the same plant, on the same port of another address.</summary>
    public async Task<EmbeddedBroker> StartAnotherAsync(
        IPAddress address, Func<PlantKeys, IssuedCertificate>? certificate = null)
    {
        var another = new EmbeddedBroker(Keys, new EmbeddedBrokerOptions
        {
            Address = address, Port = Broker.Port, Certificate = certificate?.Invoke(Keys),
        });
        await another.StartAsync(CancellationToken.None);
        return another;
    }

    public GatewayConfiguration Configuration(
        IReadOnlyList<IPAddress>? addresses = null, TimeSpan? keepAlive = null,
        TlsVersionMin tlsMin = TlsVersionMin.Tls13, string network = "127.0.0.0/8") => new()
    {
        Gateway = new GatewayName("plant1", GatewayId),
        Broker = new BrokerSettings
        {
            Host = "mes-broker.dmz.plant1",
            Addresses = addresses ?? [IPAddress.Loopback],
            Port = Broker.Port,
            Network = IPNetwork.Parse(network),
            KeepAlive = keepAlive ?? TimeSpan.FromSeconds(15),
            TlsMin = tlsMin,
        },
        Identity = new IdentitySettings { Directory = IdentityDirectory },
        Buffer = new BufferSettings { Directory = directory },
        Sources = [],
        Hash = new string('0', 64),
    };

    public MqttBrokerLink Link() => new(Configuration(), TimeProvider.System);

    public static OutboundMessage Message(string topic, string payload, bool retain = false) => new()
    {
        Topic = topic,
        Payload = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(payload)),
        Retain = retain,
    };

    public static OutboundMessage Will => Message($"{Base}/status", """{"state":"offline"}""", retain: true);

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        Keys.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
