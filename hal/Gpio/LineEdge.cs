namespace Sluice.Hal.Gpio;

/// <summary>Which edges of a line are wanted, counted or lost.</summary>
[Flags]
public enum EdgeKinds : byte
{
    None = 0,

    /// <summary>From inactive to active.</summary>
    Rising = 1,

    /// <summary>From active to inactive.</summary>
    Falling = 2,

    Both = Rising | Falling,
}

/// <summary>One edge of one line, as the signal list sees it: active-low is already turned round.</summary>
/// <param name="Rising">From inactive to active.</param>
/// <param name="AtNanoseconds">
/// Monotonic time of the edge. The kernel's own stamp (CLOCK_MONOTONIC, which is what
/// <see cref="TimeProvider.System"/> counts on Linux) where the driver has one, else the time of arrival.
/// </param>
/// <param name="Number">
/// The kernel's number of this edge among those that were asked for on this line, from 1, one more with each edge
/// (linux/gpio.h, gpio_v2_line_event.line_seqno; wraps after 32 bits). Null where the driver numbers nothing.
/// </param>
public readonly record struct LineEdge(bool Rising, long AtNanoseconds, uint? Number)
{
    public EdgeKinds Kind => Rising ? EdgeKinds.Rising : EdgeKinds.Falling;
}

/// <summary>Edges that happened and that nobody will ever see.</summary>
/// <param name="Rising">How many rising ones are known to be missing.</param>
/// <param name="Falling">How many falling ones.</param>
/// <param name="Unknown">There were more, and nobody can say how many.</param>
public readonly record struct EdgeGap(long Rising, long Falling, bool Unknown)
{
    public static EdgeGap None => default;

    public static EdgeGap Uncounted => new(0, 0, Unknown: true);

    public bool Any => Rising > 0 || Falling > 0 || Unknown;

    /// <summary>How many of these kinds are known to be missing.</summary>
    public long Of(EdgeKinds kinds) =>
        ((kinds & EdgeKinds.Rising) != 0 ? Rising : 0) + ((kinds & EdgeKinds.Falling) != 0 ? Falling : 0);

    /// <summary>Whether these kinds may be short: some are known to be missing, or nobody knows.</summary>
    public bool Touches(EdgeKinds kinds) => Unknown || Of(kinds) > 0;
}
