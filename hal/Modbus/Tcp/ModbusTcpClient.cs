using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Sluice.Hal.Modbus;

/// <summary>
/// Modbus TCP as a client: connects when asked, when there is no connection and the back-off allows it, and asks. Every
/// read ends within its bounds: at most one connect and two deadlines; its caller awaits it once. Without a connection,
/// while the back-off lasts, it ends at once as Disconnected. Called from the source's loop; with a window above 1,
/// that many calls may be under way.
/// <para>
/// A caller goes on inside the thread that received its answer. It should not block there: until it goes on itself, the
/// other callers of this client wait, up to their deadlines, and what was asked there meanwhile is not sent.
/// </para>
/// </summary>
public sealed class ModbusTcpClient : ModbusClient
{
    /// <summary>What <see cref="Health"/> says of a device that is there and has no Modbus server at work.</summary>
    public const string RefusesWords = "refuses the connection";

    private readonly ModbusTcpOptions options;
    private readonly TimeProvider clock;
    private readonly long began;
    private readonly int window;
    private readonly SemaphoreSlim permits;
    private readonly SemaphoreSlim connecting = new(1);
    private readonly ReconnectBackoff backoff;
    private volatile ModbusTcpConnection? connection;
    private volatile string trouble = "";
    private TimeSpan lastEnded = TimeSpan.MinValue;
    private int generation;
    private bool isDisposed;

    public ModbusTcpClient(ModbusTcpOptions options, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        this.options = options;
        this.clock = clock;
        began = clock.GetTimestamp();
        window = options.PauseBetweenRequests > TimeSpan.Zero ? 1 : options.Window;
        permits = new SemaphoreSlim(window);
        backoff = new ReconnectBackoff(options.ReconnectFirst, options.ReconnectMax);
    }

    public override SourceHealth Health
    {
        get
        {
            var counters = Counters.Snapshot();
            return connection is { IsOpen: true } open
                ? open.HasAnswered
                    ? new SourceHealth("connected", "", counters)
                    : new SourceHealth("silent", trouble, counters)
                : new SourceHealth(trouble.Length == 0 ? "connecting" : "disconnected", trouble, counters);
        }
    }

    private string Device => string.Create(CultureInfo.InvariantCulture, $"{options.Address}:{options.Port}");

