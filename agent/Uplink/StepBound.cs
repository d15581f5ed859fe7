namespace Sluice.Agent.Uplink;

/// <summary>A bound in time for one step after another, and the way to tell it from being asked to stop.</summary>
internal sealed class StepBound : IDisposable
{
    private readonly TimeSpan stepMax;
    private readonly CancellationToken stop;
    private readonly CancellationTokenSource source;
    private readonly ITimer timer;

    public StepBound(TimeSpan stepMax, TimeProvider clock, CancellationToken stop)
    {
        this.stepMax = stepMax;
        this.stop = stop;
        source = CancellationTokenSource.CreateLinkedTokenSource(stop);
        timer = clock.CreateTimer(
            state => ((CancellationTokenSource)state!).Cancel(), source, stepMax, Timeout.InfiniteTimeSpan);
    }

    public CancellationToken Token => source.Token;

    /// <summary>True where time ran out, and nobody asked to stop.</summary>
    public bool IsOver => source.IsCancellationRequested && !stop.IsCancellationRequested;

    /// <summary>The next step gets the whole time again.</summary>
    public void Restart() => timer.Change(stepMax, Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        timer.Dispose();
        source.Dispose();
    }
}
