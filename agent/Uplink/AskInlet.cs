using System.Buffers;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;
using Sluice.Agent.Asking;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.Uplink;

/// <summary>
/// The one subscription: the gateway's own ask topic, and nothing else. A broker that does not grant it is no reason
/// not to publish; the warning says what does not work then.
/// </summary>
internal static class AskInlet
{
    /// <returns>Null, or what to tell a technician.</returns>
    public static async Task<string?> SubscribeAsync(
        IMqttClient client, GatewayName gateway, CancellationToken cancellationToken)
    {
        var topic = $"sluice/v1/{gateway.Site}/{gateway.Id}/ask";
        var options = new MqttClientSubscribeOptions
        {
            TopicFilters =
            [
                new MQTTnet.Packets.MqttTopicFilter
                {
                    Topic = topic,
                    QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,

                    // An ask that somebody retained would come at every connection.
                    RetainHandling = MqttRetainHandling.DoNotSendOnSubscribe,
                    RetainAsPublished = true,
                },
            ],
        };
        try
        {
            var answer = await client.SubscribeAsync(options, cancellationToken).ConfigureAwait(false);
            var code = answer.Items.First().ResultCode;
            return code <= MqttClientSubscribeResultCode.GrantedQoS2
                ? null
                : $"the broker does not let the gateway read {topic} ({code}): the MES cannot ask for a replay, a "
                    + "birth or a ledger; grant it in the broker's access list (mosquitto: pattern read "
                    + $"sluice/v1/{gateway.Site}/%u/ask).";
        }
        catch (MqttCommunicationException exception)
        {
            return $"the broker did not answer the subscription of {topic} ({exception.Message}).";
        }
    }

    /// <summary>Hands a message on, with a copy of its payload: the library uses the memory again.</summary>
    public static Task Hear(MqttApplicationMessageReceivedEventArgs received, Action<InboundMessage> take)
    {
        var message = received.ApplicationMessage;
        take(new InboundMessage(message.Topic, message.Payload.ToArray())
        {
            ResponseTopic = message.ResponseTopic ?? "",
            Correlation = message.CorrelationData ?? default(ReadOnlyMemory<byte>),
            Retained = message.Retain,
        });
        return Task.CompletedTask;
    }
}
