using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace Sluice.Hal.Modbus;

/// <summary>
/// One established connection: sends requests, and a loop of its own receives and hands the answers to those who wait.
/// It ends once, for the first reason that comes up, and everybody who waits learns it. Made by
/// <see cref="ModbusTcpClient"/>.
/// </summary>
internal sealed class ModbusTcpConnection : IAsyncDisposable
{
    // Every answer of the largest window, so that one receive can take them all.
    private const int ReceiveBytes = TransactionTable.WindowMax * MbapFramer.FrameBytesMax;

    private readonly Lock gate = new();
    private readonly Socket socket;
    private readonly ModbusTcpOptions options;
    private readonly ModbusCounters counters;
    private readonly TimeProvider clock;
    private readonly TransactionTable table;
    private readonly PendingRead[] pending;
    private readonly SemaphoreSlim sending = new(1);
    private readonly byte[] received = new byte[ReceiveBytes];
    private readonly Task receiving;
    private int receivedBytes;
    private long receivedEver;
    private int faultsInARow;
    private volatile bool isOpen = true;
    private volatile bool hasAnswered;

    public ModbusTcpConnection(
        Socket socket, ModbusTcpOptions options, int window, int firstGeneration, ModbusCounters counters,
        TimeProvider clock)
    {
        this.socket = socket;
        this.options = options;
        this.counters = counters;
        this.clock = clock;
        table = new TransactionTable(window, firstGeneration);
        pending = new PendingRead[window];
        for (var slot = 0; slot < window; slot++)
        {
            pending[slot] = new PendingRead(this, slot, clock);
        }

        receiving = ReceiveAllAsync();
    }

    public bool IsOpen => isOpen;

    /// <summary>The device answered at least once, be it with an exception: it works.</summary>
    public bool HasAnswered => hasAnswered;

    public int Generation => table.Generation;

