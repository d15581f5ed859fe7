using System.Diagnostics;
using Sluice.Agent.Buffering;
using Sluice.Agent.Publishing;
using Sluice.Agent.Publishing.Encoding;
using Sluice.Hal;

namespace Sluice.Bench.Buffer;

/// <summary>
/// Ten million readings waiting: open, and drain through decoding and the contract's JSON, without a network. In a
/// program of its own that does nothing else and is compiled as the agent is, so that its memory is the buffer's.
/// </summary>
internal static class TenMillion
{
    private const string Told = "drained=";
    private const int SqliteReadings = 1_000_000;
    private const int PeekReadings = 500;

    public static void Print(string directory, string process, TextWriter output, TimeProvider clock)
    {
        var start = new ProcessStartInfo(Path.GetFullPath(process), [Kernel.Empty(directory, "store")])
        {
            RedirectStandardOutput = true,
        };
        using var child = Process.Start(start)!;
        var drained = 0.0;
        while (child.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith(Told, StringComparison.Ordinal))
            {
                drained = double.Parse(line[Told.Length..], System.Globalization.CultureInfo.InvariantCulture);
                continue;
            }

            output.WriteLine(line);
        }

        child.WaitForExit();
        if (child.ExitCode != 0)
        {
            throw new InvalidOperationException($"{process} ended with {child.ExitCode}.");
        }

        var sqlite = DrainSqlite(Kernel.Empty(directory, "sqlite"), clock);
        output.WriteLine(
            FormattableString.Invariant(
                $"  SQLite, rows of {SqliteReadings / 1e6:F0} million into the same JSON: {sqlite / 1e6:F2} M/s; ")
            + FormattableString.Invariant($"the buffer drains {drained / sqlite:F1} times as fast"));
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
