namespace Sluice.Agent.Publishing.Delivery;

/// <summary>The bounds of delivery. The defaults are the contract's.</summary>
internal sealed record DeliveryLimits
{
    /// <summary>Readings in a message at most. Contract v1: 500.</summary>
    public int ReadingsMax { get; init; } = 500;

    /// <summary>Messages in flight at most, whatever the broker would allow.</summary>
    public int WindowMax { get; init; } = 16;

    /// <summary>
    /// Live readings that may wait, besides those of the latest commit, before all but the newest become history.
    /// </summary>
    public long LiveLagMax { get; init; } = 5000;

    /// <summary>
    /// Share of the messages that backfill gets while live waits. Kept between 0.05, so that it ends, and 0.9, so that
    /// live goes on.
    /// </summary>
    public double BackfillShare { get; init => field = Math.Clamp(value, 0.05, 0.9); } = 0.5;
}
