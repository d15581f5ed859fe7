using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;

namespace Sluice.Probe;

/// <summary>
/// Starts an agent and asks it for its status until it says that the broker has acknowledged a reading: both moments by
/// one clock, the guest's monotonic one. The last question and the pause before it are in the time, so it is an upper
/// bound.
/// </summary>
internal static class FirstAcknowledged
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    /// <summary>Says ACKNOWLEDGED, the agent's process and the milliseconds; the agent goes on running then.</summary>
    public static async Task<int> MeasureAsync(
        string socket, string program, string[] arguments, CancellationToken stop)
    {
        var clock = TimeProvider.System;
        var began = clock.GetTimestamp();
        using var agent = Process.Start(program, arguments);
        while (!agent.HasExited && clock.GetElapsedTime(began) < Bound)
        {
            if (await IsAcknowledgedAsync(socket, stop).ConfigureAwait(false))
            {
                Console.WriteLine($"ACKNOWLEDGED {agent.Id} {clock.GetElapsedTime(began).TotalMilliseconds:F0}");
                return 0;
            }

            await Task.Delay(AskEvery, clock, stop).ConfigureAwait(false);
        }

        agent.Kill();
        return 1;
    }

    private static async Task<bool> IsAcknowledgedAsync(string path, CancellationToken stop)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var (report, length) = (new byte[64 << 10], 0);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop).ConfigureAwait(false);
            socket.Shutdown(SocketShutdown.Send);
            int read;
            do
            {
                read = await socket.ReceiveAsync(report.AsMemory(length), stop).ConfigureAwait(false);
                length += read;
            }
            while (read > 0);
        }
        catch (SocketException)
        {
            // The path is there a moment before anybody listens behind it.
            return false;
        }

        // A busy agent hangs up on whoever asks too slowly: then there is nothing, and it is asked again.
        if (length == 0)
        {
            return false;
        }

        using var json = JsonDocument.Parse(report.AsMemory(0, length));
        return json.RootElement.GetProperty("uplink").GetProperty("acknowledged").GetInt64() > 0;
    }
}
