using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading.Channels;
using MQTTnet;
using MQTTnet.Channel;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Sluice.Provisioning.Tls;

namespace Sluice.Provision.Registration;

/// <summary>A message and how the broker is told that it was dealt with.</summary>
internal sealed record Arrival(DeskMessage Message, Func<CancellationToken, Task> Acknowledge);

/// <summary>
/// One MQTT 5 session of the registration authority, from the handshake to its end; it never connects again by itself.
/// Messages are acknowledged after they were dealt with, so that one which an end got in the way of comes again; what
/// waits is bounded by what the broker may have on its way, and without QoS by <see cref="WaitingMax"/>.
/// </summary>
internal sealed class BrokerSession : IAsyncDisposable
{
    private const int WaitingMax = 256;
    private const int OnTheWayMax = 64;
    private const uint PacketBytesMax = 64 << 10;

    /// <summary>The broker keeps requests so long while the authority is down.</summary>
    private const uint KeptSeconds = 3600;

    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(10);

    private readonly IMqttClient client = new MqttClientFactory().CreateMqttClient();
    private readonly Channel<Arrival> arrivals = Channel.CreateUnbounded<Arrival>();
    private readonly TaskCompletionSource<string> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private BrokerSession()
    {
    }

    public ChannelReader<Arrival> Arrivals => arrivals.Reader;

    /// <summary>Completes with the reason when the session is over.</summary>
    public Task<string> Ended => ended.Task;

    /// <summary>Connects to the first address that answers. What goes wrong is an IOException with its sentence.
    /// </summary>
    public static async Task<BrokerSession> ConnectAsync(
        IReadOnlyList<IPEndPoint> addresses, MutualTls tls, string clientId, CancellationToken cancellationToken)
    {
        var session = new BrokerSession();
        session.client.ApplicationMessageReceivedAsync += session.TakeAsync;
        session.client.DisconnectedAsync += end =>
        {
            session.ended.TrySetResult(end.Exception?.GetBaseException().Message ?? end.ReasonString
                ?? end.Reason.ToString());
            session.arrivals.Writer.TryComplete();
            return Task.CompletedTask;
        };
        var options = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithEndPoint(addresses[0])
            .WithStreamProvider(new TlsStreamProvider(addresses, tls))
            .WithClientId(clientId)
            .WithCleanStart(false)
            .WithSessionExpiryInterval(KeptSeconds)
            .WithReceiveMaximum(OnTheWayMax)
            .WithMaximumPacketSize(PacketBytesMax)
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(30))
            .WithTimeout(AnswerMax)
            .Build();
        try
        {
            var answer = await session.client.ConnectAsync(options, cancellationToken).ConfigureAwait(false);
            return answer.ResultCode == MqttClientConnectResultCode.Success
                ? session
                : throw new IOException($"the broker refused the session: {answer.ResultCode}");
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw new IOException(
                tls.Refusal is { } refusal ? refusal.Sentence : exception.GetBaseException().Message, exception);
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task SubscribeAsync(string filter, CancellationToken cancellationToken)
    {
        var options = new MqttClientSubscribeOptionsBuilder()
            .WithTopicFilter(topic => topic.WithTopic(filter).WithAtLeastOnceQoS().WithRetainAsPublished())
            .Build();
        var answer = await client.SubscribeAsync(options, cancellationToken).ConfigureAwait(false);
        if (answer.Items.Any(item => (int)item.ResultCode > 2))
        {
            throw new IOException($"the broker does not let the authority read {filter}");
        }
    }

    public async Task PublishAsync(DeskAnswer answer, CancellationToken cancellationToken)
    {
        var said = await client.PublishAsync(new MqttApplicationMessage
        {
            Topic = answer.Topic,
            PayloadSegment = answer.Payload.ToArray(),
            ContentType = answer.ContentType,
            CorrelationData = answer.Correlation.IsEmpty ? null : answer.Correlation.ToArray(),
            Retain = answer.Retain,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            UserProperties = [new MqttUserProperty("contract", "1"u8.ToArray())],
        }, cancellationToken).ConfigureAwait(false);
        if (!said.IsSuccess)
        {
            throw new IOException($"the broker does not let the authority write {answer.Topic} ({said.ReasonCode})");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (client.IsConnected)
        {
            using var hurry = new CancellationTokenSource(TimeSpan.FromSeconds(2), TimeProvider.System);
            try
            {
                await client.DisconnectAsync(new MqttClientDisconnectOptions(), hurry.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // It broke while we said goodbye.
            }
        }

        client.Dispose();
        ended.TrySetResult("it was closed");
        arrivals.Writer.TryComplete();
    }

    private Task TakeAsync(MqttApplicationMessageReceivedEventArgs received)
    {
        received.AutoAcknowledge = false;
        var message = received.ApplicationMessage;
        if (message.QualityOfServiceLevel == MqttQualityOfServiceLevel.AtMostOnce
            && arrivals.Reader.Count >= WaitingMax)
        {
            return Task.CompletedTask;
        }

        arrivals.Writer.TryWrite(new Arrival(
            new DeskMessage(message.Topic, System.Buffers.BuffersExtensions.ToArray(message.Payload))
            {
                ContentType = message.ContentType ?? "",
                Correlation = message.CorrelationData ?? [],
                Retained = message.Retain,
            },
            received.AcknowledgeAsync));
        return Task.CompletedTask;
    }

    private sealed class TlsStreamProvider(IReadOnlyList<IPEndPoint> addresses, MutualTls tls)
        : IMqttClientStreamProvider
    {
        public async Task<Stream> ConnectAsync(EndPoint remoteEndPoint, CancellationToken cancellationToken)
        {
            for (var at = 0; ; at++)
            {
#pragma warning disable RS0030 // the authority's one socket, to the broker that the CA's own register names
                var socket = new Socket(addresses[at].AddressFamily, SocketType.Stream, ProtocolType.Tcp)
#pragma warning restore RS0030 // back to the rule
                {
                    NoDelay = true,
                };
                try
                {
                    await socket.ConnectAsync(addresses[at], cancellationToken).ConfigureAwait(false);
                    var secure = new SslStream(new NetworkStream(socket, ownsSocket: true));
                    await secure.AuthenticateAsClientAsync(tls.Options(), cancellationToken).ConfigureAwait(false);
                    return secure;
                }
                catch (SocketException) when (at + 1 < addresses.Count)
                {
                    socket.Dispose();
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            }
        }
    }
}
