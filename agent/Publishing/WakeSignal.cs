using System.Threading.Channels;

namespace Sluice.Agent.Publishing;

/// <summary>
/// What one loop sleeps on: set from any thread, or by time. Being set twice before the loop looks is being set once.
/// </summary>
internal sealed class WakeSignal : IDisposable
{
    private readonly Channel<bool> set = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly ITimer timer;

    public WakeSignal(TimeProvider clock)
    {
        timer = clock.CreateTimer(_ => Set(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Set() => set.Writer.TryWrite(true);

    /// <summary>Sleeps until it is set or, where one is given, the time has passed.</summary>
    public async ValueTask WaitAsync(TimeSpan? atMost, CancellationToken cancellationToken)
    {
        // A timer rounds down to the millisecond; a loop that wakes a little early would spin until the time has come.
        timer.Change(
            atMost is { } span ? span + TimeSpan.FromMilliseconds(1) : Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
        await set.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => timer.Dispose();
}
