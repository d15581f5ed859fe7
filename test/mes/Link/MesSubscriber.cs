using Sluice.Mes.Schemas;
using Sluice.Mes.Streams;

namespace Sluice.Mes.Link;

/// <summary>
/// The receiver's shell: one loop that holds a session at the broker, subscribes to the site, feeds the ledger, and
/// connects again when the session ends. Its session outlives a short absence, so that the broker keeps messages for
/// it.
/// </summary>
public sealed class MesSubscriber : IAsyncDisposable
{
    private static readonly TimeSpan SessionExpiry = TimeSpan.FromHours(1);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMilliseconds(200);

    private readonly Lock gate = new();
    private readonly CancellationTokenSource stop = new();
    private readonly MesBroker broker;
    private readonly MesIdentity identity;
    private readonly string clientId;
    private readonly string site;
    private readonly TimeProvider clock;
    private readonly Action<MesMessage>? keep;
    private readonly StreamLedger ledger;
    private readonly Task running;
    private volatile bool subscribed;
    private volatile MesLink? present;
    private string lastError = "";

    /// <param name="broker">Where to.</param>
    /// <param name="identity">As whom.</param>
    /// <param name="clientId">The broker keeps the session under it.</param>
    /// <param name="site">The plant.</param>
    /// <param name="clock">Time.</param>
    /// <param name="keep">
    /// Makes a message durable, on the receiving loop, before the broker hears that it arrived. Where it throws, the
    /// broker is not told: the session ends, and the message comes again on the next one.
    /// </param>
    public MesSubscriber(
        MesBroker broker, MesIdentity identity, string clientId, string site, TimeProvider clock,
        Action<MesMessage>? keep = null)
    {
        this.keep = keep;
        (this.broker, this.identity, this.clientId, this.site, this.clock) = (broker, identity, clientId, site, clock);
        ledger = new StreamLedger(site);
        running = Task.Run(() => RunAsync(stop.Token));
    }

    /// <summary>Called after each message, on the receiving loop, outside the lock.</summary>
    public event Action<MesMessage>? Received;

    /// <summary>True while a session stands and the site is subscribed to.</summary>
    public bool IsSubscribed => subscribed;

    /// <summary>Why the last session ended or did not come to be.</summary>
    public string LastError
    {
        get
        {
            lock (gate)
            {
                return lastError;
            }
        }
    }

    /// <summary>Looks at the ledger while nothing changes it. Keep it short: the receiving loop waits.</summary>
    public T Read<T>(Func<StreamLedger, T> look)
    {
        lock (gate)
        {
            return look(ledger);
        }
    }

    /// <summary>Waits until the ledger says so; false where it does not within <paramref name="bound"/>.</summary>
    public async Task<bool> UntilAsync(
        Func<StreamLedger, bool> condition, TimeSpan bound, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        while (!Read(condition))
        {
            if (clock.GetElapsedTime(start) > bound)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), clock, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    public async Task<bool> UntilSubscribedAsync(TimeSpan bound, CancellationToken cancellationToken) =>
        await UntilAsync(_ => subscribed, bound, cancellationToken).ConfigureAwait(false);

    /// <summary>Publishes on the present session; false where there is none, or the broker does not take it.</summary>
    public async Task<bool> PublishAsync(
        string topic, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            return present is { } link
                && await link.PublishAsync(topic, payload, retain: false, cancellationToken).ConfigureAwait(false) == 0;
        }
        catch (Exception exception) when (exception is not (OutOfMemoryException or OperationCanceledException))
        {
            Remember(exception.GetBaseException().Message);
            return false;
        }
    }

    /// <summary>Returns when it is cancelled; says each new reason why there is no session.</summary>
    /// <param name="say">Where to.</param>
    /// <param name="meanwhile">Called five times a second.</param>
    /// <param name="cancellationToken">The end.</param>
    public async Task RunUntilAsync(Action<string> say, Func<Task> meanwhile, CancellationToken cancellationToken)
    {
        var said = "";
        while (!cancellationToken.IsCancellationRequested)
        {
            var error = subscribed ? "" : LastError;
            if (error != said && error.Length > 0)
            {
                say(error);
            }

            said = error;
            await meanwhile().ConfigureAwait(false);
            await Task.Delay(RetryAfter, clock, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync().ConfigureAwait(false);
        await running.ConfigureAwait(false);
        stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await HoldSessionAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // Whatever the network did: it is said, and tried again. The ledger tells whether anything was lost.
                Remember(exception.GetBaseException().Message);
            }

            subscribed = false;
            present = null;
            await Task.Delay(RetryAfter, clock, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task HoldSessionAsync(CancellationToken cancellationToken)
    {
        var link = await MesLink.ConnectAsync(broker, identity, clientId, SessionExpiry, Take, cancellationToken)
            .ConfigureAwait(false);
        await using (link.ConfigureAwait(false))
        {
            if (!await link.SubscribeAsync($"sluice/v1/{site}/#", cancellationToken).ConfigureAwait(false))
            {
                throw new IOException("The broker did not grant the subscription.");
            }

            present = link;
            subscribed = true;
            Remember(await link.Ended.WaitAsync(cancellationToken).ConfigureAwait(false));
        }
    }

    private void Take(MesMessage message)
    {
        keep?.Invoke(message);
        lock (gate)
        {
            ledger.Receive(message, clock.GetUtcNow());
        }

        Received?.Invoke(message);
    }

    private void Remember(string error)
    {
        lock (gate)
        {
            lastError = error;
        }
    }
}
