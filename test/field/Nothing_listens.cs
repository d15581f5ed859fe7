using System.Globalization;
using Sluice.Field.Parts;
using Xunit;

namespace Sluice.Field;

/// <summary>The kernel's own list of the sockets that the running agent holds.</summary>
public sealed class Nothing_listens
{
    private const string Established = "01";

    [Fact]
    public async Task The_agent_holds_two_connections_out_and_nothing_else()
    {
        await using var plant = await FieldPlant.StartAsync();
        plant.Gateway.Start();
        await plant.ServesAsync(10);
        await plant.Mes.HasEverythingAsync(plant.Machine.Record(), FieldPlant.Soon, plant.Gateway);

        var held = Sockets(plant.Gateway.Process.Id);

        Assert.All(held, socket => Assert.Equal("tcp", socket.Protocol));
        Assert.All(held, socket => Assert.Equal(Established, socket.State));
        Assert.Equal(
            new[] { plant.Broker.Port, plant.Machine.Port }.Order(), held.Select(socket => socket.RemotePort).Order());
    }

    [Fact]
    public void A_listening_socket_would_be_seen()
    {
        using var listener = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream,
            System.Net.Sockets.ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        listener.Listen();

        Assert.Contains(Sockets(Environment.ProcessId), socket => socket is { Protocol: "tcp", State: "0A" });
    }

    /// <summary>Internet sockets of any kind that the process has open, from /proc.</summary>
    private static List<(string Protocol, string State, int RemotePort)> Sockets(int process)
    {
        var inodes = Directory.EnumerateFiles($"/proc/{process}/fd")
            .Select(file => new FileInfo(file).LinkTarget ?? "")
            .Where(target => target.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(target => target["socket:[".Length..^1])
            .ToHashSet();
        var found = new List<(string, string, int)>();
        foreach (var protocol in (string[])["tcp", "tcp6", "udp", "udp6", "raw", "raw6", "udplite"])
        {
            var table = $"/proc/{process}/net/{protocol}";
            foreach (var line in File.Exists(table) ? File.ReadLines(table).Skip(1) : [])
            {
                // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
                var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (inodes.Contains(columns[9]))
                {
                    var port = columns[2].Split(':')[1];
                    found.Add((protocol, columns[3],
                        int.Parse(port, NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
                }
            }
        }

        return found;
    }
}
