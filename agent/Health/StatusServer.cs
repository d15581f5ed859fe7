using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Health;

/// <summary>
/// The local status door: a unix socket that answers each connection with one report and closes. It reads one word at
/// most, <c>renew</c> or <c>prove</c>, and waits for that no longer than a moment; owner and group may connect (0660),
/// nobody else. Not being able to open it is a pity, never a reason to stop sampling.
/// </summary>
internal sealed class StatusServer(
    string path, Func<StatusReport> report, TimeProvider clock, ILogger<StatusServer> log,
    Action<string>? said = null)
    : BackgroundService
{
    /// <summary>What a caller may say: renew the gateway's certificate now.</summary>
    public const string Renew = "renew";

    /// <summary>What a caller may say: try the walls of the jail now.</summary>
    public const string Prove = "prove";

    /// <summary>Who wants to say a word says it at once; who only wants the report ends its side.</summary>
    private static readonly TimeSpan WordTimeout = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    private Socket? listener;

    /// <summary>
    /// Opens the door here and not on the loop's own time: once the agent has started nothing can listen any more.
    /// </summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        listener = Open();
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        listener?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
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
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // A socket file that an agent left behind when it was killed: binding to it again would fail.
            Delete();
            socket.Bind(new UnixDomainSocketEndPoint(path));
#pragma warning restore RS0030
            File.SetUnixFileMode(
                path,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
            socket.Listen(4);
            return socket;
        }
        catch (Exception fault) when (fault is SocketException or IOException or UnauthorizedAccessException
            or ArgumentException)
        {
            Log.StatusSocketFailed(log, path, fault.Message);
            socket.Dispose();
            return null;
        }
    }

    private async Task AnswerAsync(Socket caller, CancellationToken stoppingToken)
    {
        using var deadline = new CancellationTokenSource(AnswerTimeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stoppingToken);
        try
        {
            var word = await WordAsync(caller, stoppingToken).ConfigureAwait(false);
            if (word is Renew or Prove)
            {
                said?.Invoke(word);
            }

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

    /// <summary>What the caller says, up to the end of its side; empty where that is nothing.</summary>
    private async Task<string> WordAsync(Socket caller, CancellationToken stoppingToken)
    {
        var heard = new byte[Renew.Length + 1];
        var length = 0;
        using var deadline = new CancellationTokenSource(WordTimeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stoppingToken);
        try
        {
            var more = -1;
            while (more != 0 && length < heard.Length)
            {
                more = await caller.ReceiveAsync(heard.AsMemory(length), both.Token).ConfigureAwait(false);
                length += more;
            }
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            // It says nothing and waits, as callers of older versions do.
        }

        return Encoding.ASCII.GetString(heard, 0, length);
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
