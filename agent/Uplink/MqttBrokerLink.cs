using System.Buffers;
using System.Net;
using System.Net.Sockets;
using MQTTnet;
using MQTTnet.Channel;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Sluice.Agent.Asking;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress;
using Sluice.Agent.Time;
using Sluice.Provisioning.Bundles;
using Sluice.Provisioning.Identities;

namespace Sluice.Agent.Uplink;

/// <summary>
/// The link to the one broker: MQTT 5 over mutual TLS. The identity is read anew for each attempt, so that a new bundle
/// or revocation list counts without a restart. Used by the publisher's loop.
/// </summary>
public sealed class MqttBrokerLink : IBrokerLink
{
    /// <summary>A will goes out only after this: a short loss is no news to the MES.</summary>
    private static readonly TimeSpan WillDelay = TimeSpan.FromSeconds(10);

    /// <summary>What we let the broker send us: requests, bundles, a plant's roots and revocation lists.</summary>
    private static readonly uint InboundBytesMax = (uint)EnvelopeKind.WireBytesMax + (64 << 10);

    private const ushort InboundMessagesMax = 16;

    /// <summary>A reading with the longest name and text, and its packet around it, fits into this.</summary>
    private const uint PacketBytesMin = 2048;

    private readonly GatewayConfiguration configuration;
    private readonly EndpointPolicy policy;
    private readonly TimeProvider clock;
    private readonly ValidityClock validity;
    private readonly BrokerChannels channels;
    private readonly LinkTrial? trial;
    private readonly Func<string?> refuses;
    private MqttConnection? connection;
    private readonly ReadyChannel ready = new();

    /// <summary>Where the clock is right: no gateway's own is asked.</summary>
    public MqttBrokerLink(GatewayConfiguration configuration, TimeProvider clock)
        : this(configuration, clock, ValidityClock.OfRightClock(clock), null)
    {
    }

    /// <param name="configuration">Where the broker is.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="validity">By what dates are judged.</param>
    /// <param name="trial">Only tries an identity, beside the agent that runs; null for the one link.</param>
    /// <param name="refuses">Why the identity may not be used on this machine; null: nobody asks.</param>
    internal MqttBrokerLink(
        GatewayConfiguration configuration, TimeProvider clock, ValidityClock validity, LinkTrial? trial,
        Func<string?>? refuses = null)
    {
        this.trial = trial;
        this.refuses = refuses ?? (() => null);
        this.configuration = configuration;
        this.clock = clock;
        this.validity = validity;
        policy = new EndpointPolicy(configuration.Broker);
        channels = new BrokerChannels(configuration, policy, clock, validity);
    }

    public Action<InboundMessage> Received { get; set; } = _ => { };

    public Task<LinkLoss> Lost => connection?.Lost ?? Task.FromResult(new LinkLoss("there is no connection."));

    public async ValueTask<ConnectOutcome> ConnectAsync(OutboundMessage will, CancellationToken cancellationToken)
    {
        var left = connection is { Lost.IsCompleted: true } ended ? ended : null;
        await DropAsync().ConfigureAwait(false);
        if (left is not null)
        {
            // What was prepared was for a move. A lost session begins with what is in use now.
            await ready.DropAsync().ConfigureAwait(false);
        }

        if (await TakePreparedAsync(will, cancellationToken).ConfigureAwait(false) is { } begun)
        {
            return begun;
        }

        var (identity, warnings, unusable) = Load();
        if (identity is null)
        {
            return unusable!;
        }

        using (identity)
        {
            var route = new ConnectRoute(configuration.Broker, policy);
            var referral = left is null
                ? ""
                : route.Refer((await left.Lost.ConfigureAwait(false)).Reference, left.Address);
            ConnectOutcome? outcome = null;
            while (route.Next() is { } server)
            {
                outcome = await TryAsync(server, identity, warnings, will, cancellationToken).ConfigureAwait(false);
                if (outcome.Terms is { } terms)
                {
                    return referral.Length == 0
                        ? outcome
                        : outcome with { Terms = terms with { Warnings = [referral, .. terms.Warnings] } };
                }

                var sent = route.Refer(outcome.Reference, server.EndPoint.ToString());
                referral = sent.Length > 0 ? sent : referral;
            }

            if (outcome is not null && referral.Length > 0)
            {
                return outcome with { Sentence = $"{outcome.Sentence} {referral}" };
            }

            return outcome ?? new ConnectOutcome(ConnectVerdict.OutsideNetwork, "broker.addresses is empty.");
        }
    }

    public async ValueTask<ConnectOutcome?> PrepareAsync(CancellationToken cancellationToken)
    {
        await ready.DropAsync().ConfigureAwait(false);
        var (identity, warnings, unusable) = Load();
        if (identity is null)
        {
            return unusable;
        }

        using (identity)
        {
            var route = new ConnectRoute(configuration.Broker, policy);
            ConnectOutcome? outcome = null;
            while (route.Next() is { } server)
            {
                (var channel, outcome) = await channels.OpenAsync(server, identity, cancellationToken)
                    .ConfigureAwait(false);
                if (channel is not null)
                {
                    await ready.PutAsync(channel, warnings, clock, cancellationToken).ConfigureAwait(false);
                    return null;
                }
            }

            return outcome;
        }
    }

