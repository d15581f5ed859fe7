using Sluice.Hal.Modbus;

namespace Sluice.Fast.Hal.Lines;

/// <summary>
/// A line in made-up time: who waits for an answer makes the time pass, at once to where it comes or to where nobody
/// waits any more. All in one thread.
/// </summary>
internal abstract class DrivenLine(DrivenClock clock) : IByteLine
{
    private readonly List<(TimeSpan At, byte[] Bytes)> coming = [];

    public string Name => "bus";

    public bool IsOpen { get; private set; }

    public bool MayBeHalfOpen => true;

    public int Openings { get; private set; }

    /// <summary>What was waited for bytes that did not come.</summary>
    public TimeSpan Lost { get; private set; }

    /// <summary>A connection that is made anew has nothing of the old one; a bus has.</summary>
    protected virtual bool LosesWhatWaits => false;

    public ValueTask<string> OpenAsync(CancellationToken cancellationToken)
    {
        IsOpen = true;
        Openings++;
        if (LosesWhatWaits)
        {
            coming.Clear();
        }

        return ValueTask.FromResult("");
    }

    public int TakeWaiting(Span<byte> into)
    {
        var taken = 0;
        for (var bytes = TakeNow(); bytes.Length > 0; bytes = TakeNow())
        {
            bytes.CopyTo(into[taken..]);
            taken += bytes.Length;
        }

        return taken;
    }

    public ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Asked(bytes.Span);
        return ValueTask.FromResult(true);
    }

    public ValueTask<int> ReadAsync(Memory<byte> into, TimeSpan within, CancellationToken cancellationToken)
    {
        var until = clock.Now + within;
        var next = coming.Count == 0 ? TimeSpan.MaxValue : coming.Min(each => each.At);
        if (next > clock.Now)
        {
            clock.Advance((next < until ? next : until) - clock.Now);
        }

        var bytes = TakeNow();
        Lost += bytes.Length == 0 ? within : TimeSpan.Zero;
        bytes.AsMemory(0, Math.Min(bytes.Length, into.Length)).CopyTo(into);
        return ValueTask.FromResult(Math.Min(bytes.Length, into.Length));
    }

    public ValueTask PauseAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        clock.Advance(time);
        return ValueTask.CompletedTask;
    }

    public void Close() => IsOpen = false;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>A request has gone out: <see cref="Answer"/> it, or not.</summary>
    protected abstract void Asked(ReadOnlySpan<byte> request);

    /// <summary>These bytes come so long from now.</summary>
    protected void Answer(TimeSpan after, byte[] bytes) => coming.Add((clock.Now + after, bytes));

    private byte[] TakeNow()
    {
        var at = coming.FindIndex(each => each.At <= clock.Now);
        if (at < 0)
        {
            return [];
        }

        var bytes = coming[at].Bytes;
        coming.RemoveAt(at);
        return bytes;
    }
}
