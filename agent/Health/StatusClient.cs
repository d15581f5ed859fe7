using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Sluice.Agent.Health;

/// <summary>What came of asking the agent for its report.</summary>
/// <param name="Report">The report; null where there is none.</param>
/// <param name="Problem">Why there is none and what to do; empty where there is one.</param>
public sealed record StatusAnswer(StatusReport? Report, string Problem)
{
    /// <summary>
    /// No agent listens there, for certain. Without a report and without this, one may run that did not tell.
    /// </summary>
    public bool IsNobody { get; init; }
}

/// <summary>Asks the running agent for its report: the other end of <see cref="StatusServer"/>.</summary>
public static class StatusClient
{
    private const int AnswerBytesMax = 4 << 20;

    /// <summary>The report, or a sentence that says why there is none and what to do.</summary>
    public static Task<StatusAnswer> AskAsync(
        string path, TimeProvider clock, CancellationToken cancellationToken) =>
        SayAsync(path, "", clock, cancellationToken);

    /// <summary>The same, after a word that the agent acts on: <see cref="StatusServer.Renew"/>.</summary>
    public static async Task<StatusAnswer> SayAsync(
        string path, string word, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(5), clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var answer = await ReadAsync(path, word, both.Token).ConfigureAwait(false);
            var report = JsonSerializer.Deserialize(answer.Span, StatusJson.Default.StatusReport);
            return report is null ? new(null, "The agent answered with nothing.") : new(report, "");
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.AccessDenied)
        {
            return new(null, $"This user may not open {path}. Use sudo, or join the group that owns it.");
        }
        catch (Exception fault) when (fault is SocketException or ArgumentException)
        {
            var hint = "Is it running? Try: systemctl status sluice-agent";
            return new(null, $"No agent answers at {path} ({fault.Message}). {hint}") { IsNobody = IsNobody(fault) };
        }
        catch (JsonException)
        {
            return new(null, $"What answers at {path} is not an agent of this version.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(null, $"The agent at {path} did not answer within 5 s. It may be stuck: look at its log.");
        }
    }

    /// <summary>
    /// Nothing is at the path (ENOENT), nobody listens behind it (ECONNREFUSED), or it is no path that anybody could
    /// listen at. A connection that breaks is somebody.
    /// </summary>
    private static bool IsNobody(Exception fault) => fault is not SocketException socket
        || socket.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.ConnectionRefused;

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(
        string path, string word, CancellationToken cancellationToken)
    {
#pragma warning disable RS0030 // A unix socket to the agent on this machine: it cannot reach a network.
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
#pragma warning restore RS0030
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
        if (word.Length > 0)
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(word), cancellationToken).ConfigureAwait(false);
        }

        // Nothing more is said: the agent does not wait for it.
        socket.Shutdown(SocketShutdown.Send);
        var answer = new byte[64 << 10];
        var length = 0;
        while (true)
        {
            if (length == answer.Length)
            {
                if (length >= AnswerBytesMax)
                {
                    throw new JsonException("too long");
                }

                Array.Resize(ref answer, answer.Length * 2);
            }

            var read = await socket.ReceiveAsync(answer.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (read == 0)
            {
                return answer.AsMemory(0, length);
            }

            length += read;
        }
    }
}
