namespace Sluice.Agent.Time;

/// <summary>
/// The clock that a reading was stamped by: which boot, whether it was set, and how far the wall clock was from the
/// monotonic one. Between two steps that distance never changes (NTP slews both alike), so a wall stamp and this say
/// the monotonic stamp as well: many readings share one.
/// </summary>
/// <param name="Boot">The boot, as <c>/proc/sys/kernel/random/boot_id</c> names it; empty where nobody knows.</param>
/// <param name="IsSet">The wall clock had been synchronised.</param>
/// <param name="OffsetMilliseconds">Wall clock (milliseconds since year 1, UTC) minus monotonic clock.</param>
public sealed record ReadingClock(Guid Boot, bool IsSet, long OffsetMilliseconds)
{
    /// <summary>
    /// Nothing is known of the clock but that it is trusted: readings of version 1, a clock that nobody watches.
    /// </summary>
    public static readonly ReadingClock Unknown = new(Guid.Empty, true, 0);

    public static long Milliseconds(DateTime utc) => utc.Ticks / TimeSpan.TicksPerMillisecond;
}
