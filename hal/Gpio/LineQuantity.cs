using Sluice.Hal.Gpio.Counting;

namespace Sluice.Hal.Gpio;

/// <summary>A value of a line at a monotonic time, on its way to becoming a reading.</summary>
internal readonly record struct TimedValue(SignalValue Value, Quality Quality, long AtNanoseconds);

/// <summary>
/// What one signal makes of the edges and levels of its line. A core, told everything in order of time by its
/// <see cref="LineWatch"/>.
/// </summary>
internal abstract class LineQuantity
{
    public static readonly Quality EdgesLost = Quality.Uncertain(QualityReason.EdgesLost);

    /// <summary>The total that must survive a restart, or null where nothing must.</summary>
    public virtual long? Total => null;

    /// <summary>Values that were not reported because too many came between two reads.</summary>
    public virtual long Dropped => 0;

    /// <summary>Goes on from a total that an earlier run kept.</summary>
    public virtual void Resume(long total)
    {
    }

    /// <summary>Nobody watched for a while: edges may have happened that nobody will ever see.</summary>
    public abstract void Away(long nowNanoseconds);

    public abstract void Lose(in EdgeGap gap);

    public abstract void Observe(in LineEdge edge);

    /// <summary>Adds at least one value, in order of time.</summary>
    /// <param name="level">The level of the line as read now; null where it was not read.</param>
    /// <param name="now">Monotonic, nanoseconds.</param>
    /// <param name="into">Where the values go.</param>
    public abstract void Report(bool? level, long now, List<TimedValue> into);

    /// <summary>What a <see cref="GpioSignal"/> asks for.</summary>
    public static LineQuantity Of(GpioSignal signal) => signal.Quantity switch
    {
        GpioQuantity.Count => new EdgeCount(signal.Edges),
        GpioQuantity.Lost => new EdgeLoss(signal.Edges),
        GpioQuantity.RunTime => new RunTime(),
        GpioQuantity.CycleTime => new CycleTime(signal.Edges),
        _ => new LevelChanges(),
    };
}
