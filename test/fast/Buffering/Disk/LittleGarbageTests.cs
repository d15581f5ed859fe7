using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Buffering.Disk.Segments;
using Sluice.Fast.Buffering.Contract;
using Sluice.Hal;
using Xunit;

namespace Sluice.Fast.Buffering.Disk;

/// <summary>
/// What the buffer leaves to the collector, because that is what makes its process large while an outage is stored and
/// drained at full speed. Counted, not timed.
/// </summary>
public sealed class LittleGarbageTests : IDisposable
{
    private const int PerCommit = 1000;
    private const int Commits = 400;
    private const int WarmCommits = 100;

    private readonly string directory = Directory.CreateTempSubdirectory("sluice-garbage-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void A_commit_makes_a_few_hundred_bytes_of_garbage_whatever_it_stores()
    {
        using var store = Open();
        var readings = new Reading[PerCommit];
        var worst = 0L;
        for (var commit = 0; commit < 40; commit++)
        {
            Fill(readings, commit);
            var before = GC.GetAllocatedBytesForCurrentThread();
            store.Append(readings);
            Assert.Null(store.Commit());
            if (commit >= 10)
            {
                worst = Math.Max(worst, GC.GetAllocatedBytesForCurrentThread() - before);
            }
        }

        Assert.Null(store.SealStep);
        Assert.InRange(worst, 0, 1024);
    }

    [Fact]
    public void Sealing_makes_less_garbage_than_forty_bytes_a_reading()
    {
        using var store = Open();
        var readings = new Reading[PerCommit];
        var (garbage, stored) = (0L, 0);
        for (var commit = 0; commit < Commits; commit++)
        {
            Fill(readings, commit);
            var before = GC.GetAllocatedBytesForCurrentThread();
            store.Append(readings);
            Assert.Null(store.Commit());
            Seal(store);
            if (commit >= WarmCommits)
            {
                garbage += GC.GetAllocatedBytesForCurrentThread() - before;
                stored += PerCommit;
            }
        }

        Assert.True(store.View.SealedReadings > PerCommit * Commits / 2, "Hardly anything was sealed.");
        Assert.InRange((double)garbage / stored, 0, 40);
    }

    [Fact]
    public void Draining_segments_makes_less_garbage_than_twenty_bytes_a_reading()
    {
        using var store = Open();
        var readings = new Reading[PerCommit];
        for (var commit = 0; commit < Commits; commit++)
        {
            Fill(readings, commit);
            store.Append(readings);
            Assert.Null(store.Commit());
            Seal(store);
        }

        var batch = new StoredBatch();
        var (before, counted) = (0L, 0L);
        for (var position = store.First; position < store.Durable; position = batch.Readings[^1].Position + 1)
        {
            // What is made once and used again is there after the first segments.
            if (before == 0 && position > WarmCommits * PerCommit)
            {
                (before, counted) = (GC.GetAllocatedBytesForCurrentThread(), position);
            }

            batch.Clear();
            Assert.Null(store.Peek(position, 500, batch));
        }

        var garbage = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange((double)garbage / (store.Durable - counted), 0, 20);
    }

    private static void Seal(DiskStore store)
    {
        while (store.SealStep is { } step)
        {
            step.Run();
            store.Proceed();
        }
    }

    private static void Fill(Reading[] readings, int commit)
    {
        for (var i = 0; i < readings.Length; i++)
        {
            var number = (commit * readings.Length) + i;
            var value = SignalValue.FromDouble(Math.Round(20 + (5 * Math.Sin(number * 0.0007)), 2));
            readings[i] = new Reading(
                NumberedReadings.SignalAt(number), value, Quality.Good, NumberedReadings.Noon.AddMilliseconds(number));
        }
    }

    private DiskStore Open() => DiskStore.Open(directory, SomeStores.Options()).Store!;
}
