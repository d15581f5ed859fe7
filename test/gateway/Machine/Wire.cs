using System.Net.Sockets;
using System.Text;

namespace Sluice.Gateway.Machine;

/// <summary>One of QEMU's sockets, by lines.</summary>
internal sealed class Wire(NetworkStream stream) : IDisposable
{
    private readonly StreamReader reader = new(stream, Encoding.UTF8);

    public static async Task<Wire> ConnectAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        return new Wire(new NetworkStream(socket, ownsSocket: true));
    }

    public async Task WriteLineAsync(string line, CancellationToken cancellationToken) =>
        await stream.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellationToken);

    public async Task<string?> ReadLineAsync(CancellationToken cancellationToken) =>
        await reader.ReadLineAsync(cancellationToken);

    public void Dispose() => reader.Dispose();
}
