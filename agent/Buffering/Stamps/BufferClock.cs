using Sluice.Agent.Time;
using Sluice.Hal;

namespace Sluice.Agent.Buffering.Stamps;

/// <summary>
/// The stores' eye on the clock: looks at it when readings come and go, keeps the book of what it did. Asked by
/// StoreSwitch, on the loop that owns the buffer. It only stamps and corrects: nothing is ordered, kept or given up by
/// the wall clock.
/// </summary>
internal sealed class BufferClock(IHostClock host, TimeProvider clock)
{
    /// <summary>Also looked at when nothing else happens.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(10);

    /// <summary>Both clocks are read again where something came between the two.</summary>
    private const int SightsMax = 3;

    private readonly ClockWatch watch = new(host.Boot);
    private long lookedAt = clock.GetTimestamp();
    private bool isOnDisk;

    public RecordBook Book { get; private set; } = new();

    /// <summary>The clock as it was last seen.</summary>
    public ReadingClock Now => watch.Current ?? ReadingClock.Unknown;

    public TimeSpan UntilLook => LookEvery - clock.GetElapsedTime(lookedAt);

    /// <summary>The book of a directory that was opened.</summary>
    /// <param name="found">What the directory knows.</param>
    /// <param name="isFirst">False where the directory comes back after a fault: this run's book goes on.</param>
    /// <param name="last">Reads the last durable reading of the directory; null where there is none.</param>
    /// <param name="lossMax">How young a reading may have been that was not durable.</param>
    public RecordBook Open(RecordBook found, bool isFirst, Func<StoredReading?> last, TimeSpan lossMax)
    {
        if (isFirst)
        {
            Book = found;
            watch.Resume(found.Clock);
        }
        else
        {
            if (!isOnDisk)
            {
                Book.BeginLate(found, last(), lossMax);
            }

            Book.DiskIsBack();
            Book.MoveTo();
        }

        isOnDisk = true;
        return Book;
    }

    /// <summary>Looks at the clock. True where it is another one than before.</summary>
    public bool Look()
    {
        lookedAt = clock.GetTimestamp();
        var before = watch.Current;
        var change = watch.Observe(Sight());
        Book.Observe(Now, change?.Step);
        return !ReferenceEquals(before, watch.Current);
    }

    /// <summary>The clock that stamped a reading.</summary>
    public ReadingClock Of(in Reading reading) => watch.Of(reading.SourceTimestamp, reading.MonotonicMilliseconds);

    public void Close() => Book.Close(Reading.Stamp(clock));

    private ClockSighting Sight()
    {
        for (var attempt = 1; ; attempt++)
        {
            var monotonic = Reading.Monotonic(clock);
            var utc = Reading.Stamp(clock);
            if (Reading.Monotonic(clock) - monotonic <= 1 || attempt == SightsMax)
            {
                return new ClockSighting(utc, monotonic, host.IsSynchronised());
            }
        }
    }
}
