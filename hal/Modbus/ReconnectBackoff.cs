namespace Sluice.Hal.Modbus;

/// <summary>
/// When a device may be connected to again. Steps: first try at once; after each failure in a row the wait doubles,
/// from
/// <paramref name="first"/> to <paramref name="max"/>. Only an answer resets it: a device that accepts and stays silent
/// has not recovered.
/// </summary>
public sealed class ReconnectBackoff(TimeSpan first, TimeSpan max)
{
    private TimeSpan wait;
    private TimeSpan notBefore = TimeSpan.MinValue;

    /// <summary>Failures since the last answer.</summary>
    public int FailuresInARow { get; private set; }

    /// <param name="now">Monotonic time since any fixed moment, the same for every call.</param>
    public bool MayTry(TimeSpan now) => now >= notBefore;

    public void Failed(TimeSpan now)
    {
        FailuresInARow = Math.Min(FailuresInARow + 1, int.MaxValue - 1);
        wait = wait == TimeSpan.Zero ? first : wait * 2;
        wait = wait > max ? max : wait;
        notBefore = now + wait;
    }

    public void Answered()
    {
        FailuresInARow = 0;
        wait = TimeSpan.Zero;
        notBefore = TimeSpan.MinValue;
    }
}
