using System.Collections.Concurrent;
using Sluice.Agent.Uplink;

namespace Sluice.Agent.Publishing;

/// <summary>A message of another loop that the publisher carries among its own: a request for a certificate.</summary>
internal sealed class Errand(OutboundMessage message)
{
    private readonly TaskCompletionSource<DeliveryOutcome> outcome =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public OutboundMessage Message => message;

    public Task<DeliveryOutcome> Outcome => outcome.Task;

    public void Settle(DeliveryOutcome answer) => outcome.TrySetResult(answer);
}

/// <summary>Errands that wait for the publisher's loop; from any thread. Few: each has somebody who waits for it.
/// </summary>
internal sealed class ErrandQueue
{
    private const int ErrandsMax = 4;

    private readonly ConcurrentQueue<Errand> waiting = new();

    public void Add(Errand errand)
    {
        if (waiting.Count >= ErrandsMax)
        {
            errand.Settle(new DeliveryOutcome(DeliveryVerdict.Busy, 0, "other messages wait already."));
            return;
        }

        waiting.Enqueue(errand);
    }

    /// <summary>The next one that somebody still waits for.</summary>
    public Errand? Take()
    {
        while (waiting.TryDequeue(out var errand))
        {
            if (!errand.Outcome.IsCompleted)
            {
                return errand;
            }
        }

        return null;
    }
}
