using Sluice.Hal;

namespace Sluice.Agent.Sampling;

/// <summary>
/// The latest reading of each signal of one source, in the order of its list: written by the sampler's loop once a
/// turn, copied by whoever makes the status. Nothing is made while nobody asks.
/// </summary>
internal sealed class LatestReadings
{
    private readonly Lock gate = new();
    private readonly Reading[] latest;

    public LatestReadings(IReadOnlyList<Signal> signals) => latest = [.. signals.Select(signal =>
        new Reading(signal, SignalValue.None, Quality.Bad(QualityReason.NotRead), default))];

    /// <summary>For the loop that writes, and for nobody else.</summary>
    public ReadOnlySpan<Reading> Own => latest;

    /// <summary>Takes in a turn: what was read, and at which index of the list each stands.</summary>
    public void Observe(ReadOnlySpan<Reading> read, Dictionary<Signal, int> indexes)
    {
        lock (gate)
        {
            foreach (ref readonly var reading in read)
            {
                latest[indexes[reading.Signal]] = reading;
            }
        }
    }

    /// <summary>All of them as they are now, from any thread.</summary>
    public Reading[] Copy()
    {
        lock (gate)
        {
            return [.. latest];
        }
    }
}
