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
    /// <summary>Now, UTC, cut to the whole millisecond that the wire carries.</summary>
    public static DateTime Stamp(TimeProvider clock)
    {
        var ticks = clock.GetUtcNow().UtcTicks;
        return new DateTime(ticks - (ticks % TimeSpan.TicksPerMillisecond), DateTimeKind.Utc);
    }
}
