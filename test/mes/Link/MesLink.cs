using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using MQTTnet;
using MQTTnet.Channel;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Sluice.Mes.Schemas;

namespace Sluice.Mes.Link;

/// <summary>Where the broker is.</summary>
/// <param name="EndPoint">Address and port.</param>
/// <param name="Host">The name that must stand in its certificate.</param>
public sealed record MesBroker(IPEndPoint EndPoint, string Host);

/// <summary>
/// One MQTT 5 session over mutual TLS: what an MES, or anything else that holds a certificate, does at a broker. It
/// lives until it is disposed of or the connection breaks (<see cref="Ended"/>); it never connects again by itself.
/// </summary>
public sealed class MesLink : IAsyncDisposable
{
    private readonly IMqttClient client = new MqttClientFactory().CreateMqttClient();
    private readonly TaskCompletionSource<string> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private MesLink()
    {
    }

    /// <summary>Completes with the reason when the session is over.</summary>
    public Task<string> Ended => ended.Task;

    /// <summary>True where the broker still had this client's session, with what waited in it.</summary>
    public bool SessionPresent { get; private set; }

    /// <summary>
    /// Connects. A refusal by the broker is an <see cref="IOException"/> with its reason. <paramref name="received"/>
    /// is called from one loop, one message after the other, and the broker's message is acknowledged after it
    /// returned.
    /// </summary>
    public static async Task<MesLink> ConnectAsync(
        MesBroker broker,
        MesIdentity identity,
        string clientId,
        TimeSpan sessionExpiry,
        Action<MesMessage> received,
        CancellationToken cancellationToken)
    {
        var link = new MesLink();
        var options = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithEndPoint(broker.EndPoint)
            .WithStreamProvider(new TlsStreamProvider(broker, identity))
            .WithClientId(clientId)
            .WithCleanStart(sessionExpiry == TimeSpan.Zero)
            .WithSessionExpiryInterval((uint)sessionExpiry.TotalSeconds)
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(5))
            .WithTimeout(TimeSpan.FromSeconds(10))
            .Build();
        link.client.ApplicationMessageReceivedAsync += message =>
        {
            try
            {
                received(Heard(message.ApplicationMessage));
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // It is not kept: the broker must not hear that it arrived, and sends it again to the next session.
                message.AutoAcknowledge = false;
                link.ended.TrySetResult($"A message could not be kept: {exception.GetBaseException().Message}");
            }

            return Task.CompletedTask;
        };
        link.client.DisconnectedAsync += end =>
        {
            link.ended.TrySetResult(end.Exception?.Message ?? end.ReasonString ?? end.Reason.ToString());
            return Task.CompletedTask;
        };
        try
        {
            var answer = await link.client.ConnectAsync(options, cancellationToken).ConfigureAwait(false);
            if (answer.ResultCode != MqttClientConnectResultCode.Success)
            {
                throw new IOException($"The broker refused the connection: {answer.ResultCode}.");
            }

            link.SessionPresent = answer.IsSessionPresent;
            return link;
        }
        catch
        {
            await link.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Subscribes at QoS 1; false where the broker does not grant it.</summary>
    public async Task<bool> SubscribeAsync(string filter, CancellationToken cancellationToken)
    {
        var options = new MqttClientSubscribeOptionsBuilder()
            .WithTopicFilter(topic => topic.WithTopic(filter).WithAtLeastOnceQoS().WithRetainAsPublished())
            .Build();
        var answer = await client.SubscribeAsync(options, cancellationToken).ConfigureAwait(false);
        return answer.Items.All(item => (int)item.ResultCode <= 2);
    }

    /// <summary>Publishes at QoS 1 and returns the broker's MQTT 5 reason code as a number: 0, 0x10, 0x87 ...</summary>
    public async Task<int> PublishAsync(
        string topic, ReadOnlyMemory<byte> payload, bool retain, CancellationToken cancellationToken,
        string? responseTopic = null)
    {
        var builder = new MqttApplicationMessageBuilder()
            .WithTopic(topic)
            .WithPayload(payload.ToArray())
            .WithRetainFlag(retain)
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce);
        if (responseTopic is not null)
        {
            builder.WithResponseTopic(responseTopic).WithCorrelationData(Guid.NewGuid().ToByteArray());
        }

        return await PublishAsync(builder.Build(), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Publishes a message as it is, and returns the broker's reason code.</summary>
    public async Task<int> PublishAsync(MqttApplicationMessage message, CancellationToken cancellationToken)
    {
        var answer = await client.PublishAsync(message, cancellationToken).ConfigureAwait(false);
        return (int)answer.ReasonCode;
    }

    private static MesMessage Heard(MqttApplicationMessage message) => new(message.Topic, message.Payload)
    {
        Retained = message.Retain,
        ContentType = message.ContentType ?? "",
        Correlation = message.CorrelationData ?? default(ReadOnlyMemory<byte>),
        Contract = Property(message, "contract"),
        ContentEncoding = Property(message, "content-encoding"),
    };

    private static string Property(MqttApplicationMessage message, string name) =>
        message.UserProperties?.Find(property => property.Name == name) is { } found
            ? Encoding.UTF8.GetString(found.ValueBuffer.Span)
            : "";

    /// <summary>Says DISCONNECT where there is still somebody to say it to.</summary>
    public async ValueTask DisposeAsync()
    {
        if (client.IsConnected)
        {
            using var hurry = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            try
            {
                await client.DisconnectAsync(new MqttClientDisconnectOptions(), hurry.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException
                or MQTTnet.Exceptions.MqttCommunicationException)
            {
                // It broke while we said goodbye.
            }
        }

        client.Dispose();
        ended.TrySetResult("disposed");
    }

    private sealed class TlsStreamProvider(MesBroker broker, MesIdentity identity) : IMqttClientStreamProvider
    {
        public async Task<Stream> ConnectAsync(EndPoint remoteEndPoint, CancellationToken cancellationToken)
        {
            var socket = new Socket(broker.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            {
                NoDelay = true,
            };
            try
            {
                await socket.ConnectAsync(broker.EndPoint, cancellationToken).ConfigureAwait(false);
                var secure = new SslStream(new NetworkStream(socket, ownsSocket: true));
                await secure.AuthenticateAsClientAsync(identity.Tls(broker.Host), cancellationToken)
                    .ConfigureAwait(false);
                return secure;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }
}
