using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sluice.Agent.Uplink;

/// <summary>
/// Makes the one socket to the broker. The end point was checked against the configuration by the caller, who also says
/// by which card alone it may be reached.
/// </summary>
internal static class BrokerSocket
{
    // socket(7), asm-generic: a packet of this socket leaves by no other card, whatever the routes say.
    private const int SocketLevel = 1;
    private const int BindToDevice = 25;

    /// <param name="endPoint">Where to.</param>
    /// <param name="card">The card; empty where the routes decide.</param>
    /// <param name="bound">For how long.</param>
    public static async Task<(Socket? Socket, ConnectOutcome? Refusal)> ConnectAsync(
        IPEndPoint endPoint, string card, StepBound bound)
    {
#pragma warning disable RS0030 // one of the few places that make a socket: EndpointPolicy has allowed this end point
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
#pragma warning restore RS0030 // back to the rule
        if (card.Length > 0 && Bind(socket, card) is { } unbound)
        {
            socket.Dispose();
            return (null, unbound);
        }

        try
        {
            await socket.ConnectAsync(endPoint, bound.Token).ConfigureAwait(false);
            return (socket, null);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            return (null, Outcome(endPoint, exception));
        }
        catch (OperationCanceledException) when (bound.IsOver)
        {
            socket.Dispose();
            return (null, Silent(endPoint));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Null where it is bound. Connecting without would be the very thing that must not happen.</summary>
    private static ConnectOutcome? Bind(Socket socket, string card)
    {
        try
        {
            socket.SetRawSocketOption(SocketLevel, BindToDevice, Encoding.ASCII.GetBytes(card + '\0'));
            return null;
        }
        catch (SocketException exception)
        {
            return new ConnectOutcome(ConnectVerdict.Unreachable, $"the broker is spoken to by the card {card} only, "
                + $"and no connection can be bound to it ({exception.Message}): it is not there, or not yet. No other "
                + "card was tried.");
        }
    }

    private static ConnectOutcome Outcome(IPEndPoint endPoint, SocketException exception) =>
        exception.SocketErrorCode switch
    {
        SocketError.ConnectionRefused =>
            new ConnectOutcome(ConnectVerdict.Refused, $"{endPoint} refuses the connection: "
            + "the machine is there, the broker does not listen on that port."),
        SocketError.TimedOut => Silent(endPoint),
        SocketError.HostUnreachable or SocketError.NetworkUnreachable
            or SocketError.HostDown or SocketError.NetworkDown =>
            new ConnectOutcome(ConnectVerdict.Unreachable, $"{endPoint} cannot be reached: no cable, no route, or a "
                + "firewall that rejects."),
        SocketError.AccessDenied =>
            new ConnectOutcome(ConnectVerdict.Unreachable, $"this machine itself does not let the "
            + $"agent connect to {endPoint}: its firewall or jail was made from another configuration."),
        _ => new ConnectOutcome(ConnectVerdict.Unreachable, $"no connection to {endPoint} ({exception.Message})."),
    };

    private static ConnectOutcome Silent(IPEndPoint endPoint) =>
        new(ConnectVerdict.Silent, $"{endPoint} does not answer: "
        + "the broker's machine is off, a cable is out, or a firewall drops the packets.");
}