    public ValueTask<DeliveryOutcome> DeliverAsync(OutboundMessage message, CancellationToken cancellationToken) =>
        connection is { } open
            ? open.DeliverAsync(message, cancellationToken)
            : ValueTask.FromResult(new DeliveryOutcome(DeliveryVerdict.LinkLost, 0, "there is no connection."));

    public async ValueTask DisconnectAsync(CancellationToken cancellationToken)
    {
        if (connection is { } open)
        {
            await open.DisconnectAsync(cancellationToken).ConfigureAwait(false);
        }

        await DropAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await ready.DropAsync().ConfigureAwait(false);
        await DropAsync().ConfigureAwait(false);
    }

    /// <summary>The identity that is in use now, or why there is none.</summary>
    private (Identity? Identity, List<string> Warnings, ConnectOutcome? Unusable) Load()
    {
        if (refuses() is { } foreign)
        {
            return (null, [], new ConnectOutcome(ConnectVerdict.NoIdentity, foreign));
        }

        var loaded = IdentityDirectory.Load(
            configuration.Identity.Directory, trial?.Identity ?? IdentityDirectory.Current, configuration.Gateway.Id,
            validity.Now(), configuration.Identity.Revocation);
        if (loaded is { Identity: { } held, Revocation: { IsLate: true, Refusal: { } late } })
        {
            held.Dispose();
            return (null, [], new ConnectOutcome(ConnectVerdict.NoIdentity, $"{late}."));
        }

        if (loaded.Identity is not { } identity)
        {
            var sentences = string.Join(" ", loaded.Problems.Select(problem => $"{problem}."));
            return (null, [], new ConnectOutcome(
                ConnectVerdict.NoIdentity, $"the gateway's identity cannot be used: {sentences}"));
        }

        return (identity, [.. loaded.Problems.Select(problem => $"{problem}.")], null);
    }

    /// <summary>MQTT on the channel that lies ready; null where none does, or where it has grown cold: everything from
    /// the beginning then.</summary>
    private async ValueTask<ConnectOutcome?> TakePreparedAsync(OutboundMessage will, CancellationToken stop)
    {
        if (ready.Take() is not (var channel, var warnings))
        {
            return null;
        }

        var outcome = await SpeakAsync(channel, warnings, will, stop).ConfigureAwait(false);
        return outcome.Terms is null ? null : outcome;
    }

