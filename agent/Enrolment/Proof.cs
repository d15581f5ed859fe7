using Sluice.Agent.Configuration;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Time;
using Sluice.Agent.Uplink;
using Sluice.Provisioning.Verbs;

namespace Sluice.Agent.Enrolment;

/// <summary>
/// Whether the broker accepts an identity, found out with a real connection beside the agent's own, step by step: by a
/// verb, and by the renewal before it switches.
/// </summary>
internal sealed class Proof(
    GatewayConfiguration configuration, TimeProvider clock, ValidityClock validity, Func<string?> refuses)
{
    public const string Address = "address";
    public const string Connection = "connection";
    public const string BrokerTls = "TLS, the broker's certificate";
    public const string Mqtt = "MQTT, the gateway's certificate";
    public const string Hearing = "access list, reading";
    public const string Publishing = "access list, publishing";

    /// <summary>One of <see cref="ExitCode"/>; Unavailable is what may pass by itself.</summary>
    public async Task<int> RunAsync(
        LinkTrial trial, OutboundMessage message, List<VerbStep> steps, CancellationToken cancellationToken)
    {
        var broker = new MqttBrokerLink(configuration, clock, validity, trial, refuses);
        await using (broker.ConfigureAwait(false))
        {
            var topics = new ContractTopics(configuration.Gateway);
            var outcome = await broker.ConnectAsync(message, cancellationToken).ConfigureAwait(false);
            if (Connected(outcome, steps) is not { } terms)
            {
                return outcome.NeedsPerson ? ExitCode.Unclear : ExitCode.Unavailable;
            }

            if (terms.Unheard is { } unheard)
            {
                steps.Add(new VerbStep(Hearing, false, unheard));
                return ExitCode.Unclear;
            }

            steps.Add(new VerbStep(Hearing, true, $"may read {topics.Ask}"));
            var answer = await broker.DeliverAsync(message, cancellationToken).ConfigureAwait(false);
            await broker.DisconnectAsync(cancellationToken).ConfigureAwait(false);

            // Nobody listening is no fault of the identity: the broker took the message, and said so.
            var isTaken = answer.Verdict is DeliveryVerdict.Accepted or DeliveryVerdict.Unheard;
            steps.Add(new VerbStep(Publishing, isTaken, isTaken
                ? $"a message to {topics.Status} was acknowledged (PUBACK)"
                : answer.Sentence));
            return isTaken ? ExitCode.Fine
                : answer.Verdict is DeliveryVerdict.Busy or DeliveryVerdict.LinkLost ? ExitCode.Unavailable
                : ExitCode.Unclear;
        }
    }

    private static ConnectTerms? Connected(ConnectOutcome outcome, List<VerbStep> steps)
    {
        string[] names = [Address, Connection, BrokerTls, Mqtt];
        for (var step = 0; step < names.Length && step <= (int)outcome.Step; step++)
        {
            var passed = step < (int)outcome.Step;
            steps.Add(new VerbStep(names[step], passed, passed
                ? step switch
                {
                    0 => "lies in broker.network",
                    1 => outcome.Terms is { } terms ? $"{terms.Address} answers" : "the broker answers",
                    2 => outcome.Terms is { } secure ? secure.Tls : "believed",
                    _ => "accepted",
                }
                : outcome.Sentence));
        }

        return outcome.Terms;
    }
}
