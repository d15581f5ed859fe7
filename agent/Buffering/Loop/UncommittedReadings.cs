using System.Runtime.InteropServices;
using Sluice.Agent.Time;
using Sluice.Hal;

namespace Sluice.Agent.Buffering.Loop;

/// <summary>
/// Readings that were taken in and are not durable yet, each with the clock that stamped it: where the store that
/// should have written them fails, they are given to another. Bounded by BufferWork, which commits early.
/// </summary>
internal sealed class UncommittedReadings
{
    private readonly List<Reading> readings = [];
    private readonly List<ReadingClock> clocks = [];

    public int Count => readings.Count;

    public void Add(in Reading reading, ReadingClock by)
    {
        readings.Add(reading);
        clocks.Add(by);
    }

    /// <summary>Gives those from <paramref name="from"/> on to a store, in runs of one clock each: nearly always one.
    /// </summary>
    public void AppendTo(IReadingBuffer store, int from)
    {
        var all = CollectionsMarshal.AsSpan(readings);
        while (from < all.Length)
        {
            var by = clocks[from];
            var to = from + 1;
            while (to < all.Length && clocks[to] == by)
            {
                to++;
            }

            store.Append(all[from..to], by);
            from = to;
        }
    }

    /// <summary>Those from <paramref name="from"/> on went to memory.</summary>
    public void NoteInMemory(RecordBook book, int from)
    {
        for (var i = from; i < readings.Count; i++)
        {
            book.HeldInMemory(readings[i].SourceTimestamp, clocks[i]);
        }
    }

    /// <summary>The oldest of them are durable in a store now: they begin there at <paramref name="position"/>.
    /// </summary>
    public void BecameDurable(IReadingBuffer store, long position, PresentReadings present)
    {
        // A commit that failed half way made some of them durable.
        var durable = (int)Math.Min(readings.Count, store.Durable - position);
        for (var i = 0; i < durable; i++)
        {
            var reading = readings[i];
            present.Remember(new PresentReading(store.Store, new StoredReading(
                position + i, reading.Signal.Name, reading.Value, reading.Quality, reading.SourceTimestamp)
            {
                Clock = clocks[i],
            }));
        }

        readings.RemoveRange(0, durable);
        clocks.RemoveRange(0, durable);
    }
}
