using System.Net.Sockets;

namespace Sluice.Hal.Modbus;

/// <summary>
/// The receiving half of one connection, on a thread of its own that sleeps in the kernel. One receive takes all that
/// has arrived, all of it is judged, and only then do the callers go on, here, one after another; what they ask next
/// waits until the last of them has gone on, and leaves in one write. Against a pool thread that is woken by another
/// thread this saves a wake-up an answer, which is most of what a short exchange costs.
/// <para>
/// A caller that blocks here holds up the other callers of this connection, of no other, and no longer than until
/// their deadlines: those are kept by a timer elsewhere, which lets go on whoever has an answer that was judged, and
/// ends the others as Timeout. A caller that throws is counted, and the next one goes on.
/// </para>
/// </summary>
internal sealed class AnswerReader
{
    // Every answer of the largest window, so that one receive can take them all.
    private const int ReceiveBytes = TransactionTable.WindowMax * MbapFramer.FrameBytesMax;

    // Callers go on inside (ADR 0014), so it is no few kilobytes; pages that are never touched are never taken.
    private const int StackBytes = 1024 * 1024;

    private readonly ModbusTcpConnection connection;
    private readonly Socket socket;
    private readonly byte[] received = new byte[ReceiveBytes];
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread thread;
    private bool isDispatching;

    public AnswerReader(ModbusTcpConnection connection, Socket socket)
    {
        this.connection = connection;
        this.socket = socket;
        thread = new Thread(Run, StackBytes) { IsBackground = true, Name = "modbus answers" };
    }

    /// <summary>The thread has left, and the socket is closed.</summary>
    public Task Ended => ended.Task;

    public bool IsCurrentThread => Thread.CurrentThread == thread;

    /// <summary>Whether this is a caller going on inside: what it asks is flushed after the last of them.</summary>
    public bool WillFlush => IsCurrentThread && isDispatching;

    /// <summary>Bytes of a frame that is not whole yet. Under the connection's lock.</summary>
    public int HalfFrameBytes { get; private set; }

    /// <summary>Under the connection's lock.</summary>
    public long ReceivedEver { get; private set; }

    public void Start() => thread.UnsafeStart();

    /// <summary>
    /// Judges every whole frame and keeps the rest. Under the connection's lock. False when nobody can tell any more
    /// where a frame begins, or when an answer was so wrong that the connection had to be closed.
    /// </summary>
    public bool TakeFrames(int count)
    {
        ReceivedEver += count;
        var available = HalfFrameBytes + count;
        var taken = 0;
        while (true)
        {
            var outcome = MbapFramer.TryTakeTrusted(received.AsSpan(taken, available - taken), out var frame);
            if (outcome == FrameOutcome.NeedsMore)
            {
                break;
            }

            if (outcome == FrameOutcome.Broken)
            {
                connection.Broke();
                return false;
            }

            if (!connection.Judge(frame, received.AsSpan(taken + frame.PduFrom, frame.PduBytes)))
            {
                return false;
            }

            taken += frame.EndsAt;
        }

        HalfFrameBytes = available - taken;
        if (taken > 0)
        {
            received.AsSpan(taken, HalfFrameBytes).CopyTo(received);
        }

        return true;
    }

    private void Run()
    {
        try
        {
            var goesOn = true;
            while (goesOn && TryReceive(out var count))
            {
                goesOn = connection.Take(this, count);
                Dispatch();
                goesOn &= connection.Flush();
            }
        }
        catch (Exception fault) when (fault is SocketException or ObjectDisposedException)
        {
            // Reset by the device: ends the connection, below.
        }
        finally
        {
            connection.Close(ModbusStatus.Disconnected, byDevice: true);
            socket.Dispose();
            ended.SetResult();
        }
    }

    private bool TryReceive(out int count)
    {
        count = socket.Receive(received.AsSpan(HalfFrameBytes), SocketFlags.None, out var error);
        return error == SocketError.Success && count > 0;
    }

    private void Dispatch()
    {
        isDispatching = true;
        while (connection.TakeJudged() is { } read)
        {
#pragma warning disable CA1031 // whatever a caller throws is its own: the others still get their answers
            try
            {
                read.Complete();
            }
            catch (Exception)
            {
                connection.CountCallerFault();
            }
#pragma warning restore CA1031
        }

        isDispatching = false;
    }
}
