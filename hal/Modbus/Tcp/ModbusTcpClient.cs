using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Sluice.Hal.Modbus;

/// <summary>
/// Modbus TCP as a client: connects when asked, when there is no connection and the back-off allows it, and asks. Every
/// read ends within its bounds: at most one connect and two deadlines. Without a connection, while the back-off lasts,
/// it ends at once as Disconnected. Called from the source's loop; with a window above 1, that many calls may be under
/// way.
/// </summary>
public sealed class ModbusTcpClient : IModbusClient
{
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

    public ModbusCounters Counters { get; } = new();

    public SourceHealth Health
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

    public ValueTask<ModbusResult> ReadRegistersAsync(
        byte unitId, ModbusTable table, ushort address, Memory<ushort> into, CancellationToken cancellationToken) =>
        ReadAsync(new ReadRequest(unitId, table, address, into.Length), into, default, cancellationToken);

    public ValueTask<ModbusResult> ReadBitsAsync(
        byte unitId, ModbusTable table, ushort address, Memory<bool> into, CancellationToken cancellationToken) =>
        ReadAsync(new ReadRequest(unitId, table, address, into.Length), default, into, cancellationToken);

    public async ValueTask<IdentificationResult> ReadIdentificationAsync(
        byte unitId, IdentificationScope scope, byte objectId, CancellationToken cancellationToken)
    {
        var page = new ushort[ReadRequest.PageRegisters];
        var request = ReadRequest.Identification(unitId, scope, objectId);
        var result = await ReadAsync(request, page, default, cancellationToken).ConfigureAwait(false);
        return new IdentificationResult(
            result, result.Status == ModbusStatus.Answered ? ReadRequest.PageIn(page) : null);
    }

    public async ValueTask DisposeAsync()
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

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ModbusResult> ReadAsync(
        ReadRequest request, Memory<ushort> registers, Memory<bool> bits, CancellationToken cancellationToken)
    {
        if (request.IsBits ? registers.Length > 0 : bits.Length > 0)
        {
            throw new ArgumentException($"{request.Table} does not hold what it was asked for");
        }

        request.Check();
        await permits.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await PauseAsync(cancellationToken).ConfigureAwait(false);
            var outcome = await AskAsync(request, registers, bits, cancellationToken).ConfigureAwait(false);
            if (outcome.MayAskAgain)
            {
                Counters.Add(ModbusCount.AskedAgain);
                outcome = await AskAsync(request, registers, bits, cancellationToken).ConfigureAwait(false);
            }

            return outcome.Result;
        }
        finally
        {
            lastEnded = Now;
            permits.Release();
        }
    }

    private TimeSpan Now => clock.GetElapsedTime(began);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadOutcome> AskAsync(
        ReadRequest request, Memory<ushort> registers, Memory<bool> bits, CancellationToken cancellationToken)
    {
        var open = connection;
        if (open is not { IsOpen: true })
        {
            open = await ConnectAsync(cancellationToken).ConfigureAwait(false);
            if (open is null)
            {
                return new ReadOutcome(new ModbusResult(ModbusStatus.Disconnected));
            }
        }

        var outcome = await open.AskAsync(request, registers, bits, cancellationToken).ConfigureAwait(false);
        if (!open.HasAnswered && outcome.Result.Status is not ModbusStatus.Answered)
        {
            trouble = outcome.Result.Status switch
            {
                ModbusStatus.Timeout => $"{Device} accepts connections but does not answer unit {request.UnitId}: "
                    + "check the unit id, and that its Modbus server runs",
                ModbusStatus.BadAnswer => $"{Device} answers, but not with Modbus TCP: check the port",
                _ => $"{Device} closes the connection: another client may hold its only one",
            };
        }

        return outcome;
    }

    private async ValueTask PauseAsync(CancellationToken cancellationToken)
    {
        if (options.PauseBetweenRequests == TimeSpan.Zero || lastEnded == TimeSpan.MinValue)
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
                await ended.DisposeAsync().ConfigureAwait(false);
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
            var device = new IPEndPoint(options.Address, options.Port);
            await socket.ConnectAsync(device, either.Token).ConfigureAwait(false);
            if (options.PauseAfterConnect > TimeSpan.Zero)
            {
                await Task.Delay(options.PauseAfterConnect, clock, cancellationToken).ConfigureAwait(false);
            }

            Counters.Add(ModbusCount.Connects);
            return new ModbusTcpConnection(socket, options, window, generation, Counters, clock);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw;
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            Counters.Add(ModbusCount.ConnectFailures);
            backoff.Failed(Now);
            trouble = fault is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? $"{Device} refuses the connection: check the port, and that its Modbus server is switched on"
                : $"{Device} cannot be reached: check the address, the cable and the device's power";
            return null;
        }
    }
}
