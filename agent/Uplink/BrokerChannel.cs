using System.Net;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress;
using Sluice.Agent.Egress.Cards;
using Sluice.Agent.Time;
using Sluice.Provisioning.Certificates;
using Sluice.Provisioning.Identities;

namespace Sluice.Agent.Uplink;

/// <summary>TCP and TLS with one broker, done, and nobody has spoken MQTT on it yet.</summary>
/// <param name="EndPoint">Whom it goes to.</param>
/// <param name="Stream">What is spoken on.</param>
/// <param name="Way">By which card.</param>
/// <param name="Tls">What the handshake came to.</param>
/// <param name="Time">By which time it was judged.</param>
internal sealed record BrokerChannel(
    IPEndPoint EndPoint, UplinkStream Stream, BrokerWay Way, BrokerTls Tls, ValidityTime Time)
{
    /// <summary>The terms of the session on it, with what the channel knows.</summary>
    public ConnectTerms Complete(ConnectTerms terms, IReadOnlyList<string> ofIdentity)
    {
        // Of a clock that is only not set yet, status says enough.
        string[] early = Time.IsBehind ? [$"{Time.ClockProblem}."] : [];
        return terms with
        {
            Tls = $"{Tls.Session!.TlsVersion} {Tls.Session.Cipher}",
            Session = Tls.Session,
            BrokerChain = Tls.BrokerChain,
            Address = EndPoint.ToString(),
            Card = Way.Card,
            Warnings =
            [
                .. early, .. Way.Warnings, .. terms.Warnings, .. ofIdentity,
                .. Tls.Warnings.Select(warning => $"{warning}."),
            ],
        };
    }
}

/// <summary>Makes channels: the end point is checked, the card is chosen, then TCP, then TLS.</summary>
internal sealed class BrokerChannels(
    GatewayConfiguration configuration, EndpointPolicy policy, TimeProvider clock, ValidityClock validity)
{
    /// <summary>
    /// Each of TCP, TLS and CONNECT may take this long: a broker that is slow to start is waited for, silence is not.
    /// </summary>
    public static readonly TimeSpan StepMax = TimeSpan.FromSeconds(5);

    private string card = "";

    /// <summary>What this machine has of network cards; looked at for each attempt.</summary>
    public Func<CardSight> Cards { get; init; } = HostCards.Look;

    public async Task<(BrokerChannel? Channel, ConnectOutcome? Refusal)> OpenAsync(
        RouteStop server, Identity identity, CancellationToken stop)
    {
        var endPoint = server.EndPoint;
        if ((server.IsReferred ? policy.RefuseReferred(endPoint) : policy.Refuse(endPoint)) is { } outside)
        {
            return (null, new ConnectOutcome(ConnectVerdict.OutsideNetwork, $"{outside}."));
        }

        using var bound = new StepBound(StepMax, clock, stop);
        var way = BrokerWay.Of(configuration, endPoint.Address, Cards(), card);
        card = way.Card;
        var (socket, unreachable) = await BrokerSocket.ConnectAsync(endPoint, way.Card, bound).ConfigureAwait(false);
        if (socket is null)
        {
            return (null, way.Explain(unreachable!) with { Step = ConnectStep.Socket });
        }

        var time = identity.Judging(validity.Now());
        var tls = new BrokerTls(configuration.Broker, identity, time);
        try
        {
            bound.Restart();
            var (secure, refusal) = await tls.AuthenticateAsync(socket, bound.Token).ConfigureAwait(false);
            return secure is null
                ? (null, refusal! with { Step = ConnectStep.Tls })
                : (new BrokerChannel(endPoint, new UplinkStream(secure), way, tls, time), null);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return (null, new ConnectOutcome(ConnectVerdict.Silent,
                $"{endPoint} took the connection and then said nothing for "
                + $"{StepMax.TotalSeconds:0} s: the broker hangs, or something else listens there.")
            {
                Step = ConnectStep.Tls,
            });
        }
    }
}
