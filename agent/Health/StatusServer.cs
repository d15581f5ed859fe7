using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Health;

/// <summary>
/// The local status door: a unix socket that answers each connection with one report and closes. It reads nothing, so
/// there is nothing to attack; owner and group may connect (0660), nobody else. Not being able to open it is a pity,
/// never a reason to stop sampling.
/// </summary>
public sealed class StatusServer(
    string path, Func<StatusReport> report, TimeProvider clock, ILogger<StatusServer> log) : BackgroundService
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var listener = Open();
        if (listener is null)
        {
            return;
        }

        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                using var caller = await listener.AcceptAsync(stoppingToken).ConfigureAwait(false);
                await AnswerAsync(caller, stoppingToken).ConfigureAwait(false);
            }
        }
        finally
        {
            Delete();
        }
    }

    private Socket? Open()
    {
        // One unix socket, local, by path: the only thing in the agent that listens.
#pragma warning disable RS0030 // This is one of the few places that may make a socket; it cannot reach a network.
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // A socket file that an agent left behind when it was killed: binding to it again would fail.
            Delete();
            listener.Bind(new UnixDomainSocketEndPoint(path));
#pragma warning restore RS0030
            File.SetUnixFileMode(
                path,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
            listener.Listen(4);
            return listener;
        }
        catch (Exception fault) when (fault is SocketException or IOException or UnauthorizedAccessException
            or ArgumentException)
        {
            Log.StatusSocketFailed(log, path, fault.Message);
            listener.Dispose();
            return null;
        }
    }

    private async Task AnswerAsync(Socket caller, CancellationToken stoppingToken)
    {
        using var deadline = new CancellationTokenSource(AnswerTimeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stoppingToken);
        try
        {
            var answer = JsonSerializer.SerializeToUtf8Bytes(report(), StatusJson.Default.StatusReport);
            for (var sent = 0; sent < answer.Length;)
            {
                sent += await caller.SendAsync(answer.AsMemory(sent), both.Token).ConfigureAwait(false);
            }

            caller.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The caller hung up: its business.
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            // The caller did not read: it must not hold up the next one.
        }
    }

    private void Delete()
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            Log.StatusSocketFailed(log, path, fault.Message);
        }
    }
}
