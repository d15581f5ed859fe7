using System.Net;
using System.Net.Sockets;
using Sluice.Agent.Configuration;

namespace Sluice.Agent.Egress;

/// <summary>
/// Where the agent may connect to as a client of the broker: the addresses, the port and the network of the loaded
/// configuration. Asked when the configuration is read and again, with the very end point, when a socket is made. The
/// one thing that anybody may say later is which machine of that same network is asked on that same port
/// (<see cref="RefuseReferred"/>). A core.
/// </summary>
public sealed class EndpointPolicy(BrokerSettings broker)
{
    /// <summary>Null where a connection to this end point is allowed; else why not, for a technician.</summary>
    public string? Refuse(IPEndPoint endPoint)
    {
        if (RefuseReferred(endPoint) is { } refusal)
        {
            return refusal;
        }

        var address = Plain(endPoint.Address);
        return broker.Addresses.Any(configured => Plain(configured).Equals(address))
            ? null
            : $"the address {address} is not one of broker.addresses; no connection is made to it";
    }

    /// <summary>The same for a server that a believed broker sends the gateway to: it need not be in broker.addresses.
    /// </summary>
    public string? RefuseReferred(IPEndPoint endPoint)
    {
        var address = Plain(endPoint.Address);
        if (!broker.Network.Contains(address))
        {
            return $"the broker's address {address} lies outside broker.network {broker.Network}; no connection is "
                + "made to it. Correct broker.addresses or broker.network in the configuration";
        }

        if (IPAddress.Any.Equals(address) || IPAddress.IPv6Any.Equals(address) || IPAddress.Broadcast.Equals(address)
            || address.IsIPv6Multicast || IsMulticast(address))
        {
            return $"{address} is no address of one machine; correct broker.addresses in the configuration";
        }

        return endPoint.Port == broker.Port
            ? null
            : $"port {endPoint.Port} is not broker.port {broker.Port}; no connection is made to it";
    }

    /// <summary>An IPv4 address in IPv6 clothes is the IPv4 address: it must not slip past an IPv4 network.</summary>
    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static bool IsMulticast(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes()[0] is >= 224 and < 240;
}
