using System.Threading.Tasks.Sources;

namespace Sluice.Hal.Modbus;

/// <summary>
/// One request on its way, awaited by its caller. Its connection keeps those whose callers have taken the outcome and
/// uses them again, so that a request costs no allocation; one whose caller never does is garbage, and no harm.
/// <para>
/// Which of answer, deadline, cancellation and closing comes first is decided under the connection's lock; the winner
/// alone completes it, outside the lock, because the caller goes on right inside.
/// </para>
/// </summary>
internal sealed class PendingRead(ModbusTcpConnection connection, ModbusTcpClient client)
    : IValueTaskSource<ModbusResult>, IThreadPoolWorkItem
{
    private ManualResetValueTaskSourceCore<ModbusResult> source;
    private CancellationTokenRegistration cancellation;
    private ModbusResult result;
    private bool isCancelled;
    private bool mayAskAgain;

    public int Slot { get; private set; }

    public ReadRequest Request { get; private set; }

    public Memory<ushort> Registers { get; private set; }

    public Memory<bool> Bits { get; private set; }

    public CancellationToken Cancellation { get; private set; }

    /// <summary>The client asks a second time, and no third.</summary>
    public bool IsSecond { get; private set; }

    /// <summary>Timestamp of the clock when the request began.</summary>
    public long BeganAt { get; private set; }

    /// <summary>Bytes that the connection had received when the request began.</summary>
    public long ReceivedBefore { get; private set; }

    /// <summary>Where the request ends among all bytes queued for the wire: it is sent when that many are.</summary>
    public long QueuedUpTo { get; set; }

    public ModbusTcpConnection Connection => connection;

    public ValueTask<ModbusResult> Task => new(this, source.Version);

    public void Ask(
        in ReadRequest request, Memory<ushort> registers, Memory<bool> bits, bool isSecond,
        CancellationToken cancellationToken)
    {
        Request = request;
        Registers = registers;
        Bits = bits;
        IsSecond = isSecond;
        Cancellation = cancellationToken;
        isCancelled = false;
    }

    public void Begin(int slot, long now, long receivedBefore)
    {
        Slot = slot;
        BeganAt = now;
        ReceivedBefore = receivedBefore;
    }

    /// <summary>Called by the asking thread before anybody can await, so that the outcome finds it in place.</summary>
    public void ListenToCancellation() => cancellation = Cancellation.UnsafeRegister(
        static state => ((PendingRead)state!).Connection.Cancelled((PendingRead)state), this);

    /// <summary>Sets how it ended. The caller learns it when it is completed.</summary>
    /// <param name="how">What the caller gets.</param>
    /// <param name="askAgain">
    /// The device closed a connection that had worked, and not one byte came since the request: it closed an idle
    /// connection, as many do, and the request merely came too late for it.
    /// </param>
    public void End(ModbusResult how, bool askAgain = false)
    {
        result = how;
        mayAskAgain = askAgain && !IsSecond;
    }

    public void EndCancelled()
    {
        End(default);
        isCancelled = true;
    }

    /// <summary>The caller goes on inside; or the client asks again and completes it then.</summary>
    public void Complete()
    {
        if (mayAskAgain)
        {
            client.AskAgain(this);
            return;
        }

        client.Ended(this, result);
        if (isCancelled)
        {
            TellCancelled();
        }
        else
        {
            Tell(result);
        }
    }

    public void Tell(ModbusResult how) => source.SetResult(how);

    public void TellCancelled() => source.SetException(new OperationCanceledException(Cancellation));

    void IThreadPoolWorkItem.Execute() => Complete();

    ModbusResult IValueTaskSource<ModbusResult>.GetResult(short token)
    {
        try
        {
            return source.GetResult(token);
        }
        finally
        {
            // Waits for a cancellation that is just running, so that it cannot hit the next request.
            cancellation.Dispose();
            cancellation = default;
            source.Reset();
            connection.Keep(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<ModbusResult>.GetStatus(short token) => source.GetStatus(token);

    void IValueTaskSource<ModbusResult>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token, flags);
}
