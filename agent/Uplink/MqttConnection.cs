using System.Buffers;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Sluice.Agent.Uplink;

/// <summary>
/// How often a link is asked whether it is alive, and how long an answer may take. A core.
/// <para>
/// A broker may assign another keep alive than the one that was asked for (MQTT 5, 3.2.2.3.14). A shorter one is kept,
/// or it would hang up; a longer one is no reason to find a dead link later than the configuration promises, and
/// pinging more often than one must is always allowed (3.1.2.10).
/// </para>
/// </summary>
/// <param name="PingEvery">With the deadline of the answer, silence is found within twice the keep alive.</param>
/// <param name="AnswerMax">A ping's answer takes so long at most; an acknowledgement twice that.</param>
internal readonly record struct KeepAlive(TimeSpan PingEvery, TimeSpan AnswerMax)
{
    /// <summary>Part of the keep alive after which a ping goes.</summary>
    private const double Early = 0.75;

    /// <summary>Behind a large message on a thin link an answer takes seconds, whatever a broker assigned.</summary>
    private static readonly TimeSpan AnswerMin = TimeSpan.FromSeconds(5);

    /// <param name="configured">broker.keepAlive.</param>
    /// <param name="assignedSeconds">What the CONNACK says; 0 where it says nothing.</param>
    public static KeepAlive Of(TimeSpan configured, int assignedSeconds)
    {
        var kept = assignedSeconds == 0 || TimeSpan.FromSeconds(assignedSeconds) > configured
            ? configured
            : TimeSpan.FromSeconds(assignedSeconds);
        var least = configured < AnswerMin ? configured : AnswerMin;
        return new KeepAlive(kept * Early, kept > least ? kept : least);
    }
}

/// <summary>
/// One MQTT connection, from the CONNACK to its loss. Its first reason to end wins and is told once. Deliveries come
/// from the publisher's loop, answers from the client library's threads.
/// </summary>
internal sealed class MqttConnection : IAsyncDisposable
{
    /// <summary>Every message of ours says which contract it follows.</summary>
    public static readonly MqttUserProperty ContractProperty = new("contract", "1"u8.ToArray());

    private static readonly TimeSpan DisconnectMax = TimeSpan.FromSeconds(2);

    private readonly IMqttClient client;
    private readonly UplinkStream stream;
    private readonly TimeProvider clock;
    private readonly KeepAlive keepAlive;
    private readonly CancellationTokenSource closed = new();
    private readonly TaskCompletionSource<LinkLoss> lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task pinging = Task.CompletedTask;

    public MqttConnection(
        IMqttClient client, UplinkStream stream, KeepAlive keepAlive, string address, TimeProvider clock)
    {
        this.client = client;
        this.stream = stream;
        Address = address;
        this.keepAlive = keepAlive;
        this.clock = clock;
    }

    /// <summary>Whom it goes to.</summary>
    public string Address { get; }

    public Task<LinkLoss> Lost => lost.Task;

    /// <summary>Begins to watch the link. The library's own keep alive trusts the wall clock, which may jump.</summary>
    public void Start() => pinging = PingAsync();

    /// <summary>The library noticed the end.</summary>
    public void Ended(MqttClientDisconnectedEventArgs end)
    {
        Lose(end.Exception is { } exception
            ? Broke(exception)
            : BrokerAnswer.Disconnected(
                (int)end.Reason, end.ReasonString ?? "", stream.Reference((int)end.Reason)));
    }

