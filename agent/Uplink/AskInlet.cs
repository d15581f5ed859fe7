using System.Buffers;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Sluice.Agent.Asking;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.Uplink;

/// <summary>What the broker does not let the gateway read.</summary>
/// <param name="Unheard">The MES's asks: what to tell a technician; null where they are heard.</param>
/// <param name="Warnings">The same of the topics of the identity.</param>
internal sealed record InletTerms(string? Unheard, IReadOnlyList<string> Warnings);

/// <summary>
/// The three subscriptions, and no others: what the MES asks, what the registration authority answers, and whom the
/// plant's CA says that its gateways believe. A broker that does not grant them is no reason not to publish; the
/// warning says what does not work then.
/// </summary>
internal static class AskInlet
{
    /// <param name="client">Connected.</param>
    /// <param name="gateway">Whose topics.</param>
    /// <param name="isTrial">Only tries an identity: what comes for the gateway is not for this session.</param>
    /// <param name="cancellationToken">The bound of the step.</param>
    public static async Task<InletTerms> SubscribeAsync(
        IMqttClient client, GatewayName gateway, bool isTrial, CancellationToken cancellationToken)
    {
        var ask = $"sluice/v1/{gateway.Site}/{gateway.Id}/ask";
        var reply = $"sluice/v1/{gateway.Site}/{gateway.Id}/cert/reply";
        var trust = $"sluice/v1/{gateway.Site}/trust";
        var options = new MqttClientSubscribeOptions
        {
            // An ask or an answer that somebody retained would come at every connection.
            TopicFilters = isTrial
                ? [Filter(ask, MqttRetainHandling.DoNotSendOnSubscribe)]
                : [
                    Filter(ask, MqttRetainHandling.DoNotSendOnSubscribe),
                    Filter(reply, MqttRetainHandling.DoNotSendOnSubscribe),
                    Filter(trust, MqttRetainHandling.SendAtSubscribe),
                ],
        };
        try
        {
            var answer = await client.SubscribeAsync(options, cancellationToken).ConfigureAwait(false);
            var refused = answer.Items
                .Where(item => item.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2)
                .ToDictionary(item => item.TopicFilter.Topic, item => item.ResultCode);
            string? Refusal(string topic, string means, string pattern) => refused.TryGetValue(topic, out var code)
                ? $"the broker does not let the gateway read {topic} ({code}): {means}; grant it in the broker's "
                    + $"access list (mosquitto: pattern read sluice/v1/{gateway.Site}/{pattern})."
                : null;
            return new InletTerms(
                Refusal(ask, "the MES cannot ask for a replay, a birth or a ledger", "%u/ask"),
                [.. new[]
                {
                    Refusal(reply, "its certificate cannot be renewed over this connection", "%u/cert/reply"),
                    Refusal(trust, "newer roots and revocation lists do not come over this connection", "trust"),
                }.OfType<string>()]);
        }
        catch (MqttCommunicationException exception)
        {
            return new InletTerms($"the broker did not answer the subscription of {ask} ({exception.Message}).", []);
        }
    }

    /// <summary>
    /// Hands a message on, with a copy of its payload: the library uses the memory again. Of an ask that is too large
    /// just enough to know that it is: more of them wait than of anything else.
    /// </summary>
    public static Task Hear(MqttApplicationMessageReceivedEventArgs received, Action<InboundMessage> take)
    {
        var message = received.ApplicationMessage;
        var payload = message.Topic.EndsWith("/ask", StringComparison.Ordinal)
            && message.Payload.Length > AskReader.PayloadBytesMax
            ? message.Payload.Slice(0, AskReader.PayloadBytesMax + 1)
            : message.Payload;
        take(new InboundMessage(message.Topic, payload.ToArray())
        {
            ResponseTopic = message.ResponseTopic ?? "",
            Correlation = message.CorrelationData ?? default(ReadOnlyMemory<byte>),
            Retained = message.Retain,
            ContentType = message.ContentType ?? "",
        });
        return Task.CompletedTask;
    }

    private static MqttTopicFilter Filter(string topic, MqttRetainHandling handling) => new()
    {
        Topic = topic,
        QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        RetainHandling = handling,
        RetainAsPublished = true,
    };
}
