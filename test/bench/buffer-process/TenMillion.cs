using Sluice.Agent.Buffering;
using Sluice.Agent.Buffering.Disk;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Bench.Buffer;
using Sluice.Hal;

namespace Sluice.BufferProcess;

/// <summary>Stores ten million readings, opens the store anew, drains all of them into JSON.</summary>
internal static class TenMillion
{
    private const int Readings = 10_000_000;
    private const int Told = 1_000_000;
    private const double OpenMillisecondsMax = 300;
    private const double DrainPerSecondMin = 1e6;
    private const int PeekReadings = 500;

    /// <summary>Returns readings a second.</summary>
    public static double Run(string directory, Memory memory, TextWriter output, TimeProvider clock)
    {
        Fill(directory, memory, clock);
        var start = clock.GetTimestamp();
        using var store = new SluiceStore(directory, sealsBesides: true);
        var opened = clock.GetElapsedTime(start).TotalMilliseconds;
        memory.Note($"opened", $"{opened:F0} ms");
        var drained = Drain(store.Store, memory, clock);
        memory.Note($"acknowledged", $"{Acknowledge(store, clock):F0} ms");
        var each = store.Store.View.SizeBytes / (double)Readings;
        output.WriteLine();
        output.WriteLine("Ten million readings waiting, in a process that holds the buffer only");
        output.WriteLine(FormattableString.Invariant($"  {each:F2} bytes on the disk a reading"));
        Table.Verdict(output, $"opened in {opened:F0} ms", $"{OpenMillisecondsMax} ms", opened <= OpenMillisecondsMax);
        Table.Verdict(
            output, $"drained {drained / 1e6:F2} million a second", $"{DrainPerSecondMin / 1e6:F0}",
            drained >= DrainPerSecondMin);
        return drained;
    }

    private static void Fill(string directory, Memory memory, TimeProvider clock)
    {
        using var store = new SluiceStore(directory, sealsBesides: true);
        var readings = new Reading[1000];
        var start = clock.GetTimestamp();
        for (var number = 0; number < Readings; number += readings.Length)
        {
            BenchReadings.Fill(readings, number);
            store.Append(readings);
            store.Commit();
            var stored = number + readings.Length;
            if (stored % Told == 0)
            {
                var seconds = clock.GetElapsedTime(start).TotalSeconds;
                memory.Note($"stored {stored / 1e6:F0} M", $"{stored / seconds / 1e6:F2} M/s");
            }
        }
    }

    private static double Drain(DiskStore store, Memory memory, TimeProvider clock)
    {
        using var encoder = new BatchEncoder("press-7");
        var payload = new PayloadBuffer();
        var batch = new StoredBatch();
        var sent = clock.GetUtcNow().UtcDateTime;
        var (drained, bytes, told) = (0L, 0L, 0L);
        var start = clock.GetTimestamp();
        var processor = Environment.CpuUsage.TotalTime;
        for (var position = store.First; position < store.Durable; position = batch.Readings[^1].Position + 1)
        {
            batch.Clear();
            store.Peek(position, PeekReadings, batch);
            for (var done = 0; done < batch.Count;)
            {
                done += encoder.Encode(
                    payload, store.Store, historical: true, sent, batch.Readings, done, PeekReadings, 64 << 10);
                bytes += payload.Length;
            }

            drained += batch.Count;
            if (drained - told >= 2 * Told)
            {
                told = drained;
                memory.Note($"drained {drained / 1e6:F0} M", $"");
            }
        }

        var seconds = clock.GetElapsedTime(start).TotalSeconds;
        processor = Environment.CpuUsage.TotalTime - processor;
        memory.Note($"drained all", $"{bytes / (double)drained:F0} B of JSON each");
        memory.Note($"", $"{drained / processor.TotalSeconds / 1e6:F2} M each second of a processor");
        return drained == Readings
            ? drained / seconds
            : throw new InvalidOperationException($"{drained} readings came back.");
    }

    private static double Acknowledge(SluiceStore store, TimeProvider clock)
    {
        var start = clock.GetTimestamp();
        for (var position = 1L; position < Readings; position += PeekReadings)
        {
            store.Store.Acknowledge(new PositionRange(position, position + PeekReadings - 1));
        }

        store.Commit();
        return clock.GetElapsedTime(start).TotalMilliseconds;
    }
}
