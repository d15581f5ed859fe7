using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Loop;
using Sluice.Agent.Configuration;
using Sluice.Agent.Describing;
using Sluice.Agent.Posture;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Agent.Sampling;
using Sluice.Agent.Standing;
using Sluice.Agent.Uplink;

namespace Sluice.Agent.Publishing;

/// <summary>
/// The loop that carries readings from the buffer to the broker. Started and stopped by the host: started after the
/// buffer, stopped before it. It connects, lets a <see cref="PublishSession"/> work until the link is lost, and waits
/// as the schedule says. What the world does wrong comes as values; an exception here is our own fault and stops the
/// host.
/// </summary>
public sealed class Publisher : BackgroundService
{
    private readonly BufferLoop buffer;
    private readonly IBrokerLink link;
    private readonly TimeProvider clock;
    private readonly Random random;
    private readonly PublishDesk desk;
    private readonly ReconnectSchedule schedule = new();

    /// <param name="configuration">Names, topics, limits, signals.</param>
    /// <param name="buffer">Where the readings are.</param>
    /// <param name="link">The way to the broker; disposed of by whoever made it.</param>
    /// <param name="clock">Monotonic time for schedules, UTC for stamps.</param>
    /// <param name="random">Jitter, and the id of this run.</param>
    /// <param name="logger">The journal.</param>
    /// <param name="devices">What devices tell about themselves; null: nothing.</param>
    /// <param name="signals">What is described; null: the configuration's signals, and no memory of others.</param>
    internal Publisher(
        GatewayConfiguration configuration,
        BufferLoop buffer,
        IBrokerLink link,
        TimeProvider clock,
        Random random,
        ILogger<Publisher> logger,
        DeviceRoll? devices = null,
        SignalRoll? signals = null)
    {
        this.buffer = buffer;
        this.link = link;
        this.clock = clock;
        this.random = random;
        Span<byte> run = stackalloc byte[16];
        random.NextBytes(run);
        var speaker = new Speaker(
            configuration.Gateway.Site, configuration.Gateway.Id, new Guid(run), AgentVersion.Text, configuration.Hash);
        signals ??= SignalRoll.Of(
            [.. configuration.Sources.SelectMany(source => source.Signals)
                .Select(signal => new DescribedSignal(signal.Signal, Guid.Empty))]);
        desk = new PublishDesk(
            configuration, new AnnouncementEncoder(speaker, signals.Present), new UplinkJournal(clock, logger),
            devices ?? new DeviceRoll(), clock, logger, signals);
        link.Received = desk.Hear;
    }

    /// <summary>How the way to the MES is, right now; from any thread.</summary>
    public UplinkHealth Health => desk.Journal.Health;

    /// <summary>What the machine shows of itself, for the posture; from any thread.</summary>
    public void Tell(HostSighting seen) => desk.Tell(seen);

    /// <summary>The identity may not be used any more: the session ends with this word; from any thread.</summary>
    public void Withdraw(Withdrawal withdrawal) => desk.Withdraw(withdrawal);

    /// <summary>How often the loop has turned: a loop that spins shows here.</summary>
    internal long LoopRounds => Interlocked.Read(ref desk.Rounds);

    /// <summary>The buffer is open and nothing of this signal list was stored: what holds no more ends here.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        desk.Signals.Open(buffer.View);
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        desk.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host starts one service after the other on one thread; a first try that never waits would keep it.
        await Task.Yield();
        try
        {
            while (true)
            {
                var delay = await ConnectAndWorkAsync(stoppingToken).ConfigureAwait(false);
                await Task.Delay(delay, clock, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            desk.Journal.Stopped(buffer.View.Waiting);
        }
    }

    /// <summary>
    /// One attempt and, where it succeeds, one connection's whole life. Returns how long to wait after it.
    /// </summary>
    private async Task<TimeSpan> ConnectAndWorkAsync(CancellationToken stoppingToken)
    {
        desk.Journal.Connecting();

        // From here on the link judges: what was found before is known to it, or mended.
        desk.Withdrawn = null;
        var outcome = await link.ConnectAsync(desk.Will(), stoppingToken).ConfigureAwait(false);
        if (outcome.Terms is not { } terms)
        {
            var pause = schedule.AfterFailure(random.NextDouble());
            desk.Journal.NotConnected(outcome, pause);
            return pause;
        }

        var since = clock.GetTimestamp();
        using var session = new PublishSession(desk, buffer, link, terms);
        var loss = await session.RunAsync(stoppingToken).ConfigureAwait(false);
        var delay = schedule.AfterLoss(clock.GetElapsedTime(since), loss.TakenOver, random.NextDouble());
        desk.Lost(loss);
        desk.Journal.Lost(loss, delay);
        return delay;
    }
}
