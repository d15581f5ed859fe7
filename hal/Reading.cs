namespace Sluice.Hal;

/// <summary>Value, quality and source timestamp of one signal.</summary>
/// <param name="Signal">What was read.</param>
/// <param name="Value">The value; None where nothing could be read.</param>
/// <param name="Quality">How far it can be trusted, and why not.</param>
/// <param name="SourceTimestamp">
/// When the gateway read it, UTC, whole milliseconds (<see cref="Stamp"/>): the same digits are stored, sent and
/// replayed.
/// </param>
public readonly record struct Reading(Signal Signal, SignalValue Value, Quality Quality, DateTime SourceTimestamp)
{
    /// <summary>
    /// The same moment on the monotonic clock, whole milliseconds since some start that the machine's boot defines
    /// (<see cref="Monotonic"/>): what the source timestamp is measured against when the wall clock is set later. 0
    /// where nobody took it.
    /// </summary>
    public long MonotonicMilliseconds { get; init; }

    /// <summary>
    /// Now, monotonic. Of <see cref="TimeProvider.System"/> on Linux this is CLOCK_MONOTONIC, which no setting of the
    /// clock moves, and which NTP slews together with the wall clock: between two steps the two keep their distance.
    /// </summary>
    public static long Monotonic(TimeProvider clock) =>
        (long)((Int128)clock.GetTimestamp() * 1000 / clock.TimestampFrequency);

    /// <summary>Now, UTC, cut to the whole millisecond that the wire carries.</summary>
    public static DateTime Stamp(TimeProvider clock)
    {
        var ticks = clock.GetUtcNow().UtcTicks;
        return new DateTime(ticks - (ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);
    }
}
