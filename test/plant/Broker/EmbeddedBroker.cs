using System.Collections;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using MQTTnet.Server;
using Sluice.Plant.Keys;

namespace Sluice.Plant.Broker;

/// <summary>
/// A broker in this process: MQTT 5 over TLS with a client certificate demanded and checked against the plant's root,
/// rights by identity (<see cref="BrokerAccess"/>). It can be stopped and started on the same port, cut off without a
/// word, made silent, and made to answer what a test wants. What it knew of sessions and retained messages is gone
/// after a stop, as with a broker that saves nothing.
/// </summary>
public sealed class EmbeddedBroker : IAsyncDisposable
{
    private const string IdentityItem = "identity";
    private const int RefusalsMax = 200;

    private readonly PlantKeys keys;
    private readonly EmbeddedBrokerOptions options;
    private readonly BrokerAccess access;
    private readonly IssuedCertificate certificate;
    private readonly Gate gate = new();
    private readonly ConcurrentQueue<string> refusals = new();
    private readonly ConcurrentDictionary<string, string> connected = new();
    private MqttServer? server;
    private TlsListener? listener;
    private TlsListener? mesDoor;
    private long published;
    private long dropped;
    private long pings;

    public EmbeddedBroker(PlantKeys keys, EmbeddedBrokerOptions? options = null)
    {
        this.keys = keys;
        this.options = options ?? new EmbeddedBrokerOptions();
        access = new BrokerAccess(this.options.Site, this.options.Mes);
        certificate = this.options.Certificate ?? keys.IssueServer(this.options.Host);
        Port = this.options.Port;
    }

    /// <summary>
    /// Asked for each PUBLISH of (identity, topic): an MQTT 5 reason code (0x97 quota exceeded ...) to answer with
    /// instead of taking it, or null.
    /// </summary>
    public Func<string, string, int?> AnswerPublish { get; set; } = (_, _) => null;

    /// <summary>Asked for each CONNECT of an identity: an MQTT 5 reason code to refuse it with, or null.</summary>
    public Func<string, int?> AnswerConnect { get; set; } = _ => null;

    /// <summary>What a refused CONNECT is told besides its reason code: words, and another server.</summary>
    public string ReasonString { get; set; } = "";

    public string ServerReference { get; set; } = "";

    /// <summary>PINGREQ packets that came.</summary>
    public long Pings => Interlocked.Read(ref pings);

    public IPAddress Address => options.Address;

    public string Host => options.Host;

    /// <summary>Fixed from the first start on.</summary>
    public int Port { get; private set; }

    /// <summary>A door of its own for the MES, so that the cable to the gateways can be cut alone.</summary>
    public int MesPort { get; private set; }

    public bool IsRunning => server is not null;

    /// <summary>True while the cable to the gateways is cut.</summary>
    public bool GatewaysCut { get; private set; }

    /// <summary>Client ids that hold a session right now.</summary>
    public IReadOnlyCollection<string> Connected => [.. connected.Keys];

    /// <summary>What was turned away, newest last: sentences for a test's failure message.</summary>
    public IReadOnlyCollection<string> Refusals => [.. refusals];

    /// <summary>PUBLISH packets taken, in all its lives.</summary>
    public long Published => Interlocked.Read(ref published);

    /// <summary>
    /// Messages that did not fit into a subscriber's line. Anything but 0 makes a test of completeness void.
    /// </summary>
    public long Dropped => Interlocked.Read(ref dropped);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (server is not null)
        {
            throw new InvalidOperationException("The broker runs already.");
        }

