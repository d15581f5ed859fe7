namespace Sluice.Agent.Publishing.Delivery;

/// <summary>
/// Payload bytes a second over all messages. A message may go while the budget is not overdrawn, and overdraws it by
/// what it is larger: so any size passes, and the average holds. A second's worth may be saved up. A core.
/// </summary>
internal sealed class RateBudget(long bytesPerSecondMax)
{
    private double bytes = bytesPerSecondMax;
    private TimeSpan at;

    /// <summary>How long until the next message may go; zero: now.</summary>
    public TimeSpan Wait(TimeSpan now)
    {
        Refill(now);
        return bytes >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-bytes / bytesPerSecondMax);
    }

    public void Spend(int payloadBytes, TimeSpan now)
    {
        Refill(now);
        bytes -= payloadBytes;
    }

    private void Refill(TimeSpan now)
    {
        if (now > at)
        {
            bytes = Math.Min(bytesPerSecondMax, bytes + ((now - at).TotalSeconds * bytesPerSecondMax));
            at = now;
        }
    }
}
