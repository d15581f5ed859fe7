using System.Globalization;
using System.Net;
using Sluice.Agent.Configuration;
using Sluice.Agent.Egress;

namespace Sluice.Agent.Uplink;

/// <summary>A server that is to be tried.</summary>
/// <param name="EndPoint">Where it is.</param>
/// <param name="IsReferred">A broker named it; it does not stand in broker.addresses, or not first.</param>
internal readonly record struct RouteStop(IPEndPoint EndPoint, bool IsReferred);

/// <summary>
/// Which servers one attempt to connect tries, in which order, where brokers may send the gateway to another server
/// (MQTT 5, 4.11: reason codes 0x9C and 0x9D with a server reference). A core.
/// <para>Invariants:</para>
/// <list type="bullet">
/// <item>No end point that <see cref="EndpointPolicy"/> refuses is ever given out, whoever named it; no name is looked
/// up; which certificate is believed does not depend on who named the server.</item>
/// <item>No end point comes twice in one attempt, and no more than <see cref="ReferredMax"/> come by reference: two
/// brokers that send us to each other are each asked once.</item>
/// <item>Every attempt begins with the configured addresses, but for the one right behind the disconnect that carried
/// a reference.</item>
/// </list>
/// </summary>
internal sealed class ConnectRoute
{
    public const int ReferredMax = 4;

    /// <summary>Of one reference: a list of more names more than anybody runs.</summary>
    private const int ServersMax = 8;

    private readonly BrokerSettings broker;
    private readonly EndpointPolicy policy;
    private readonly LinkedList<RouteStop> ahead = [];
    private readonly HashSet<IPEndPoint> seen = [];
    private int referred;

    public ConnectRoute(BrokerSettings broker, EndpointPolicy policy)
    {
        this.broker = broker;
        this.policy = policy;
        foreach (var address in broker.Addresses)
        {
            ahead.AddLast(new RouteStop(new IPEndPoint(address, broker.Port), IsReferred: false));
        }
    }

    /// <summary>The next server; null where all have been tried.</summary>
    public RouteStop? Next()
    {
        while (ahead.First is { } first)
        {
            ahead.RemoveFirst();
            if (seen.Add(first.Value.EndPoint))
            {
                return first.Value;
            }
        }

        return null;
    }

    /// <summary>
    /// A broker sent the gateway to another server. What is allowed of it is tried next. Returns the sentence about it
    /// for a technician; empty where the broker named none.
    /// </summary>
    /// <param name="reference">As the broker wrote it: servers, separated by spaces.</param>
    /// <param name="from">Who said so.</param>
    public string Refer(string reference, string from)
    {
        var named = reference.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (named.Length == 0)
        {
            return "";
        }

        List<RouteStop> allowed = [];
        var refusal = "";
        foreach (var server in named.Take(ServersMax))
        {
            var why = Take(server, allowed);
            refusal = refusal.Length == 0 ? why : refusal;
        }

        foreach (var stop in Enumerable.Reverse(allowed))
        {
            ahead.AddFirst(stop);
        }

        referred += allowed.Count;
        var told = FileNode.Clip(reference, 100);
        return allowed.Count == 0
            ? $"The broker at {from} sends the gateway to {told}, which is not followed: {refusal}."
            : $"The broker at {from} sent the gateway to {told}, inside broker.network: it is followed for this "
                + "connection, the next begins with broker.addresses again; write it there if it is to stay.";
    }

    /// <summary>Adds what is allowed of one server; returns why it is none, or nothing.</summary>
    private string Take(string server, List<RouteStop> allowed)
    {
        var (host, port) = Split(server);
        if (port is null)
        {
            return "what stands behind its last colon is no port";
        }

        if (string.Equals(host, broker.Host, StringComparison.OrdinalIgnoreCase))
        {
            // Its addresses are known, and all of them are on the way already.
            return $"{broker.Host} is the broker of the configuration itself";
        }

        if (!AddressText.TryAddress(host, out var address, out _))
        {
            return "that is no address, and no name is ever looked up; write its address into broker.addresses";
        }

        var endPoint = new IPEndPoint(address, port.Value);
        if (policy.RefuseReferred(endPoint) is { } refusal)
        {
            return refusal;
        }

        if (seen.Contains(endPoint))
        {
            return "it was asked a moment ago";
        }

        if (referred + allowed.Count >= ReferredMax)
        {
            return "one attempt follows only so many references";
        }

        allowed.Add(new RouteStop(endPoint, IsReferred: true));
        return "";
    }

    /// <summary>Address or name, and port: broker.port where none is written. IPv6 stands in brackets before one.
    /// </summary>
    private (string Host, int? Port) Split(string server)
    {
        var bracket = server.StartsWith('[') ? server.IndexOf(']', StringComparison.Ordinal) : -1;
        var colon = server.LastIndexOf(':');
        if (bracket > 0)
        {
            var rest = server[(bracket + 1)..];
            return (server[1..bracket], rest.Length == 0 ? broker.Port : rest[0] == ':' ? Port(rest[1..]) : null);
        }

        return colon < 0 || server.IndexOf(':', StringComparison.Ordinal) != colon
            ? (server, broker.Port)
            : (server[..colon], Port(server[(colon + 1)..]));
    }

    private static int? Port(string text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : null;
}
