using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Fast.Buffering.Contract;
using Sluice.Hal;

namespace Sluice.Fast.Buffering.Crash;

/// <summary>
/// Which reading each position may hold. A position that was never handed out is given again after a restart, and
/// then to another reading: so every life of the agent (an attempt) writes other contents from where it began.
/// </summary>
internal sealed class CrashContents
{
    // So far apart that no two attempts write the same reading at one position.
    private const long Apart = 1_000_003;

    private readonly List<long> begins = [];

    // What a store served, where nobody else can say which attempt's reading a position has.
    private readonly Dictionary<long, StoredReading> served = [];

    public int Attempts => begins.Count;

    /// <summary>The agent starts, and gives positions from here on.</summary>
    public void Begin(long position) => begins.Add(position);

    /// <summary>The same up to a number of attempts; then one more, which gives positions from here on.</summary>
    public CrashContents After(int attempts, long position)
    {
        var after = new CrashContents();
        after.begins.AddRange(begins.Take(attempts));
        after.Begin(position);
        return after;
    }

    /// <summary>From now on these are what their positions hold.</summary>
    public void Serves(DiskStore store)
    {
        var batch = new StoredBatch();
        store.Peek(store.First, int.MaxValue, batch);
        foreach (var reading in batch.Readings)
        {
            served[reading.Position] = reading;
        }
    }

    /// <summary>What the present attempt writes.</summary>
    public Reading[] Next(long position, int count) =>
        [.. Enumerable.Range(0, count).Select(i => NumberedReadings.Heavy(Number(position + i, begins.Count - 1)))];

    /// <summary>What was committed at a position, as of a number of attempts.</summary>
    public StoredReading Committed(long position, int attempts)
    {
        if (served.TryGetValue(position, out var known))
        {
            return known;
        }

        var attempt = attempts - 1;
        while (begins[attempt] > position)
        {
            attempt--;
        }

        return Stored(position, attempt);
    }

    /// <summary>Whether some attempt wrote this.</summary>
    public bool WasWritten(in StoredReading reading, int attempts)
    {
        var number = (reading.SourceTimestamp - NumberedReadings.Noon).Ticks / TimeSpan.TicksPerMillisecond;
        var attempt = (number - reading.Position) / Apart;
        return attempt >= 0 && attempt < attempts && begins[(int)attempt] <= reading.Position
            && reading == Stored(reading.Position, (int)attempt);
    }

    private static StoredReading Stored(long position, int attempt) =>
        NumberedReadings.HeavyStored(Number(position, attempt)) with { Position = position };

    private static long Number(long position, int attempt) => position + (attempt * Apart);
}
