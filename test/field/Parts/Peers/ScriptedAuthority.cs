using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Channels;
using MQTTnet;
using MQTTnet.Protocol;
using Sluice.Mes.Link;
using Sluice.Mes.Schemas;
using Sluice.Plant.Broker;
using Sluice.Plant.Keys;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;

namespace Sluice.Field.Parts.Peers;

/// <summary>
/// A registration authority of a test's own at a real broker: it signs whatever the gateway asks for, as the contract
/// has it, and keeps what was confirmed. What it answers instead, a test says.
/// </summary>
internal sealed class ScriptedAuthority : IAsyncDisposable
{
    private const string Topics = $"sluice/v1/plant1/{FieldGateway.Id}/cert";

    private readonly PlantKeys keys;
    private readonly IssuedCertificate signer;
    private readonly Channel<Func<Task>> work = Channel.CreateUnbounded<Func<Task>>();
    private readonly ConcurrentDictionary<string, byte[]> answered = new();
    private readonly ConcurrentQueue<string> confirmed = new();
    private MesLink? link;
    private Task working = Task.CompletedTask;
    private int version = 1;
    private int requests;

    private ScriptedAuthority(PlantKeys keys)
    {
        this.keys = keys;
        signer = keys.Issue(new CertificateWish { CommonName = "bundles", Usages = [BundleEnvelope.SignerUsage] });
    }

    /// <summary>What the broker must allow it besides the contract's own rules.</summary>
    public static string Acl => """
        user ra
        topic read sluice/v1/plant1/+/cert/csr
        topic read sluice/v1/plant1/+/cert/confirm
        topic write sluice/v1/plant1/+/cert/reply
        topic write sluice/v1/plant1/trust

        """;

    /// <summary>Serials in the order in which they were confirmed, repetitions included.</summary>
    public IReadOnlyList<string> Confirmed => [.. confirmed];

    public int Requests => Volatile.Read(ref requests);

    /// <summary>The answer, instead of the right one; null: none.</summary>
    public Func<byte[], byte[]?> Alters { get; set; } = bundle => bundle;

    public static async Task<ScriptedAuthority> StartAsync(PlantKeys keys, MosquittoBroker broker)
    {
        var authority = new ScriptedAuthority(keys);
        authority.link = await MesLink.ConnectAsync(
            new MesBroker(new IPEndPoint(IPAddress.Loopback, broker.Port), MosquittoBroker.Host),
            keys.Identity(keys.IssueClient("ra")), "ra", TimeSpan.Zero, authority.Hear, CancellationToken.None);
        authority.working = authority.WorkAsync();
        await authority.link.SubscribeAsync("sluice/v1/plant1/+/cert/csr", CancellationToken.None);
        await authority.link.SubscribeAsync("sluice/v1/plant1/+/cert/confirm", CancellationToken.None);
        return authority;
    }

    public async Task PublishAsync(
        string topic, byte[] payload, string contentType, ReadOnlyMemory<byte> correlation, bool retain = false) =>
        await link!.PublishAsync(new MqttApplicationMessage
        {
            Topic = topic,
            PayloadSegment = payload,
            ContentType = contentType,
            CorrelationData = correlation.ToArray(),
            Retain = retain,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        }, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        work.Writer.TryComplete();
        await working;
        if (link is not null)
        {
            await link.DisposeAsync();
        }

        signer.Dispose();
    }

    private void Hear(MesMessage message)
    {
        // The payload is the library's; the work is done elsewhere, because an answer waits for the broker.
        var payload = message.Payload.ToArray();
        var correlation = message.Correlation.ToArray();
        if (message.Topic.EndsWith("/csr", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref requests);
            work.Writer.TryWrite(() => AnswerAsync(payload, correlation));
            return;
        }

        using var json = JsonDocument.Parse(payload);
        confirmed.Enqueue(json.RootElement.GetProperty("serial").GetString()!);
    }

    private async Task AnswerAsync(byte[] request, byte[] correlation)
    {
        var bundle = answered.GetOrAdd(Convert.ToHexString(correlation), _ => Sign(request));
        if (Alters(bundle) is { } answer)
        {
            await PublishAsync($"{Topics}/reply", answer, "application/vnd.sluice.bundle", correlation);
        }
    }

    private byte[] Sign(byte[] pem)
    {
        var request = KeyRequest.Read(pem, out var problem) ?? throw new InvalidOperationException(problem);
        using var certificate = keys.Sign(
            CertificateWish.Client(request.GatewayId),
            PublicKey.CreateFromSubjectPublicKeyInfo(request.PublicKeyInfo.Span, out _));
        var now = TimeProvider.System.GetUtcNow();
        var content = new BundleContent
        {
            Gateway = request.GatewayId,
            Site = keys.Plant,
            Version = ++version,
            Made = now,
            NotBefore = now - TimeSpan.FromHours(1),
            Chain = [certificate.RawData, keys.Issuing.RawData],
            Roots = [keys.Root.RawData],
            RevocationLists = Lists(),
        };
        using var key = signer.Leaf.GetECDsaPrivateKey()!;
        return BundleEnvelope.Seal(content.Write(), [signer.Leaf, keys.Issuing, keys.Root], key);
    }

    private List<ReadOnlyMemory<byte>> Lists()
    {
        var lists = new List<ReadOnlyMemory<byte>>();
        ReadOnlySpan<char> text = keys.CrlPem();
        while (PemEncoding.TryFind(text, out var found))
        {
            lists.Add(Convert.FromBase64String(text[found.Base64Data].ToString()));
            text = text[found.Location.End..];
        }

        return lists;
    }

    private async Task WorkAsync()
    {
        await foreach (var next in work.Reader.ReadAllAsync())
        {
            await next();
        }
    }
}
