using System.Diagnostics;
using Sluice.Agent.Buffering;
using Sluice.Agent.Publishing;
using Sluice.Hal;

namespace Sluice.Bench.Buffer;

/// <summary>
/// Ten million readings waiting: open, and drain through decoding and the contract's JSON, without a network. In a
/// process of its own that does nothing else, so that its memory is the buffer's.
/// </summary>
internal static class TenMillion
{
    public const string Verb = "buffer-ten-million";

    private const int Readings = 10_000_000;
    private const int SqliteReadings = 1_000_000;
    private const double OpenMillisecondsMax = 300;
    private const double DrainPerSecondMin = 1e6;
    private const double ResidentMebibytesMax = 40;
    private const int PeekReadings = 500;

    public static void Print(string directory, TextWriter output, TimeProvider clock)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Verb, Kernel.Empty(directory, "store")])
        {
            RedirectStandardOutput = true,
        };

        // As on a gateway: the collector's first generation is as large as a small processor's cache, not a server's.
        start.Environment["DOTNET_GCgen0size"] = "400000";
        start.Environment["DOTNET_TieredPGO"] = "0";
        using var child = Process.Start(start)!;
        var drained = 0.0;
        while (child.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith("drained=", StringComparison.Ordinal))
            {
                drained = double.Parse(line["drained=".Length..], System.Globalization.CultureInfo.InvariantCulture);
                continue;
            }

            output.WriteLine(line);
        }

        child.WaitForExit();
        var sqlite = DrainSqlite(Kernel.Empty(directory, "sqlite"), clock);
        output.WriteLine(
            FormattableString.Invariant(
                $"  SQLite, rows of {SqliteReadings / 1e6:F0} million into the same JSON: {sqlite / 1e6:F2} M/s; ")
            + FormattableString.Invariant($"the buffer drains {drained / sqlite:F1} times as fast"));
    }

    /// <summary>What the process of its own does.</summary>
    public static void Run(string directory, TextWriter output, TimeProvider clock)
    {
        var resident = new Table(output, "Ten million readings waiting, in a process of its own", "stage", "", "RSS");
        resident.Row($"started", $"", $"{Kernel.ResidentMebibytes():F1} MiB");
        Fill(directory, resident);
        var start = clock.GetTimestamp();
        using var store = new SluiceStore(directory, sealsBesides: true);
        var opened = clock.GetElapsedTime(start).TotalMilliseconds;
        resident.Row($"opened", $"{opened:F0} ms", $"{Kernel.ResidentMebibytes():F1} MiB");
        var drained = Drain(store.Store, resident, clock);
        resident.Row($"acknowledged", $"{Acknowledge(store, clock):F0} ms", $"{Kernel.ResidentMebibytes():F1} MiB");
        resident.Print();
        var peak = Kernel.PeakMebibytes();
        var megabytes = store.Store.View.SizeBytes / (double)Readings;
        output.WriteLine(FormattableString.Invariant($"  {megabytes:F2} bytes on the disk a reading"));
        Table.Verdict(output, $"opened in {opened:F0} ms", $"{OpenMillisecondsMax} ms", opened <= OpenMillisecondsMax);
        Table.Verdict(
            output, $"drained {drained / 1e6:F2} million a second", $"{DrainPerSecondMin / 1e6:F0}",
            drained >= DrainPerSecondMin);
        Table.Verdict(
            output, $"at most {peak:F1} MiB of memory at any time", $"{ResidentMebibytesMax} MiB",
            peak <= ResidentMebibytesMax);
        output.WriteLine(FormattableString.Invariant($"drained={drained}"));
    }

    private static void Fill(string directory, Table resident)
    {
        using var store = new SluiceStore(directory, sealsBesides: true);
        var readings = new Reading[1000];
        for (var number = 0; number < Readings; number += readings.Length)
        {
            BenchReadings.Fill(readings, number);
            store.Append(readings);
            store.Commit();
            if ((number + readings.Length) % (Readings / 4) == 0)
            {
                resident.Row(
                    $"stored", $"{(number + readings.Length) / 1e6:F1} M", $"{Kernel.ResidentMebibytes():F1} MiB");
            }
        }
    }

    private static double Drain(DiskStore store, Table resident, TimeProvider clock)
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
            if (drained - told >= Readings / 4)
            {
                told = drained;
                resident.Row($"drained", $"{drained / 1e6:F1} M", $"{Kernel.ResidentMebibytes():F1} MiB");
            }
        }

        var seconds = clock.GetElapsedTime(start).TotalSeconds;
        processor = Environment.CpuUsage.TotalTime - processor;
        resident.Row(
            $"drained all", $"{bytes / (double)drained:F0} B of JSON each", $"{Kernel.ResidentMebibytes():F1} MiB");
        resident.Row($"", $"{drained / processor.TotalSeconds / 1e6:F2} M each second of a processor", $"");
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

    private static double DrainSqlite(string directory, TimeProvider clock)
    {
        using var store = new SqliteStore(directory);
        var readings = new Reading[1000];
        for (var number = 0; number < SqliteReadings; number += readings.Length)
        {
            BenchReadings.Fill(readings, number);
            store.Append(readings);
            if (number % 50_000 == 0)
            {
                store.Commit();
            }
        }

        store.Commit();
        using var encoder = new BatchEncoder("press-7");
        var payload = new PayloadBuffer();
        var batch = new List<StoredReading>(PeekReadings);
        var sent = clock.GetUtcNow().UtcDateTime;
        var start = clock.GetTimestamp();
        using var query = store.Connection.CreateCommand();
        query.CommandText = "SELECT position, signal, time, value FROM readings ORDER BY position";
        using var rows = query.ExecuteReader();
        while (rows.Read())
        {
            batch.Add(new StoredReading(
                rows.GetInt64(0), rows.GetString(1), SignalValue.FromDouble(rows.GetDouble(3)), Quality.Good,
                new DateTime(rows.GetInt64(2) * TimeSpan.TicksPerMillisecond, DateTimeKind.Utc)));
            if (batch.Count == PeekReadings)
            {
                encoder.Encode(payload, default, historical: true, sent, batch, 0, PeekReadings, 64 << 10);
                batch.Clear();
            }
        }

        return SqliteReadings / clock.GetElapsedTime(start).TotalSeconds;
    }
}
