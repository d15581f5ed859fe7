using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sluice.Agent.Asking;
using Sluice.Agent.Enrolment;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;

namespace Sluice.Agent.Trust;

/// <summary>
/// The loop that takes in what the plant's CA publishes for all gateways. Started by the host after the publisher,
/// whose ear it is; it sleeps until a message comes, and looks now and then whether a verb has put another version into
/// use. What the world does wrong is a sentence in the view; an exception here is our own fault and stops the host.
/// </summary>
internal sealed class TrustLoop : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMinutes(1);

    private readonly TrustWork work;
    private readonly Publisher publisher;
    private readonly TimeProvider clock;
    private readonly ILogger logger;
    private readonly WakeSignal wake;
    private readonly string topic;
    private readonly long start;
    private volatile TrustView view = new();
    private InboundMessage? newest;

    public TrustLoop(IdentitySurroundings surroundings, Publisher publisher, ILogger<TrustLoop> logger)
    {
        this.publisher = publisher;
        this.logger = logger;
        clock = surroundings.Clock;
        start = clock.GetTimestamp();
        work = new TrustWork(surroundings);
        wake = new WakeSignal(clock);
        topic = new ContractTopics(surroundings.Gateway).Trust;
        publisher.LetHear(Hear);
    }

    /// <summary>How it stands; from any thread.</summary>
    public TrustView View => view;

    public override void Dispose()
    {
        wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                if (Interlocked.Exchange(ref newest, null) is { } message)
                {
                    work.Take(message.Payload, Now);
                }

                var wait = work.Step(Now, publisher.Attempt.BrokerChain);
                Show();
                await wake.WaitAsync(wait < LookEvery ? wait : LookEvery, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Asked to stop. What is retained comes again.
        }
    }

    private TimeSpan Now => clock.GetElapsedTime(start);

    /// <summary>On a thread of the link. Of two that come at once the later one counts.</summary>
    private bool Hear(InboundMessage message)
    {
        if (message.Topic != topic)
        {
            return false;
        }

        Interlocked.Exchange(ref newest, message);
        wake.Set();
        return true;
    }

    private void Show()
    {
        var before = view;
        var now = view = work.View;
        if (now.Taken != before.Taken)
        {
            Log.Taken(logger, now.Version);
        }
        else if (now.Sentence.Length > 0 && now.Sentence != before.Sentence)
        {
            Log.Refused(logger, now.Sentence + ".");
        }
    }
}
