using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using MQTTnet;
using MQTTnet.Protocol;
using Sluice.Field.Parts;
using Sluice.Field.Parts.Peers;
using Sluice.Mes.Link;
using Sluice.Mes.Schemas;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Requests;

namespace Sluice.Field.Enrolment;

/// <summary>What came on the reply topic or the trust topic.</summary>
internal sealed record Heard(string Topic, string ContentType, string Correlation, bool Retained, byte[] Bytes)
{
    /// <summary>The sentence of a refusal.</summary>
    public string Refused
    {
        get
        {
            using var json = JsonDocument.Parse(Bytes);
            return json.RootElement.GetProperty("refused").GetString()!;
        }
    }
}

/// <summary>A gateway's side of the registration, word by word, so that a test can say wrong ones too.</summary>
internal sealed class ScriptedGateway : IAsyncDisposable
{
    private readonly FieldDirectory directory;
    private readonly MosquittoBroker broker;
    private readonly List<Heard> heard = [];
    private MesLink? link;

    public ScriptedGateway(FieldDirectory directory, MosquittoBroker broker, string id)
    {
        (this.directory, this.broker) = (directory, broker);
        Id = id;
    }

    public string Id { get; }

    public BundleContent Bundle { get; private set; } = null!;

    public X509Certificate2 Leaf => X509CertificateLoader.LoadCertificate(Bundle.Chain[0].Span);

    public IReadOnlyList<Heard> All
    {
        get
        {
            lock (heard)
            {
                return [.. heard];
            }
        }
    }

    private string Base => $"sluice/v1/plant1/{Id}";

    /// <summary>Its first certificate, with a stick.</summary>
    public async Task<ScriptedGateway> EnrolAsync(PlantCa ca)
    {
        var stick = Directory.CreateDirectory(directory.At("sticks", Id)).FullName;
        var key = KeyRequest.MakeKeyAndRequest(Id, "plant1");
        var request = KeyRequest.Read(key, out _)!;
        await File.WriteAllTextAsync(Path.Combine(stick, Id + ".request.pem"), request.Pem);
        await ca.SignAsync(stick, request.KeyFingerprint);
        Take(await File.ReadAllBytesAsync(Path.Combine(stick, Id + ".bundle")), key);
        return this;
    }

    /// <summary>From now on it is who the bundle says.</summary>
    public void Take(byte[] bundle, byte[] key)
    {
        Bundle = BundleContent.Read(BundleEnvelope.Open(bundle, out _)!.Payload, out _)!;
        Directory.CreateDirectory(directory.At("scripted"));
        File.WriteAllBytes(directory.At("scripted", Id + ".pem"), BundleContent.ToPem("CERTIFICATE", Bundle.Chain));
        File.WriteAllBytes(directory.At("scripted", Id + ".roots"), BundleContent.ToPem("CERTIFICATE", Bundle.Roots));
        File.WriteAllBytes(directory.At("scripted", Id + ".key"), key);
    }

    public async Task ConnectAsync()
    {
        await DisconnectAsync();
        string At(string ending) => directory.At("scripted", Id + ending);
        link = await MesLink.ConnectAsync(
            new MesBroker(new IPEndPoint(IPAddress.Loopback, broker.Port), MosquittoBroker.Host),
            MesIdentity.Read(At(".pem"), At(".key"), At(".roots")), Id, TimeSpan.Zero, Hear, CancellationToken.None);
        await link.SubscribeAsync(Base + "/cert/reply", CancellationToken.None);
        await link.SubscribeAsync("sluice/v1/plant1/trust", CancellationToken.None);
    }

    public async Task DisconnectAsync()
    {
        if (link is not null)
        {
            await link.DisposeAsync();
            link = null;
        }
    }

    /// <summary>Asks, and returns the correlation that an answer will have.</summary>
    public async Task<string> AskAsync(byte[] csr, string? correlation = null)
    {
        correlation ??= Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        await PublishAsync(Base + "/cert/csr", csr, "application/pkcs10", correlation);
        return correlation;
    }

    public Task<int> ConfirmAsync(string correlation) => PublishAsync(
        Base + "/cert/confirm",
        Encoding.UTF8.GetBytes($$"""{"v":1,"version":{{Bundle.Version}},"serial":"{{Leaf.SerialNumber}}"}"""),
        "application/json", correlation);

    public Task<int> PublishAsync(
        string topic, byte[] payload, string contentType, string correlation,
        MqttQualityOfServiceLevel quality = MqttQualityOfServiceLevel.AtLeastOnce) =>
        link!.PublishAsync(new MqttApplicationMessage
        {
            Topic = topic,
            PayloadSegment = payload,
            ContentType = contentType,
            CorrelationData = Convert.FromHexString(correlation),
            QualityOfServiceLevel = quality,
        }, CancellationToken.None);

    public async Task<Heard> AnswerAsync(string correlation, Func<string> otherwise, int after = 0)
    {
        Heard? found = null;
        await Eventually.HoldsAsync(
            () => (found = All.Skip(after).FirstOrDefault(each => each.Correlation == correlation)) is not null,
            TimeSpan.FromSeconds(30), () => $"{Id} got no answer. {otherwise()}");
        return found!;
    }

    public ValueTask DisposeAsync() => new(DisconnectAsync());

    private void Hear(MesMessage message)
    {
        lock (heard)
        {
            heard.Add(new Heard(
                message.Topic, message.ContentType, Convert.ToHexStringLower(message.Correlation.Span),
                message.Retained, System.Buffers.BuffersExtensions.ToArray(message.Payload)));
        }
    }
}
