using static Sluice.Plant.World.WorldFaultException;

namespace Sluice.Plant.World;

/// <summary>
/// What the gateway hands to its line, counted there: in any stretch of time, however it is cut, the payload is at most
/// what <c>publish.rateMax</c> allows for that stretch, a second's worth that was saved up, and one message. Held
/// without a list of stretches: a bucket that leaks at the rate never holds more than the last two.
/// </summary>
internal sealed class TrafficBook(WorldClock clock, long bytesPerSecondMax)
{
    private static readonly TimeSpan Stretch = TimeSpan.FromSeconds(10);

    private double bucket;
    private TimeSpan at;
    private TimeSpan stretchAt;
    private int largest;
    private long inStretch;

    /// <summary>All that was ever sent.</summary>
    public long Bytes { get; private set; }

    /// <summary>The busiest ten seconds, in bytes a second.</summary>
    public double BusiestBytesPerSecond { get; private set; }

    /// <summary>Another process has nothing to do with what this one sent.</summary>
    public void Started() => bucket = 0;

    public void Sends(int bytes)
    {
        bucket = Math.Max(0, bucket - ((clock.Now - at).TotalSeconds * bytesPerSecondMax)) + bytes;
        at = clock.Now;
        largest = Math.Max(largest, bytes);
        Bytes += bytes;
        if (clock.Now - stretchAt >= Stretch)
        {
            (stretchAt, inStretch) = (clock.Now, 0);
        }

        inStretch += bytes;
        BusiestBytesPerSecond = Math.Max(BusiestBytesPerSecond, inStretch / Stretch.TotalSeconds);
        Require(bucket <= bytesPerSecondMax + largest + 1, Checker.Traffic,
            () => $"{bucket:0} bytes more than a steady {bytesPerSecondMax} a second; a second's worth and a message "
                + $"of {largest} are allowed");
    }
}