    public async ValueTask<DeliveryOutcome> DeliverAsync(OutboundMessage message, CancellationToken cancellationToken)
    {
        if (lost.Task.IsCompleted)
        {
            return Gone();
        }

        using var answerMax = new CancellationTokenSource(keepAlive.AnswerMax * 2, clock);
        try
        {
            // The caller's token is not handed on: cancelled in the middle of a write it would leave half a packet
            // behind.
            var publishing = client.PublishAsync(ToMqtt(message), answerMax.Token);
            var answer = await publishing.WaitAsync(cancellationToken).ConfigureAwait(false);
            return DeliveryOutcome.Of((int)answer.ReasonCode, answer.ReasonString ?? "", message.Topic, message.Retain);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (OperationCanceledException)
        {
            Lose(new LinkLoss("the broker did not acknowledge a message within "
                + $"{(keepAlive.AnswerMax * 2).TotalSeconds:0} s: the link is half open, or the broker hangs."));
            return Gone();
        }
        catch (Exception exception) when (exception is not (OutOfMemoryException or InvalidProgramException))
        {
            // The seam to the client library: whatever it throws while the connection goes down, including its own
            // races with null, means that nobody knows what became of the message.
            Lose(Broke(exception));
            return Gone();
        }
    }

    /// <summary>Says DISCONNECT, so that the broker does not publish the will. Bounded; never fails.</summary>
    public async ValueTask DisconnectAsync(CancellationToken cancellationToken)
    {
        if (!lost.Task.IsCompleted)
        {
            using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await using var timer = clock.CreateTimer(
                state => ((CancellationTokenSource)state!).Cancel(), bound, DisconnectMax, Timeout.InfiniteTimeSpan)
                .ConfigureAwait(false);
            try
            {
                await client.DisconnectAsync(new MqttClientDisconnectOptions(), bound.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not (OutOfMemoryException or InvalidProgramException))
            {
                // It is gone either way; the will is then published, which is true enough.
            }
        }

        Lose(new LinkLoss("the gateway ended the connection."));
    }

    public async ValueTask DisposeAsync()
    {
        Lose(new LinkLoss("the gateway gave the connection up."));
        await pinging.ConfigureAwait(false);
        client.Dispose();
        closed.Dispose();
    }

    private static DeliveryOutcome Gone() =>
        new(DeliveryVerdict.LinkLost, 0, "the connection was lost before the broker acknowledged the message.");

    private static LinkLoss Broke(Exception exception) =>
        exception is MqttClientUnexpectedDisconnectReceivedException said
        ? BrokerAnswer.Disconnected(
            (int)(said.ReasonCode ?? 0), said.ReasonString ?? "", said.ServerReference ?? "")
        : new LinkLoss($"the connection broke ({Deepest(exception).Message}).");

    private static Exception Deepest(Exception exception) =>
        exception.InnerException is { } inner ? Deepest(inner) : exception;

    private static MqttApplicationMessage ToMqtt(OutboundMessage message)
    {
        var properties = new List<MqttUserProperty>(2) { ContractProperty };
        if (message.ContentEncoding is { } encoding)
        {
            properties.Add(new MqttUserProperty("content-encoding", System.Text.Encoding.UTF8.GetBytes(encoding)));
        }

        return new MqttApplicationMessage
        {
            Topic = message.Topic,
            Payload = message.Payload,
            Retain = message.Retain,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            ContentType = message.ContentType,
            PayloadFormatIndicator = message.ContentEncoding is null
                ? MqttPayloadFormatIndicator.CharacterData
                : MqttPayloadFormatIndicator.Unspecified,
            UserProperties = properties,
            CorrelationData = message.Correlation.IsEmpty ? null : message.Correlation.ToArray(),
        };
    }

    private void Lose(LinkLoss loss)
    {
        if (lost.TrySetResult(loss))
        {
            closed.Cancel();
        }
    }

    private async Task PingAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(keepAlive.PingEvery, clock, closed.Token).ConfigureAwait(false);
                using var answerMax = new CancellationTokenSource(keepAlive.AnswerMax, clock);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(answerMax.Token, closed.Token);
                await client.PingAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is not (OutOfMemoryException or InvalidProgramException))
        {
            // Closed meanwhile, and then the reason is known already; or the broker's last word; or silence; or the
            // library's own way to say "gone".
            Lose(exception is MqttClientUnexpectedDisconnectReceivedException
                ? Broke(exception)
                : new LinkLoss("the broker did not answer a ping within "
                    + $"{keepAlive.AnswerMax.TotalSeconds:0} s: the link is silent."));
        }
    }
}