    private async ValueTask DropAsync()
    {
        if (connection is { } old)
        {
            connection = null;
            await old.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<ConnectOutcome> TryAsync(
        RouteStop server, Identity identity, List<string> warnings, OutboundMessage will, CancellationToken stop)
    {
        var (channel, refusal) = await channels.OpenAsync(server, identity, stop).ConfigureAwait(false);
        return channel is null
            ? refusal!
            : await SpeakAsync(channel, warnings, will, stop).ConfigureAwait(false);
    }

    private async Task<ConnectOutcome> SpeakAsync(
        BrokerChannel channel, List<string> warnings, OutboundMessage will, CancellationToken stop)
    {
        using var bound = new StepBound(BrokerChannels.StepMax, clock, stop);
        var outcome = (await OpenAsync(channel.Stream, channel.EndPoint, will, bound, stop).ConfigureAwait(false)) with
        {
            Step = ConnectStep.Mqtt,
        };
        if (outcome.Terms is not { } terms)
        {
            await channel.Stream.DisposeAsync().ConfigureAwait(false);
            return outcome;
        }

        return outcome with { Step = ConnectStep.Done, Terms = channel.Complete(terms, warnings) };
    }

    /// <summary>CONNECT and CONNACK on the authenticated stream.</summary>
    private async Task<ConnectOutcome> OpenAsync(
        UplinkStream stream, IPEndPoint endPoint, OutboundMessage will, StepBound bound, CancellationToken stop)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        MqttConnection? opened = null;
        MqttClientDisconnectedEventArgs? early = null;
        client.DisconnectedAsync += end =>
        {
            early = end;
            Volatile.Read(ref opened)?.Ended(end);
            return Task.CompletedTask;
        };
        client.ApplicationMessageReceivedAsync += message => AskInlet.Hear(message, Received);
        try
        {
            var answer = await client.ConnectAsync(Options(stream, endPoint, will), bound.Token).ConfigureAwait(false);
            if (Judge(answer) is { } refusal)
            {
                client.Dispose();
                return refusal;
            }

            var keepAlive = KeepAlive.Of(configuration.Broker.KeepAlive, answer.ServerKeepAlive);
            var next = new MqttConnection(client, stream, keepAlive, endPoint.ToString(), clock);
            Volatile.Write(ref opened, next);
            if (early is { } end)
            {
                // It went between the CONNACK and the line above.
                next.Ended(end);
            }

            next.Start();
            connection = next;
            var inlet = await AskInlet.SubscribeAsync(
                client, configuration.Gateway, trial is not null, bound.Token).ConfigureAwait(false);
            var packetBytesMax = (int)Math.Min(answer.MaximumPacketSize ?? int.MaxValue, int.MaxValue);
            return new ConnectOutcome(ConnectVerdict.Connected, "", 0, new ConnectTerms(
                ReceiveMaximum(answer), packetBytesMax == 0 ? int.MaxValue : packetBytesMax, "", "")
            {
                Unheard = inlet.Unheard,
                Warnings = inlet.Unheard is { } unheard ? [unheard, .. inlet.Warnings] : inlet.Warnings,
            });
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            client.Dispose();
            throw;
        }
        catch (Exception exception) when (exception is not (OutOfMemoryException or InvalidProgramException))
        {
            // The seam to the client library: it wraps and rewraps; the stream remembers what really happened.
            client.Dispose();
            return Broken(endPoint, stream.Fault ?? exception, bound.IsOver);
        }
    }

    /// <summary>Where the broker says nothing it takes as many as can be numbered (MQTT 5, 3.2.2.3.3); the library then
    /// says 0, which nobody may announce.</summary>
    private static int ReceiveMaximum(MqttClientConnectResult answer) =>
        answer.ReceiveMaximum is > 0 and var most ? most : ushort.MaxValue;

    private static ConnectOutcome Broken(IPEndPoint endPoint, Exception exception, bool timedOut)
    {
        if (TlsAlert.Of(exception) is { } alert)
        {
            return TlsAlert.Outcome(alert);
        }

        return timedOut
            ? new ConnectOutcome(ConnectVerdict.Silent, $"the broker at {endPoint} did not answer CONNECT within "
                + $"{BrokerChannels.StepMax.TotalSeconds:0} s: it hangs, or no MQTT broker listens there.")
            : new ConnectOutcome(ConnectVerdict.Broken,
                $"the broker at {endPoint} ended the connection right after the TLS "
                + "handshake, before it answered CONNECT: most likely it does not accept the gateway's certificate "
                + "(other CA, revoked, or expired by the broker's clock); its log says why.");
    }

    private ConnectOutcome? Judge(MqttClientConnectResult answer)
    {
        var code = (int)answer.ResultCode;
        if (code != 0)
        {
            return BrokerAnswer.Refused(
                code, configuration.Gateway.Id, answer.ReasonString ?? "", answer.ServerReference ?? "");
        }

        if (answer.MaximumPacketSize is > 0 and < PacketBytesMin)
        {
            return new ConnectOutcome(ConnectVerdict.Protocol,
                $"the broker takes packets of {answer.MaximumPacketSize} bytes "
                + $"at most, the contract needs {PacketBytesMin} at least; raise its limit (mosquitto: "
                + "max_packet_size).");
        }

        return answer.MaximumQoS == MqttQualityOfServiceLevel.AtMostOnce ? BrokerAnswer.Refused(0x9B, "", "", "")
            : !answer.RetainAvailable ? BrokerAnswer.Refused(0x9A, "", "", "")
            : null;
    }

    private MqttClientOptions Options(UplinkStream stream, IPEndPoint endPoint, OutboundMessage will)
    {
        var options = new MqttClientOptions
        {
            ProtocolVersion = MqttProtocolVersion.V500,
            ClientId = configuration.Gateway.Id + trial?.ClientIdEnding,
            CleanSession = true,
            SessionExpiryInterval = 0,
            KeepAlivePeriod = configuration.Broker.KeepAlive,
            ReceiveMaximum = InboundMessagesMax,
            MaximumPacketSize = InboundBytesMax,
            RequestProblemInformation = true,
            ChannelOptions = new MqttClientTcpOptions { RemoteEndpoint = endPoint, StreamProvider = new Ready(stream) },
        };
        if (trial is not null)
        {
            // A trial that breaks off says nothing about the gateway: the agent that runs may be well connected.
            return options;
        }

        options.WillTopic = will.Topic;
        options.WillPayload = will.Payload.ToArray();
        options.WillContentType = will.ContentType;
        options.WillPayloadFormatIndicator = MqttPayloadFormatIndicator.CharacterData;
        options.WillUserProperties = [MqttConnection.ContractProperty];
        options.WillQualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce;
        options.WillRetain = will.Retain;
        options.WillDelayInterval = (uint)WillDelay.TotalSeconds;
        return options;
    }

    /// <summary>Hands the client library the stream that is ready: TCP and TLS were ours.</summary>
    private sealed class Ready(Stream stream) : IMqttClientStreamProvider
    {
        public Task<Stream> ConnectAsync(EndPoint brokerEndPoint, CancellationToken cancellationToken) =>
            Task.FromResult(stream);
    }
}
