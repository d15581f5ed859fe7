using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Sluice.Agent.Watchdog;

/// <summary>
/// Feeds the service manager's watchdog as long as every loop comes on; the loops decide, this one only looks, four
/// times in the period. Started by the host where the unit has a <c>WatchdogSec</c>. Where a loop is stuck nothing is
/// fed, and after the period the agent is ended and started anew; what it had is in the buffer.
/// </summary>
/// <param name="period">How long the service manager waits.</param>
/// <param name="looks">What each loop says of itself.</param>
/// <param name="knock">Makes loops that have nothing to do turn once: that they answer is their progress.</param>
/// <param name="feed">A word to the service manager.</param>
/// <param name="clock">Monotonic.</param>
/// <param name="log">The journal.</param>
internal sealed class WatchdogLoop(
    TimeSpan period, Func<IEnumerable<LoopSign>> looks, Action knock, Action feed, TimeProvider clock,
    ILogger<WatchdogLoop> log)
    : BackgroundService
{
    private const int LooksInPeriod = 4;

    private readonly ProgressWatch watch = new();
    private readonly HashSet<string> told = new(StringComparer.Ordinal);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var began = clock.GetTimestamp();
        using var timer = new PeriodicTimer(period / LooksInPeriod, clock);
        try
        {
            do
            {
                Look(clock.GetElapsedTime(began));
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Asked to stop: the service manager has another bound for that.
        }
    }

    private void Look(TimeSpan now)
    {
        var stuck = watch.Observe(now, looks());
        knock();
        foreach (var loop in stuck.Where(loop => told.Add(loop.Loop)))
        {
            Log.LoopStuck(log, loop.Loop, loop.Doing, loop.For.TotalSeconds, period.TotalSeconds);
        }

        told.RemoveWhere(name => stuck.All(loop => loop.Loop != name));
        if (stuck.Count == 0)
        {
            feed();
        }
    }
}
