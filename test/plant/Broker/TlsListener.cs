using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Implementations;
using MQTTnet.Server;

namespace Sluice.Plant.Broker;

/// <summary>
/// The broker's door: TCP, TLS with a client certificate demanded. MQTTnet's own listener sends the leaf
/// only and cannot be made silent, so this one does both. One accept loop, one task per connection.
/// </summary>
internal sealed class TlsListener(
    IPEndPoint where, Func<SslServerAuthenticationOptions> tls, Gate gate, Action<string> refused) : IMqttServerAdapter
{
    private readonly ConcurrentDictionary<GatedStream, bool> open = new();
    private CancellationTokenSource stopped = new();
    private (MqttServerOptions Options, IMqttNetLogger Logger)? started;
    private Socket? listening;
    private int boundPort = where.Port;
    private Task accepting = Task.CompletedTask;

    public Func<IMqttChannelAdapter, Task> ClientHandler { get; set; } = _ => Task.CompletedTask;

    /// <summary>Fixed from the first start on.</summary>
    public int Port => boundPort;

    public Task StartAsync(MqttServerOptions options, IMqttNetLogger logger)
    {
        started = (options, logger);
        Open();
        return Task.CompletedTask;
    }

    /// <summary>Listens, again after <see cref="Cut"/>, on the same port.</summary>
    public void Open()
    {
        var (options, logger) = started ?? throw new InvalidOperationException("The server has not started.");
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(where.Address, boundPort));
            socket.Listen(64);
            boundPort = ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        stopped = new CancellationTokenSource();
        listening = socket;
        accepting = AcceptAsync(socket, options, logger, stopped.Token);
    }

    /// <summary>Resets every connection and stops to listen: the cable, the crash, the power cut.</summary>
    public void Cut()
    {
        stopped.Cancel();
        listening?.Dispose();
        foreach (var stream in open.Keys)
        {
            stream.Cut();
        }
    }

    public async Task StopAsync()
    {
        stopped.Cancel();
        listening?.Dispose();
        await accepting.ConfigureAwait(false);
        foreach (var stream in open.Keys)
        {
            stream.Dispose();
        }
    }

    public void Dispose()
    {
        Cut();
    }

    private async Task AcceptAsync(
        Socket socket, MqttServerOptions options, IMqttNetLogger logger, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var peer = await socket.AcceptAsync(stop).ConfigureAwait(false);
                _ = ServeAsync(peer, options, logger, stop);
            }
            catch (Exception exception) when (IsEnd(exception))
            {
                // A peer that was gone before it was accepted, or our own stop: the loop's condition tells them apart.
            }
        }
    }

    private async Task ServeAsync(Socket peer, MqttServerOptions options, IMqttNetLogger logger, CancellationToken stop)
    {
        peer.NoDelay = true;
        var remote = peer.RemoteEndPoint;
        var local = peer.LocalEndPoint;
        await using var stream = new GatedStream(peer, gate);
        open[stream] = true;
        try
        {
            await using var secure = new SslStream(stream, leaveInnerStreamOpen: true);
            using (var hurry = CancellationTokenSource.CreateLinkedTokenSource(stop))
            {
                hurry.CancelAfter(TimeSpan.FromSeconds(30));
                await secure.AuthenticateAsServerAsync(tls(), hurry.Token).ConfigureAwait(false);
            }

            using var certificate = Certificate(secure);
            using var channel = new MqttTcpChannel(secure, local, remote, certificate);
            var writer = new MqttBufferWriter(options.WriterBufferSize, options.WriterBufferSizeMax);
            using var adapter = new MqttChannelAdapter(channel, new MqttPacketFormatterAdapter(writer), logger);
            await ClientHandler(adapter).ConfigureAwait(false);
        }
        catch (AuthenticationException exception)
        {
            refused($"TLS: {exception.Message}");
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // The peer hung up, or we did.
        }
        finally
        {
            open.TryRemove(stream, out _);
        }
    }

    private static X509Certificate2? Certificate(SslStream secure) =>
        secure.RemoteCertificate is { } certificate
            ? X509CertificateLoader.LoadCertificate(certificate.Export(X509ContentType.Cert))
            : null;

    private static bool IsEnd(Exception exception) => exception is OperationCanceledException or IOException
        or SocketException or ObjectDisposedException or MQTTnet.Exceptions.MqttCommunicationException;
}
