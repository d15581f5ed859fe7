using System.Net;
using System.Net.Sockets;

namespace Sluice.Plant.Gateway;

/// <summary>A TCP port on loopback that nobody listens on.</summary>
public static class FreePort
{
    /// <summary>
    /// Free at the moment of asking: whoever can should listen on port 0 instead and ask what it got.
    /// </summary>
    public static int Next()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
