using System.Net.Sockets;

namespace Sluice.Hal.Modbus;

/// <summary>
/// One established connection: what is outstanding on it, and how each of it ends. It ends once itself, for the first
/// reason that comes up, and everybody who waits learns it. Made by <see cref="ModbusTcpClient"/>; called by its
/// callers, by the thread of the <see cref="AnswerReader"/> and by one timer for all deadlines.
/// </summary>
internal sealed class ModbusTcpConnection : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly ModbusTcpClient client;
    private readonly Socket socket;
    private readonly ModbusTcpOptions options;
    private readonly ModbusCounters counters;
    private readonly TimeProvider clock;
    private readonly TransactionTable table;
    private readonly PendingRead?[] pending;
    private readonly Stack<PendingRead> kept;
    private readonly Queue<PendingRead> judged;
    private readonly RequestWriter writer;
    private readonly AnswerReader reader;
    private readonly ITimer deadlines;
    private bool isTimerSet;
    private int faultsInARow;
    private volatile bool isOpen = true;
    private volatile bool hasAnswered;

    public ModbusTcpConnection(
        ModbusTcpClient client, Socket socket, ModbusTcpOptions options, int window, int firstGeneration,
        TimeProvider clock)
    {
        this.client = client;
        this.socket = socket;
        this.options = options;
        this.clock = clock;
        counters = client.Counters;
        table = new TransactionTable(window, firstGeneration);
        pending = new PendingRead?[window];
        kept = new Stack<PendingRead>(window);
        judged = new Queue<PendingRead>(window);
        writer = new RequestWriter(socket, gate, counters);
        deadlines = clock.CreateTimer(
            static state => ((ModbusTcpConnection)state!).DeadlinesPassed(), this, Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        reader = new AnswerReader(this, socket);
        reader.Start();
    }

    public bool IsOpen => isOpen;

    /// <summary>The device answered at least once, be it with an exception: it works.</summary>
    public bool HasAnswered => hasAnswered;

    public int Generation => table.Generation;

    private bool MustClose => faultsInARow >= options.TimeoutsBeforeReconnect || table.MustClose;

    /// <summary>
    /// Asks, if it is open. The caller holds one of the window's permits, which goes back when the request has ended.
    /// </summary>
    public bool TryAsk(
        in ReadRequest request, Memory<ushort> registers, Memory<bool> bits, bool isSecond,
        CancellationToken cancellationToken, out ValueTask<ModbusResult> answer)
    {
        PendingRead read;
        lock (gate)
        {
            if (!isOpen)
            {
                answer = default;
                return false;
            }

            read = kept.TryPop(out var used) ? used : new PendingRead(this, client);
            read.Ask(request, registers, bits, isSecond, cancellationToken);
            answer = read.Task;
            var slot = table.Begin(out var transaction);
            read.Begin(slot, clock.GetTimestamp(), reader.ReceivedEver);
            pending[slot] = read;
            if (writer.TryQueue(read, transaction))
            {
                SetTimer(options.Timeout);
            }
            else
            {
                CloseNow(ModbusStatus.Timeout, byDevice: false);
            }
        }

        counters.Add(ModbusCount.Requests);
        if (cancellationToken.CanBeCanceled)
        {
            read.ListenToCancellation();
        }

        if (!reader.WillFlush)
        {
            Flush();
        }

        return true;
    }

    /// <summary>False if the connection broke.</summary>
    public bool Flush()
    {
        if (writer.Flush())
        {
            return true;
        }

        Close(ModbusStatus.Disconnected, byDevice: true);
        return false;
    }

    /// <summary>The caller took its outcome: the next one may use it.</summary>
    public void Keep(PendingRead read)
    {
        lock (gate)
        {
            if (kept.Count < pending.Length)
            {
                kept.Push(read);
            }
        }
    }

    /// <summary>Judges what was just received. False when the connection had to be closed.</summary>
    public bool Take(AnswerReader from, int count)
    {
        lock (gate)
        {
            return isOpen && from.TakeFrames(count);
        }
    }

    /// <summary>Under the lock. Judges one frame; false when the connection had to be closed for it.</summary>
    public bool Judge(in MbapFrame frame, ReadOnlySpan<byte> pdu)
    {
        var owner = table.Match(frame.Transaction, out var slot);
        if (owner != AnswerOwner.Waiting)
        {
            counters.Add(owner == AnswerOwner.GivenUp ? ModbusCount.LateAnswers : ModbusCount.StrayAnswers);
            return true;
        }

        var read = pending[slot]!;
        var verdict = read.Request.Judge(pdu);
        if (frame.UnitId != read.Request.UnitId || verdict is not (AnswerVerdict.Answers or AnswerVerdict.Exception))
        {
            return JudgedWrong(read, mustClose: verdict == AnswerVerdict.WrongLength);
        }

        table.Answered(slot);
        table.Release(slot);
        faultsInARow = 0;
        hasAnswered = true;
        if (verdict == AnswerVerdict.Answers)
        {
            counters.Add(ModbusCount.Answers);
            read.Request.Unpack(pdu, read.Registers.Span, read.Bits.Span);
            read.End(ModbusResult.Answered);
        }
        else
        {
            counters.Add(ModbusCount.Exceptions);
            read.End(new ModbusResult(ModbusStatus.DeviceException, pdu[1]));
        }

        judged.Enqueue(read);
        return true;
    }

    /// <summary>Under the lock: what arrived is no frame.</summary>
    public void Broke()
    {
        counters.Add(ModbusCount.BrokenFrames);
        CloseNow(ModbusStatus.BadAnswer, byDevice: false);
    }

    /// <summary>The next caller that may go on, or null.</summary>
    public PendingRead? TakeJudged()
    {
        lock (gate)
        {
            return judged.TryDequeue(out var read) ? read : null;
        }
    }

    public void CountCallerFault() => counters.Add(ModbusCount.CallerFaults);

    public void Cancelled(PendingRead read)
    {
        lock (gate)
        {
            // The slot may be another request's by now.
            if (pending[read.Slot] != read || !table.IsWaiting(read.Slot))
            {
                return;
            }

            read.EndCancelled();
            GiveUp(read);
            if (table.MustClose)
            {
                CloseNow(ModbusStatus.Disconnected, byDevice: false);
            }
        }
    }

    /// <summary>Ends the connection once; all who wait get <paramref name="status"/>.</summary>
    public void Close(ModbusStatus status, bool byDevice)
    {
        lock (gate)
        {
            CloseNow(status, byDevice);
        }
    }

    /// <summary>
    /// Ends the connection and waits, within the time of one request, until its socket is closed. Where a caller
    /// holds up the reader, the reader closes it when that caller goes on.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Close(ModbusStatus.Disconnected, byDevice: false);
        Leave();
        if (reader.IsCurrentThread)
        {
            return;
        }

        try
        {
            await reader.Ended.WaitAsync(options.Timeout, clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The device has long seen the end of the connection.
        }
    }

    /// <summary>Nobody asks it any more; it has ended. Its reader leaves by itself, and is not waited for.</summary>
    public void Leave() => deadlines.Dispose();

    private bool JudgedWrong(PendingRead read, bool mustClose)
    {
        // The right answer may still come, so the id stays owed.
        table.GiveUp(read.Slot);
        table.Release(read.Slot);
        faultsInARow++;
        counters.Add(ModbusCount.BadAnswers);
        read.End(new ModbusResult(ModbusStatus.BadAnswer));
        judged.Enqueue(read);
        if (!mustClose && !MustClose)
        {
            return true;
        }

        CloseNow(ModbusStatus.BadAnswer, byDevice: false);
        return false;
    }

    /// <summary>
    /// Called by the timer: ends what has waited too long, and lets go on whoever has an answer but is held up behind
    /// another caller. Timers may be a little early.
    /// </summary>
    private void DeadlinesPassed()
    {
        lock (gate)
        {
            isTimerSet = false;
            while (judged.TryPeek(out var heldUp) && Left(heldUp) <= TimeSpan.Zero)
            {
                GoOnElsewhere(judged.Dequeue());
            }

            var next = judged.TryPeek(out var first) ? Left(first) : TimeSpan.MaxValue;
            for (var slot = 0; slot < pending.Length; slot++)
            {
                if (!table.IsWaiting(slot))
                {
                    continue;
                }

                var read = pending[slot]!;
                var left = Left(read);
                if (left > TimeSpan.Zero)
                {
                    next = left < next ? left : next;
                }
                else
                {
                    TimedOut(read);
                }
            }

            if (next < TimeSpan.MaxValue)
            {
                SetTimer(next + TimeSpan.FromMilliseconds(1));
            }
        }
    }

    private void TimedOut(PendingRead read)
    {
        faultsInARow++;
        counters.Add(ModbusCount.Timeouts);
        read.End(new ModbusResult(ModbusStatus.Timeout));
        GiveUp(read);

        // Half a frame that stays half: what follows would be read as its end. Nor can a request be half sent.
        if (!writer.IsSent(read) || reader.HalfFrameBytes > 0 || MustClose)
        {
            CloseNow(ModbusStatus.Timeout, byDevice: false);
        }
    }

    /// <summary>Its answer may still come, and dies then. Its caller goes on, elsewhere.</summary>
    private void GiveUp(PendingRead read)
    {
        table.GiveUp(read.Slot);
        table.Release(read.Slot);
        GoOnElsewhere(read);
    }

    private TimeSpan Left(PendingRead read) => options.Timeout - clock.GetElapsedTime(read.BeganAt);

    private void SetTimer(TimeSpan after)
    {
        if (!isTimerSet)
        {
            isTimerSet = true;
            deadlines.Change(after, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>On a pool thread: no caller waits for another one here.</summary>
    private static void GoOnElsewhere(PendingRead read) =>
        ThreadPool.UnsafeQueueUserWorkItem(read, preferLocal: false);

    private void CloseNow(ModbusStatus status, bool byDevice)
    {
        if (!isOpen)
        {
            return;
        }

        isOpen = false;
        counters.Add(ModbusCount.Disconnects);
        for (var slot = 0; slot < pending.Length; slot++)
        {
            if (table.IsWaiting(slot))
            {
                var read = pending[slot]!;
                var untouched = reader.ReceivedEver == read.ReceivedBefore;
                read.End(new ModbusResult(status), byDevice && hasAnswered && untouched);
                GiveUp(read);
            }
        }

        try
        {
            // The device sees the end now; the reader wakes up and closes the socket.
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // The device was faster.
        }
    }
}