    public override async ValueTask DisposeAsync()
    {
        // Nobody calls a source that is being disposed; a connect under way ends within its deadline.
        await connecting.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        isDisposed = true;
        connecting.Release();
        if (connection is { } last)
        {
            await last.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>A request has ended for good: on the thread that tells its caller.</summary>
    internal void Ended(PendingRead read, ModbusResult result)
    {
        if (!read.Connection.HasAnswered && result.Status is not ModbusStatus.Answered)
        {
            trouble = result.Status switch
            {
                ModbusStatus.Timeout => $"{Device} accepts connections but does not answer unit "
                    + $"{read.Request.UnitId}: check the unit id, and that its Modbus server runs",
                ModbusStatus.BadAnswer => $"{Device} answers, but not with Modbus TCP: check the port",
                _ => $"{Device} closes the connection: another client may hold its only one",
            };
        }

        Ended();
    }

    /// <summary>Asks once more for a request that keeps its permit; on a pool thread.</summary>
    internal async void AskAgain(PendingRead first)
    {
        Counters.Add(ModbusCount.AskedAgain);
        ModbusResult result;
        try
        {
            result = await ConnectAndAskAsync(
                first.Request, first.Registers, first.Bits, isSecond: true, first.Cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            first.TellCancelled();
            return;
        }
        catch (ObjectDisposedException)
        {
            result = new ModbusResult(ModbusStatus.Disconnected);
        }

        first.Tell(result);
    }

    private protected override ValueTask<ModbusResult> ReadAsync(
        ReadRequest read, Memory<ushort> registers, Memory<bool> bits, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ModbusResult>(cancellationToken);
        }

        if (options.PauseBetweenRequests == TimeSpan.Zero && connection is { IsOpen: true } open
            && permits.Wait(0, CancellationToken.None))
        {
            return open.TryAsk(read, registers, bits, isSecond: false, cancellationToken, out var answer)
                ? answer
                : ConnectAndAskAsync(read, registers, bits, isSecond: false, cancellationToken);
        }

        return WaitAndAskAsync(read, registers, bits, cancellationToken);
    }

    /// <summary>The long way: for a free place in the window, the device's pause, or a connection.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ModbusResult> WaitAndAskAsync(
        ReadRequest request, Memory<ushort> registers, Memory<bool> bits, CancellationToken cancellationToken)
    {
        await permits.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (options.PauseBetweenRequests > TimeSpan.Zero)
        {
            try
            {
                await PauseAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                Ended();
                throw;
            }
        }

        return await ConnectAndAskAsync(request, registers, bits, isSecond: false, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Asks with a permit in hand, which goes back whatever happens.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ModbusResult> ConnectAndAskAsync(
        ReadRequest request, Memory<ushort> registers, Memory<bool> bits, bool isSecond,
        CancellationToken cancellationToken)
    {
        ValueTask<ModbusResult> answer = default;
        var isAsked = false;
        try
        {
            var open = connection is { IsOpen: true } standing
                ? standing
                : await ConnectAsync(cancellationToken).ConfigureAwait(false);
            isAsked = open is not null
                && open.TryAsk(request, registers, bits, isSecond, cancellationToken, out answer);
        }
        finally
        {
            if (!isAsked)
            {
                Ended();
            }
        }

        return isAsked ? await answer.ConfigureAwait(false) : new ModbusResult(ModbusStatus.Disconnected);
    }

    private TimeSpan Now => clock.GetElapsedTime(began);

    private void Ended()
    {
        if (options.PauseBetweenRequests > TimeSpan.Zero)
        {
            lastEnded = Now;
        }

        permits.Release();
    }

    private async ValueTask PauseAsync(CancellationToken cancellationToken)
    {
        if (lastEnded == TimeSpan.MinValue)
        {
            return;
        }

        var left = lastEnded + options.PauseBetweenRequests - Now;
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The connection, made anew if need be; null if there is none now.</summary>
    private async ValueTask<ModbusTcpConnection?> ConnectAsync(CancellationToken cancellationToken)
    {
        await connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (connection is { IsOpen: true } open)
            {
                return open;
            }

            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (connection is { } ended)
            {
                connection = null;
                generation = ended.Generation;
                Judge(ended);
                ended.Leave();
            }

            if (!backoff.MayTry(Now))
            {
                return null;
            }

            connection = await DialAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        finally
        {
            connecting.Release();
        }
    }

    private void Judge(ModbusTcpConnection ended)
    {
        if (ended.HasAnswered)
        {
            backoff.Answered();
            trouble = $"{Device} ended the connection, or stopped answering on it";
        }
        else
        {
            backoff.Failed(Now);
        }
    }

    private async ValueTask<ModbusTcpConnection?> DialAsync(CancellationToken cancellationToken)
    {
#pragma warning disable RS0030 // the one socket of a Modbus TCP source, to the address of its configuration
        var socket = new Socket(options.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
#pragma warning restore RS0030
        using var deadline = new CancellationTokenSource(options.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            await ConnectAsync(socket, either.Token).ConfigureAwait(false);
            if (options.PauseAfterConnect > TimeSpan.Zero)
            {
                await Task.Delay(options.PauseAfterConnect, clock, cancellationToken).ConfigureAwait(false);
            }

            Counters.Add(ModbusCount.Connects);
            return new ModbusTcpConnection(this, socket, options, window, generation, clock);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            Counters.Add(ModbusCount.ConnectFailures);
            backoff.Failed(Now);
            trouble = fault is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? $"{Device} {RefusesWords}: check the port, and that its Modbus server is switched on"
                : $"{Device} cannot be reached: check the address, the cable and the device's power";
            return null;
        }
    }

    /// <summary>
    /// Connects with a blocking call, on a thread that may block, and gives up by closing the socket. A socket that was
    /// ever used asynchronously stays with the runtime's event loop, which then wakes up for every answer beside our
    /// own reader, and its blocking calls are no longer the kernel's.
    /// </summary>
    private async Task ConnectAsync(Socket socket, CancellationToken cancellationToken)
    {
        var device = new IPEndPoint(options.Address, options.Port);
        var giveUp = cancellationToken.UnsafeRegister(static state => ((Socket)state!).Dispose(), socket);
        try
        {
            await Task.Factory.StartNew(
                () => socket.Connect(device), CancellationToken.None, TaskCreationOptions.LongRunning,
                TaskScheduler.Default).ConfigureAwait(false);
        }
        finally
        {
            await giveUp.DisposeAsync().ConfigureAwait(false);
        }
    }
}
