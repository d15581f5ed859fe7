using System.Threading.Tasks.Sources;

namespace Sluice.Hal.Modbus;

/// <summary>How a request on one connection ended.</summary>
/// <param name="Result">What the caller gets.</param>
/// <param name="MayAskAgain">
/// The device closed a connection that had worked, and not one byte came since the request: it closed an idle
/// connection, as many do, and the request merely came too late for it.
/// </param>
internal readonly record struct ReadOutcome(ModbusResult Result, bool MayAskAgain = false);

/// <summary>
/// One slot of a connection: a request on its way, awaited by its caller. Made once per slot and used again, so that a
/// request costs no allocation. Which of answer, deadline, cancellation and closing comes first is decided under the
/// connection's lock; the winner alone completes it, outside the lock, because the caller goes on right inside.
/// </summary>
internal sealed class PendingRead : IValueTaskSource<ReadOutcome>, IDisposable
{
    private readonly ITimer timer;
    private ManualResetValueTaskSourceCore<ReadOutcome> source;

    public PendingRead(ModbusTcpConnection connection, int slot, TimeProvider clock)
    {
        Connection = connection;
        Slot = slot;
        timer = clock.CreateTimer(
            static state => ((PendingRead)state!).Connection.DeadlinePassed((PendingRead)state), this,
            Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ModbusTcpConnection Connection { get; }

    public int Slot { get; }

    public byte[] Frame { get; } = new byte[MbapFramer.RequestBytesMax];

    /// <summary>Bytes of <see cref="Frame"/> that are the request.</summary>
    public int FrameBytes { get; set; }

    public ReadRequest Request { get; private set; }

    public Memory<ushort> Registers { get; private set; }

    public Memory<bool> Bits { get; private set; }

    /// <summary>Timestamp of the clock when the request began.</summary>
    public long BeganAt { get; private set; }

    /// <summary>The whole request is with the operating system.</summary>
    public bool Sent { get; set; }

    public ValueTask<ReadOutcome> Task => new(this, source.Version);

    public void Begin(in ReadRequest request, Memory<ushort> registers, Memory<bool> bits, long now)
    {
        source.Reset();
        Request = request;
        Registers = registers;
        Bits = bits;
        BeganAt = now;
        Sent = false;
    }

    public void ArmDeadline(TimeSpan after) => timer.Change(after, Timeout.InfiniteTimeSpan);

    public void Complete(ReadOutcome outcome) => source.SetResult(outcome);

    public void Cancel(CancellationToken cancellationToken) =>
        source.SetException(new OperationCanceledException(cancellationToken));

    public void Dispose() => timer.Dispose();

    ReadOutcome IValueTaskSource<ReadOutcome>.GetResult(short token) => source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<ReadOutcome>.GetStatus(short token) => source.GetStatus(token);

    void IValueTaskSource<ReadOutcome>.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        source.OnCompleted(continuation, state, token, flags);
}
