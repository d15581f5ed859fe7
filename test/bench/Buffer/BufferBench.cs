using System.Globalization;
using Sluice.Agent.Buffering;
using Sluice.Hal;

namespace Sluice.Bench.Buffer;

/// <summary>
/// What a reading costs the flash, beside the least that is possible: the same blocks appended to a plain file with one
/// fdatasync per commit, in the same run. Bytes as the kernel counts them for this process (/proc/self/io, write_bytes:
/// pages sent to the device; a file system's own journal is not in it). Then: open and drain what is stored.
/// </summary>
internal static class BufferBench
{
    private const int Signals = 50;
    private const long SizeBytesMax = 1L << 30;

    public static async Task PrintAsync(string directory, TextWriter output, TimeProvider clock)
    {
        const string head = "readings/commit  plain B/reading  buffer B/reading  ratio  commits/s";
        await output.WriteLineAsync(head).ConfigureAwait(false);
        foreach (var (perCommit, commits) in new[] { (1, 1500), (10, 1500), (100, 1500), (500, 1500), (1000, 1500) })
        {
            var plain = Plain(Path.Combine(directory, "plain"), perCommit, commits);
            var (bytes, seconds) = Store(Path.Combine(directory, "store"), perCommit, commits, clock);
            var readings = (double)perCommit * commits;
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{perCommit,15}  {plain / readings,15:F2}  {bytes / readings,16:F2}  "
                + $"{bytes / (double)plain,5:F2}  {commits / seconds,9:F0}"))
                .ConfigureAwait(false);
        }

        await output.WriteLineAsync(Drain(Path.Combine(directory, "store"), clock)).ConfigureAwait(false);
    }

    private static long Plain(string directory, int perCommit, int commits)
    {
        Clear(directory);
        using var storage = DirectoryStorage.Open(directory);
        using var file = storage.Open("append", create: true);
        var encoder = new BlockEncoder();
        var block = new ByteWriter();
        var offset = 0L;
        var before = WrittenBytes();
        for (var commit = 0; commit < commits; commit++)
        {
            block.Clear();
            var readings = new StoredReading[perCommit];
            for (var i = 0; i < perCommit; i++)
            {
                var number = ((long)commit * perCommit) + i;
                var reading = ReadingAt(number);
                readings[i] = new StoredReading(
                    number + 1, reading.Signal.Name, reading.Value, reading.Quality, reading.SourceTimestamp);
            }

            encoder.Encode(readings, block);
            file.Write(offset, block.Written);
            file.Sync();
            offset += block.Length;
        }

        return WrittenBytes() - before;
    }

    private static (long Bytes, double Seconds) Store(string directory, int perCommit, int commits, TimeProvider clock)
    {
        Clear(directory);
        using var store = Open(directory);
        var readings = new Reading[perCommit];
        var before = WrittenBytes();
        var start = clock.GetTimestamp();
        for (var commit = 0; commit < commits; commit++)
        {
            for (var i = 0; i < perCommit; i++)
            {
                readings[i] = ReadingAt(((long)commit * perCommit) + i);
            }

            store.Append(readings);
            if (store.Commit() is { } fault)
            {
                throw new InvalidOperationException(fault.Sentence);
            }
        }

        return (WrittenBytes() - before, clock.GetElapsedTime(start).TotalSeconds);
    }

    private static string Drain(string directory, TimeProvider clock)
    {
        var start = clock.GetTimestamp();
        using var store = Open(directory);
        var opened = clock.GetElapsedTime(start);
        start = clock.GetTimestamp();
        var batch = new StoredBatch();
        var drained = 0L;
        for (var position = store.First; position < store.Durable; position = batch.Readings[^1].Position + 1)
        {
            batch.Clear();
            store.Peek(position, 500, batch);
            drained += batch.Count;
        }

        var seconds = clock.GetElapsedTime(start).TotalSeconds;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"opened in {opened.TotalMilliseconds:F0} ms, drained {drained} readings at "
            + $"{drained / seconds / 1e6:F2} M/s, "
            + $"RSS {Environment.WorkingSet >> 20} MiB, on disk {store.View.SizeBytes / (double)drained:F2} B/reading");
    }

    private static DiskStore Open(string directory)
    {
        var id = new StoreId(new Guid(1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]));
        var opening = DiskStore.Open(
            directory, new DiskStoreOptions { SizeBytesMax = SizeBytesMax, NewStore = () => id });
        return opening.Store ?? throw new InvalidOperationException(opening.Fault!.Sentence);
    }

    private static readonly Signal[] Known = Enumerable.Range(0, Signals).Select(i => new Signal
    {
        Name = $"hmi1/line/signal{i}", Source = "hmi1", Type = new SignalType(SignalKind.Float64),
    }).ToArray();

    /// <summary>Fifty slow analogue signals with two decimals, one round a second.</summary>
    private static Reading ReadingAt(long number)
    {
        var signal = (int)(number % Signals);
        var value = Math.Round(20 + signal + (5 * Math.Sin(number * 0.0007)), 2);
        var time = new DateTime(2026, 11, 22, 0, 0, 0, DateTimeKind.Utc)
            .AddMilliseconds((number / Signals * 1000) + (signal * 3));
        return new Reading(Known[signal], SignalValue.FromDouble(value), Quality.Good, time);
    }

    private static void Clear(string directory)
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }

        Directory.CreateDirectory(directory);
    }

    private static long WrittenBytes()
    {
        var line = File.ReadLines("/proc/self/io").First(l => l.StartsWith("write_bytes:", StringComparison.Ordinal));
        var number = line.AsSpan("write_bytes:".Length);
        return long.Parse(number, NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
    }
}