    /// <summary>Asks once. The caller holds one of the window's permits.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReadOutcome> AskAsync(
        ReadRequest request, Memory<ushort> registers, Memory<bool> bits, CancellationToken cancellationToken)
    {
        if (!TryBegin(request, registers, bits, out var read, out var receivedBefore))
        {
            return new ReadOutcome(new ModbusResult(ModbusStatus.Disconnected), hasAnswered);
        }

        counters.Add(ModbusCount.Requests);
        read.ArmDeadline(options.Timeout);
        var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((PendingRead)state!).Connection.Cancelled((PendingRead)state, token), read);
        try
        {
            await SendAsync(read).ConfigureAwait(false);
            var outcome = await read.Task.ConfigureAwait(false);
            var untouched = Interlocked.Read(ref receivedEver) == receivedBefore;
            return outcome with { MayAskAgain = outcome.MayAskAgain && untouched };
        }
        finally
        {
            // Waits for a cancellation that is just running, so that it cannot hit the slot's next request.
            await registration.DisposeAsync().ConfigureAwait(false);
            lock (gate)
            {
                table.Release(read.Slot);
            }
        }
    }

    /// <summary>
    /// Called by the timer of a slot. Timers may be a little early, and late for the slot's last request.
    /// </summary>
    public void DeadlinePassed(PendingRead read)
    {
        bool close;
        lock (gate)
        {
            if (!table.IsWaiting(read.Slot))
            {
                return;
            }

            var left = options.Timeout - clock.GetElapsedTime(read.BeganAt);
            if (left > TimeSpan.Zero)
            {
                read.ArmDeadline(left + TimeSpan.FromMilliseconds(1));
                return;
            }

            table.GiveUp(read.Slot);
            faultsInARow++;

            // Half a frame that stays half: what follows would be read as its end. Nor can a request be half sent.
            close = !read.Sent || receivedBytes > 0 || MustClose;
        }

        counters.Add(ModbusCount.Timeouts);
        if (close)
        {
            Close(ModbusStatus.Timeout, byDevice: false);
        }

        read.Complete(new ReadOutcome(new ModbusResult(ModbusStatus.Timeout)));
    }

    public async ValueTask DisposeAsync()
    {
        Close(ModbusStatus.Disconnected, byDevice: false);
        await receiving.ConfigureAwait(false);
        foreach (var each in pending)
        {
            each.Dispose();
        }
    }

    private bool MustClose => faultsInARow >= options.TimeoutsBeforeReconnect || table.MustClose;

    private bool TryBegin(
        in ReadRequest request, Memory<ushort> registers, Memory<bool> bits, out PendingRead read,
        out long receivedBefore)
    {
        lock (gate)
        {
            if (!isOpen)
            {
                read = null!;
                receivedBefore = 0;
                return false;
            }

            read = pending[table.Begin(out var transaction)];
            read.Begin(request, registers, bits, clock.GetTimestamp());
            read.FrameBytes = MbapFramer.WriteRequest(read.Frame, transaction, request);
            receivedBefore = Interlocked.Read(ref receivedEver);
            return true;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(PendingRead read)
    {
        await sending.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            // Without the caller's token: half a request would spoil the stream. The deadline closes the socket.
            var left = read.Frame.AsMemory(0, read.FrameBytes);
            while (left.Length > 0)
            {
                left = left[await socket.SendAsync(left, SocketFlags.None, CancellationToken.None)
                    .ConfigureAwait(false)..];
            }

            read.Sent = true;
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            Close(ModbusStatus.Disconnected, byDevice: true);
        }
        finally
        {
            sending.Release();
        }
    }

    /// <summary>The receive loop: ends when the connection does, and never throws for what the world does.</summary>
    private async Task ReceiveAllAsync()
    {
        try
        {
            while (true)
            {
                var count = await socket.ReceiveAsync(
                    received.AsMemory(receivedBytes), SocketFlags.None, CancellationToken.None).ConfigureAwait(false);
                if (count == 0)
                {
                    break;
                }

                Interlocked.Add(ref receivedEver, count);
                if (!TakeFrames(receivedBytes + count))
                {
                    return;
                }
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // Reset by the device, or closed by us: both end the connection, below.
        }

        Close(ModbusStatus.Disconnected, byDevice: true);
    }

    /// <summary>Hands on every whole frame and keeps the rest. False when the connection had to be closed.</summary>
    private bool TakeFrames(int available)
    {
        var taken = 0;
        while (true)
        {
            var outcome = MbapFramer.TryTakeTrusted(received.AsSpan(taken, available - taken), out var frame);
            if (outcome == FrameOutcome.Broken)
            {
                counters.Add(ModbusCount.BrokenFrames);
                Close(ModbusStatus.BadAnswer, byDevice: false);
                return false;
            }

            if (outcome == FrameOutcome.NeedsMore)
            {
                break;
            }

            // Set first: whoever goes on inside Deliver, or whose deadline passes now, must not see this frame as half.
            var pdu = received.AsSpan(taken + frame.PduFrom, frame.PduBytes);
            taken += frame.EndsAt;
            receivedBytes = available - taken;
            if (!Deliver(frame, pdu))
            {
                return false;
            }
        }

        received.AsSpan(taken, available - taken).CopyTo(received);
        receivedBytes = available - taken;
        return true;
    }

    private bool Deliver(MbapFrame frame, ReadOnlySpan<byte> pdu)
    {
        PendingRead read;
        ModbusResult result;
        bool close;
        lock (gate)
        {
            var owner = table.Match(frame.Transaction, out var slot);
            if (owner != AnswerOwner.Waiting)
            {
                counters.Add(owner == AnswerOwner.GivenUp ? ModbusCount.LateAnswers : ModbusCount.StrayAnswers);
                return true;
            }

            read = pending[slot];
            var verdict = read.Request.Judge(pdu);
            if (frame.UnitId == read.Request.UnitId && verdict is (AnswerVerdict.Answers or AnswerVerdict.Exception))
            {
                table.Answered(slot);
                faultsInARow = 0;
                hasAnswered = true;
                close = false;
                result = verdict == AnswerVerdict.Answers
                    ? ModbusResult.Answered
                    : new ModbusResult(ModbusStatus.DeviceException, pdu[1]);
            }
            else
            {
                // The right answer may still come, so the id stays owed.
                table.GiveUp(slot);
                faultsInARow++;
                close = verdict == AnswerVerdict.WrongLength || MustClose;
                result = new ModbusResult(ModbusStatus.BadAnswer);
            }
        }

        return Finish(read, result, pdu, close);
    }

    private bool Finish(PendingRead read, ModbusResult result, ReadOnlySpan<byte> pdu, bool close)
    {
        switch (result.Status)
        {
            case ModbusStatus.Answered:
                counters.Add(ModbusCount.Answers);
                read.Request.Unpack(pdu, read.Registers.Span, read.Bits.Span);
                break;
            case ModbusStatus.DeviceException:
                counters.Add(ModbusCount.Exceptions);
                break;
            default:
                counters.Add(ModbusCount.BadAnswers);
                break;
        }

        if (close)
        {
            Close(ModbusStatus.BadAnswer, byDevice: false);
        }

        read.Complete(new ReadOutcome(result));
        return !close;
    }

    private void Cancelled(PendingRead read, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (!table.IsWaiting(read.Slot))
            {
                return;
            }

            table.GiveUp(read.Slot);
        }

        read.Cancel(cancellationToken);
    }

    /// <summary>Ends the connection once; all who wait get <paramref name="status"/>.</summary>
    private void Close(ModbusStatus status, bool byDevice)
    {
        lock (gate)
        {
            if (!isOpen)
            {
                return;
            }

            isOpen = false;
        }

        counters.Add(ModbusCount.Disconnects);
        socket.Dispose();
        foreach (var read in pending)
        {
            lock (gate)
            {
                if (!table.IsWaiting(read.Slot))
                {
                    continue;
                }

                table.GiveUp(read.Slot);
            }

            read.Complete(new ReadOutcome(new ModbusResult(status), byDevice && hasAnswered));
        }
    }
}