        await RetryAsync(StartOnceAsync, cancellationToken).ConfigureAwait(false);
        GatewaysCut = false;
    }

    /// <summary>Stops as an operator does: DISCONNECT to every client, then the door.</summary>
    public Task StopAsync() => StopAsync(cut: false);

    /// <summary>Every connection is reset without a word and the port is closed, as in a power cut.</summary>
    public Task CutAsync() => StopAsync(cut: true);

    /// <summary>
    /// The cable between the gateways and the DMZ is cut: their connections are reset and their door is closed, while
    /// the broker and the MES go on. So what the broker has acknowledged still reaches the MES, which a broker that
    /// dies and saves nothing cannot promise.
    /// </summary>
    public void CutGateways()
    {
        GatewaysCut = true;
        listener?.Cut();
    }

    public async Task MendGatewaysAsync(CancellationToken cancellationToken)
    {
        if (GatewaysCut && listener is { } door)
        {
            await RetryAsync(
                () =>
                {
                    door.Open();
                    return Task.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
            GatewaysCut = false;
        }
    }

    /// <summary>What it shows to whoever connects.</summary>
    public IssuedCertificate Certificate => certificate;

    /// <summary>As if somebody who may had published it, retained.</summary>
    public Task RetainAsync(string topic, byte[] payload, string contentType) =>
        server!.InjectApplicationMessage(new InjectedMqttApplicationMessage(new MqttApplicationMessage
        {
            Topic = topic,
            PayloadSegment = payload,
            ContentType = contentType,
            Retain = true,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        })
        {
            SenderClientId = BrokerAccess.Authority,
            CustomSessionItems = new Hashtable { [IdentityItem] = BrokerAccess.Authority },
        });

    /// <summary>Ends a client's session with a DISCONNECT that says why, and where else to go.</summary>
    public Task SendAwayAsync(string clientId, int reason, string words, string reference) =>
        server!.DisconnectClientAsync(clientId, new MqttServerClientDisconnectOptions
        {
            ReasonCode = (MqttDisconnectReasonCode)reason, ReasonString = words, ServerReference = reference,
        });

    /// <summary>From now on nothing is answered and nothing is hung up, on old connections and on new ones.</summary>
    public void GoSilent() => gate.Close();

    public void Speak() => gate.Open();

    public async ValueTask DisposeAsync()
    {
        await CutAsync().ConfigureAwait(false);
        if (options.Certificate is null)
        {
            certificate.Dispose();
        }
    }

    /// <summary>
    /// The port is ours, but a connection of somebody else may sit on it for a moment as its ephemeral end.
    /// </summary>
    private static async Task RetryAsync(Func<Task> bind, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await bind().ConfigureAwait(false);
                return;
            }
            catch (SocketException) when (attempt < 50)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task StartOnceAsync()
    {
        var door = new TlsListener(new IPEndPoint(options.Address, Port), Tls, gate, Refuse);
        var mes = new TlsListener(new IPEndPoint(options.Address, MesPort), Tls, gate, Refuse);
        var settings = new MqttServerOptionsBuilder()
            .WithoutDefaultEndpoint()
            .WithPersistentSessions()
            .WithMaxPendingMessagesPerClient(options.PendingMessagesMax)
            .WithPendingMessagesOverflowStrategy(MqttPendingMessagesOverflowStrategy.DropOldestQueuedMessage)
            .Build();
        var next = new MqttServerFactory().CreateMqttServer(settings, [door, mes], new MqttNetNullLogger());
        next.ValidatingConnectionAsync += OnConnectAsync;
        next.InterceptingPublishAsync += OnPublishAsync;
        next.InterceptingSubscriptionAsync += OnSubscribeAsync;
        next.InterceptingOutboundPacketAsync += OnOutboundAsync;
        next.InterceptingInboundPacketAsync += inbound =>
        {
            Interlocked.Add(ref pings, inbound.Packet is MqttPingReqPacket ? 1 : 0);
            return Task.CompletedTask;
        };
        next.ApplicationMessageEnqueuedOrDroppedAsync += message =>
        {
            Interlocked.Add(ref dropped, message.IsDropped ? 1 : 0);
            return Task.CompletedTask;
        };
        next.ClientConnectedAsync += client => Task.FromResult(connected[client.ClientId] = client.ClientId);
        next.ClientDisconnectedAsync += client => Task.FromResult(connected.TryRemove(client.ClientId, out _));
        try
        {
            await next.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            next.Dispose();
            throw;
        }

        Port = door.Port;
        MesPort = mes.Port;
        listener = door;
        mesDoor = mes;
        server = next;
    }

    private async Task StopAsync(bool cut)
    {
        if (server is not { } running)
        {
            return;
        }

        server = null;
        if (cut)
        {
            listener?.Cut();
            mesDoor?.Cut();
        }

        await running.StopAsync(new MqttServerStopOptions()).ConfigureAwait(false);
        running.Dispose();
        connected.Clear();
    }

    private Task OnConnectAsync(ValidatingConnectionEventArgs connect)
    {
        var identity = connect.ClientCertificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: false) ?? "";
        connect.SessionItems[IdentityItem] = identity;
        if (connect.ProtocolVersion != MqttProtocolVersion.V500)
        {
            connect.ReasonCode = MqttConnectReasonCode.UnsupportedProtocolVersion;
        }
        else if (AnswerConnect(identity) is { } reason)
        {
            connect.ReasonCode = (MqttConnectReasonCode)reason;
        }
        else if (!access.MayConnect(identity, connect.ClientId))
        {
            connect.ReasonCode = MqttConnectReasonCode.ClientIdentifierNotValid;
        }

        if (connect.ReasonCode != MqttConnectReasonCode.Success)
        {
            (connect.ReasonString, connect.ServerReference) = (ReasonString, ServerReference);
            Refuse($"CONNECT of '{identity}' as '{connect.ClientId}': {connect.ReasonCode}");
        }

        return Task.CompletedTask;
    }

    private Task OnPublishAsync(InterceptingPublishEventArgs publish)
    {
        var identity = publish.SessionItems[IdentityItem] as string ?? "";
        var topic = publish.ApplicationMessage.Topic;
        var reason = access.MayWrite(identity, topic)
            ? AnswerPublish(identity, topic)
            : (int)MqttPubAckReasonCode.NotAuthorized;
        if (reason is { } refusal)
        {
            publish.Response.ReasonCode = (MqttPubAckReasonCode)refusal;
            publish.ProcessPublish = false;
            Refuse($"PUBLISH of '{identity}' to '{topic}': {publish.Response.ReasonCode}");
        }
        else
        {
            Interlocked.Increment(ref published);
        }

        return Task.CompletedTask;
    }

    private Task OnSubscribeAsync(InterceptingSubscriptionEventArgs subscribe)
    {
        var identity = subscribe.SessionItems[IdentityItem] as string ?? "";
        if (!access.MayRead(identity, subscribe.TopicFilter.Topic))
        {
            subscribe.Response.ReasonCode = MqttSubscribeReasonCode.NotAuthorized;
            subscribe.ProcessSubscription = false;
            Refuse($"SUBSCRIBE of '{identity}' to '{subscribe.TopicFilter.Topic}'");
        }

        return Task.CompletedTask;
    }

    private Task OnOutboundAsync(InterceptingPacketEventArgs outbound)
    {
        if (outbound.Packet is MqttConnAckPacket { ReasonCode: MqttConnectReasonCode.Success } answer)
        {
            answer.ReceiveMaximum = options.ReceiveMaximum;
            answer.MaximumPacketSize = options.PacketBytesMax;
            answer.ServerKeepAlive = options.KeepAliveSeconds;
        }

        return Task.CompletedTask;
    }

    private SslServerAuthenticationOptions Tls()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(keys.Root);
        policy.ApplicationPolicy.Add(new Oid(KeyUsage.ClientAuth));
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate.Context(),
            ClientCertificateRequired = true,
            CertificateChainPolicy = policy,
            EnabledSslProtocols = options.Protocols,
            AllowRenegotiation = false,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, peer, chain, errors) => IsWelcome(peer, chain, errors),
        };
    }

    private bool IsWelcome(X509Certificate? peer, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors != SslPolicyErrors.None)
        {
            var why = chain is null ? "" : string.Join(", ", chain.ChainStatus.Select(status => status.Status));
            Refuse($"client certificate of '{peer?.Subject}': {errors} {why}");
            return false;
        }

        if (peer is not null && keys.IsRevoked(peer))
        {
            Refuse($"client certificate of '{peer.Subject}': revoked");
            return false;
        }

        return true;
    }

    private void Refuse(string sentence)
    {
        refusals.Enqueue(sentence);
        while (refusals.Count > RefusalsMax)
        {
            refusals.TryDequeue(out _);
        }
    }
}
