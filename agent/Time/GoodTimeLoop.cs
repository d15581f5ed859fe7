using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Configuration;
using Sluice.Provisioning.Store;

namespace Sluice.Agent.Time;

/// <summary>
/// Saves the time while the clock is right, as a <see cref="GoodTimeKeeper"/> says: after a dead battery nobody goes
/// back before it. Started by the host after the publisher, on a loop of its own; what it writes is read at each
/// connection and by the verbs.
/// </summary>
/// <param name="validity">What the clock says, and what is certain.</param>
/// <param name="configuration">Where the identity is, which proves something of the time too.</param>
/// <param name="file">Where it is saved.</param>
/// <param name="clock">When to look again.</param>
/// <param name="log">The journal.</param>
internal sealed class GoodTimeLoop(
    ValidityClock validity, GatewayConfiguration configuration, GoodTimeFile file, TimeProvider clock,
    ILogger<GoodTimeLoop> log) : BackgroundService
{
    public static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private readonly GoodTimeKeeper keeper = new();
    private readonly long started = clock.GetTimestamp();
    private bool hasFailed;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                Look(isLast: false);
                await Task.Delay(LookEvery, clock, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Look(isLast: true);
        }
    }

    private void Look(bool isLast)
    {
        var time = validity.Now();
        var look = new ClockLook(time.Wall, clock.GetElapsedTime(started), time.IsClockSet, time.Certain);
        if (keeper.Look(look, isLast) is not { } good || good < validity.WithOwn(configuration).Certain)
        {
            return;
        }

        var saved = file.Read();
        try
        {
            file.Write(good);
            keeper.Saved(look);
            hasFailed = false;
        }
        catch (Exception world) when (world is IOException or UnauthorizedAccessException)
        {
            if (!hasFailed)
            {
                hasFailed = true;
                Log.GoodTimeNotSaved(log, world.Message);
            }

            return;
        }

        if (saved > good)
        {
            Log.GoodTimeTakenBack(log, saved.Value.UtcDateTime, good.UtcDateTime);
        }
    }
}
