using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Hal.Gpio;
using Sluice.Hal.Gpio.Light;

namespace Sluice.Agent.Health;

/// <summary>
/// Drives the status light as a <see cref="LightPlan"/> says. Started by the host after the status server where the
/// configuration names a light, and the only one that touches it. A light that cannot be driven is a warning, never a
/// reason to stop; it is dark when the loop has ended.
/// </summary>
public sealed class LightLoop(
    ILight light, Func<LightSnapshot> look, TimeProvider clock, ILogger<LightLoop> log) : BackgroundService
{
    /// <summary>How often a light that could not be had is asked for again: its chip may be plugged in later.</summary>
    public static readonly TimeSpan RetryEvery = TimeSpan.FromSeconds(10);

    private readonly LightPlan plan = new();
    private readonly long started = clock.GetTimestamp();
    private bool hasFailed;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                await Task.Delay(Turn(), clock, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
        finally
        {
            light.Dispose();
        }
    }

    /// <summary>Sets the light; returns when to come again.</summary>
    private TimeSpan Turn()
    {
        var step = plan.Step(look(), clock.GetElapsedTime(started));
        var isDriven = light.Set(step.IsOn);
        if (isDriven == hasFailed)
        {
            hasFailed = !isDriven;
            if (hasFailed)
            {
                Log.LightFailed(log, light.Problem);
            }
            else
            {
                Log.LightDriven(log);
            }
        }

        return isDriven ? step.Wait : RetryEvery;
    }
}
